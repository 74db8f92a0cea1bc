// exp.h: the exponential function on a vector, and less 1.
#pragma once

#include "isa/vec.h"

namespace rownet {
namespace {

// x = n ln 2 + r with |r| <= ln(2) / 2, and (exp(r) - 1) / r by a Taylor polynomial of degree 6.
struct ExpParts {
  Vec n, r, quotient;
};

// x <= 0; below -87 the parts are those of -87.
inline ExpParts exp_parts(Vec x) {
  x = vmax(broadcast(-87.0f), x);
  const Vec n = round_even(mul(x, broadcast(1.44269504088896341f)));
  // ln 2 in two parts, the first exact in few bits, so that r keeps its digits.
  Vec r = fma(n, broadcast(-0.693359375f), x);
  r = fma(n, broadcast(2.12194440e-4f), r);
  Vec p = broadcast(1.0f / 5040.0f);
  p = fma(p, r, broadcast(1.0f / 720.0f));
  p = fma(p, r, broadcast(1.0f / 120.0f));
  p = fma(p, r, broadcast(1.0f / 24.0f));
  p = fma(p, r, broadcast(1.0f / 6.0f));
  p = fma(p, r, broadcast(0.5f));
  return {n, r, fma(p, r, broadcast(1.0f))};
}

// exp(x) = 2^n * exp(r) for x <= 0 (relative error below 1e-7). Below -87 the result is that of -87:
// nothing beside 1.
inline Vec exp_nonpositive(Vec x) {
  const ExpParts e = exp_parts(x);
  return scale_pow2(fma(e.quotient, e.r, broadcast(1.0f)), e.n);
}

// exp(x) - 1 for x <= 0, with a small relative error near 0 too: the terms of
// 2^n * (exp(r) - 1) + (2^n - 1) do not cancel there, since n is 0.
inline Vec expm1_nonpositive(Vec x) {
  const ExpParts e = exp_parts(x);
  const Vec power = scale_pow2(broadcast(1.0f), e.n);
  return fma(power, mul(e.quotient, e.r), sub(power, broadcast(1.0f)));
}

}  // namespace
}  // namespace rownet
