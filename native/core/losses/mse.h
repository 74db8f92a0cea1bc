// mse.h: the squared error of each score, (score - value)^2, summed. Of values none is right
// or wrong: only labels beside them count.
#pragma once

#include "isa/vec.h"
#include "losses/loss.h"

namespace rownet {
namespace {

LossSum mse_block(int64_t outputs, int64_t count, const float* scores, const LossTargets& targets,
                  float grad_scale, float* dscores, int32_t* predictions) {
  LossSum total{0.0, 0};
  for (int64_t lane = 0; lane < count; ++lane) {
    const float* values = targets.values + static_cast<int64_t>(targets.indices[lane]) * outputs;
    double sum = 0.0;
    int64_t best = 0;
    for (int64_t j = 0; j < outputs; ++j) {
      const float score = scores[j * kWidth + lane], error = score - values[j];
      sum += static_cast<double>(error) * static_cast<double>(error);
      if (score > scores[best * kWidth + lane]) best = j;
      if (dscores != nullptr) dscores[j * kWidth + lane] = 2.0f * grad_scale * error;
    }
    total.loss += sum;
    total.correct += targets.labels != nullptr && best == targets.labels[targets.indices[lane]];
    if (predictions != nullptr) predictions[lane] = static_cast<int32_t>(best);
  }
  if (dscores == nullptr) return total;
  for (int64_t j = 0; j < outputs; ++j) {
    for (int64_t lane = count; lane < kWidth; ++lane) dscores[j * kWidth + lane] = 0.0f;
  }
  return total;
}

constexpr Loss mse_loss = {"mse", false, mse_block};

}  // namespace
}  // namespace rownet
