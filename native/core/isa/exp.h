// exp.h: the exponential function on a vector.
#pragma once

#include "isa/vec.h"

namespace rownet {
namespace {

// exp(x) for x <= 0, by exp(n ln 2 + r) = 2^n * exp(r), |r| <= ln(2) / 2, and a Taylor polynomial
// of degree 7 (relative error below 1e-7). Below -87 the result is that of -87: nothing beside 1.
inline Vec exp_nonpositive(Vec x) {
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
  p = fma(p, r, broadcast(1.0f));
  p = fma(p, r, broadcast(1.0f));
  return scale_pow2(p, n);
}

}  // namespace
}  // namespace rownet
