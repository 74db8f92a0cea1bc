// sigmoid.h: y = 1 / (1 + exp(-x)); its gradient is y (1 - y).
#pragma once

#include "isa/exp.h"
#include "isa/vec.h"

namespace rownet {
namespace {

struct Sigmoid {
  static constexpr const char* kName = "sigmoid";
  static constexpr bool kMonotonic = true, kFromOutput = true, kInRegisters = false;
  // exp of what is not above 0 cannot overflow: 1 / (1 + e) for x >= 0, else e / (1 + e).
  static Vec forward(Vec x) {
    const Vec one = broadcast(1.0f), negative = sub(zero(), x);
    const Mask below = exceeds(zero(), x);
    const Vec e = exp_nonpositive(blend(below, x, negative));
    return div(blend(below, e, one), add(one, e));
  }
  static Vec backward(Vec dy, Vec, Vec y) { return mul(dy, mul(y, sub(broadcast(1.0f), y))); }
};

}  // namespace
}  // namespace rownet
