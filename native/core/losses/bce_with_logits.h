// bce_with_logits.h: the binary cross entropy of each score x and its value t, as if x were the logit
// of an answer of its own: max(x, 0) - x * t + log1p(exp(-|x|)), summed. exp cannot overflow so,
// whatever the score. The gradient is sigmoid(x) - t. NaN gives NaN.
#pragma once

#include <math.h>

#include "isa/vec.h"
#include "losses/loss.h"

namespace rownet {
namespace {

LossSum bce_with_logits_block(int64_t outputs, int64_t count, const float* scores,
                              const LossTargets& targets, float grad_scale, float* dscores,
                              int32_t* predictions) {
  LossSum total{0.0, 0};
  for (int64_t lane = 0; lane < count; ++lane) {
    const float* values = targets.values + static_cast<int64_t>(targets.indices[lane]) * outputs;
    int64_t best = 0;
    bool agrees = true;
    for (int64_t j = 0; j < outputs; ++j) {
      const float score = scores[j * kWidth + lane];
      const double x = static_cast<double>(score), t = static_cast<double>(values[j]);
      const double e = ::exp(-::fabs(x));
      total.loss += (x > 0.0 ? x : 0.0) - x * t + ::log1p(e);
      if (score > scores[best * kWidth + lane]) best = j;
      agrees = agrees && (x > 0.0) == (t > 0.5);
      if (dscores == nullptr) continue;
      const double probability = (x > 0.0 ? 1.0 : e) / (1.0 + e);
      dscores[j * kWidth + lane] =
          static_cast<float>(static_cast<double>(grad_scale) * (probability - t));
    }
    total.correct +=
        targets.labels == nullptr ? agrees : best == targets.labels[targets.indices[lane]];
    if (predictions != nullptr) predictions[lane] = static_cast<int32_t>(best);
  }
  if (dscores == nullptr) return total;
  for (int64_t j = 0; j < outputs; ++j) {
    for (int64_t lane = count; lane < kWidth; ++lane) dscores[j * kWidth + lane] = 0.0f;
  }
  return total;
}

constexpr Loss bce_with_logits_loss = {"bceWithLogits", false, bce_with_logits_block};

}  // namespace
}  // namespace rownet
