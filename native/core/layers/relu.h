// relu.h: y = max(x, 0); its gradient passes where y > 0. NaN stays NaN.
#pragma once

#include "isa/vec.h"

namespace rownet {
namespace {

struct Relu {
  static constexpr const char* kName = "relu";
  static constexpr bool kMonotonic = true, kFromOutput = true, kInRegisters = true;
  // vmax returns its second operand where the two do not compare.
  static Vec forward(Vec x) { return vmax(zero(), x); }
  static Vec backward(Vec dy, Vec, Vec y) { return keep_if_positive(dy, y); }
};

}  // namespace
}  // namespace rownet
