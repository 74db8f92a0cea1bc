// leaky_relu.h: y = x where x is above 0, else negativeSlope * x; the gradient passes or is multiplied likewise.
// Source: Maas et al., Rectifier Nonlinearities Improve Neural Network Acoustic Models (2013).
#pragma once

#include "isa/vec.h"

namespace rownet {
namespace {

struct LeakyRelu {
  static constexpr const char* kName = "leakyRelu";
  static constexpr const char* kNumber = "negativeSlope";
  static constexpr bool kMonotonic = true, kFromOutput = true, kInRegisters = false;
  float slope;

  Vec forward(Vec x) const { return blend(is_positive(x), x, mul(broadcast(slope), x)); }
  // y has the sign of x, unless the slope is below 0.
  Vec backward(Vec dy, Vec x, Vec y) const {
    return blend(is_positive(slope < 0.0f ? x : y), dy, mul(broadcast(slope), dy));
  }

 private:
  // NaN is not: vmax returns its second operand where the two do not compare.
  static Mask is_positive(Vec v) { return exceeds(vmax(v, zero()), zero()); }
};

}  // namespace
}  // namespace rownet
