// batch_loss.h: the losses of lanes by their definitions, in double.
#pragma once

#include <cmath>
#include <cstddef>
#include <cstdint>
#include <string>

namespace rownet::test {

// With the share of the target that all labels have alike.
struct Criterion {
  const char* name;
  float smoothing;
};

constexpr Criterion kCrossEntropy{"crossEntropy", 0.0f}, kSquaredError{"mse", 0.0f};

// Of one image: its scores, and the values or the label that they are compared with.
inline double loss_of(const Criterion& criterion, int32_t outputs, const double* scores,
                      const float* values, int32_t label) {
  const std::string loss = criterion.name;
  double total = 0.0;
  if (loss == "crossEntropy") {
    double sum = 0.0;
    for (int32_t j = 0; j < outputs; ++j) sum += std::exp(scores[j]);
    const double smoothing = static_cast<double>(criterion.smoothing);
    for (int32_t j = 0; j < outputs; ++j) {
      const double target = (j == label ? 1.0 - smoothing : 0.0) + smoothing / outputs;
      total -= target * std::log(std::exp(scores[j]) / sum);
    }
    return total;
  }
  for (int32_t j = 0; j < outputs; ++j) {
    const double value = static_cast<double>(values[j]), x = scores[j];
    total += loss == "mse"
                 ? std::pow(x - value, 2)
                 : value * std::log1p(std::exp(-x)) + (1.0 - value) * std::log1p(std::exp(x));
  }
  return total;
}

}  // namespace rownet::test
