// cross_entropy.h: the loss of a classifier in the lanes layout: log(sum exp(z)) - z[label], and its
// gradient, softmax(z) - onehot(label). rows/softmax_cross_entropy.cpp has it row by row.
//
// With label smoothing s the target is (1 - s) * onehot(label) + s / classes, as PyTorch's.
//
// Computed on z - max(z), so that exp cannot overflow whatever the scores. NaN gives NaN.
#pragma once

#include <math.h>

#include "isa/exp.h"
#include "isa/vec.h"
#include "losses/loss.h"

namespace rownet {
namespace {

LossSum cross_entropy_block(int64_t classes, int64_t count, const float* scores,
                            const LossTargets& targets, float grad_scale, float* dscores,
                            int32_t* predictions) {
  Vec max = load(scores);
  for (int64_t j = 1; j < classes; ++j) {
    const Vec z = load(scores + j * kWidth);
    max = blend(exceeds(z, max), z, max);
  }
  Vec total = zero();
  for (int64_t j = 0; j < classes; ++j) {
    const Vec e = exp_nonpositive(sub(load(scores + j * kWidth), max));
    total = add(total, e);
    if (dscores != nullptr) store(dscores + j * kWidth, e);
  }
  alignas(64) float maxima[kWidth], sums[kWidth];
  store(maxima, max);
  store(sums, total);
  const float smoothing = targets.label_smoothing, own = 1.0f - smoothing;
  LossSum result{0.0, 0};
  for (int64_t lane = 0; lane < count; ++lane) {
    const int64_t label = targets.labels[targets.indices[lane]];
    const float below = scores[label * kWidth + lane] - maxima[lane];
    double target = static_cast<double>(below);
    if (smoothing > 0.0f) {
      double all = 0.0;
      for (int64_t j = 0; j < classes; ++j)
        all += static_cast<double>(scores[j * kWidth + lane] - maxima[lane]);
      target = static_cast<double>(own) * target +
               static_cast<double>(smoothing) * (all / static_cast<double>(classes));
    }
    result.loss += ::log(static_cast<double>(sums[lane])) - target;
    int64_t best = 0;
    for (int64_t j = 1; j < classes; ++j) {
      if (scores[j * kWidth + lane] > scores[best * kWidth + lane]) best = j;
    }
    result.correct += best == label;
    if (predictions != nullptr) predictions[lane] = static_cast<int32_t>(best);
  }
  if (dscores == nullptr) return result;
  alignas(64) float scales[kWidth];
  for (int lane = 0; lane < kWidth; ++lane)
    scales[lane] = lane < count ? grad_scale / sums[lane] : 0.0f;
  const Vec scale_lanes = load(scales);
  for (int64_t j = 0; j < classes; ++j) {
    store(dscores + j * kWidth, mul(load(dscores + j * kWidth), scale_lanes));
  }
  for (int64_t lane = 0; lane < count; ++lane) {
    dscores[targets.labels[targets.indices[lane]] * kWidth + lane] -= grad_scale * own;
  }
  if (smoothing > 0.0f) {
    const float share = grad_scale * smoothing / static_cast<float>(classes);
    for (int64_t j = 0; j < classes; ++j) {
      for (int64_t lane = 0; lane < count; ++lane) dscores[j * kWidth + lane] -= share;
    }
  }
  return result;
}

constexpr Loss cross_entropy_loss = {"crossEntropy", true, cross_entropy_block};

}  // namespace
}  // namespace rownet
