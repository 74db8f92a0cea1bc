// tanh.h: y = tanh(x); its gradient is 1 - y^2.
#pragma once

#include "isa/exp.h"
#include "isa/vec.h"

namespace rownet {
namespace {

struct Tanh {
  static constexpr const char* kName = "tanh";
  static constexpr bool kMonotonic = true, kFromOutput = true, kInRegisters = false;
  // By e = exp(-2|x|) - 1, which keeps its digits near 0: tanh(-|x|) = e / (2 + e).
  static Vec forward(Vec x) {
    const Mask below = exceeds(zero(), x);
    const Vec negative = blend(below, x, sub(zero(), x));
    const Vec e = expm1_nonpositive(add(negative, negative));
    const Vec y = div(e, add(broadcast(2.0f), e));
    return blend(below, y, sub(zero(), y));
  }
  static Vec backward(Vec dy, Vec, Vec y) {
    const Vec one = broadcast(1.0f);
    return mul(dy, mul(sub(one, y), add(one, y)));
  }
};

}  // namespace
}  // namespace rownet
