// rmsprop.h: gradients divided by the root of their mean square.
#pragma once

#include "isa/vec.h"
#include "updates/update_rule.h"

namespace rownet {
namespace {

constexpr const char* kRmspropSlots[] = {"squareAverage", "gradientAverage", "velocity", nullptr};
constexpr const char* kRmspropNumbers[] = {"lr", "alpha", "eps", "momentum", nullptr};

// g = grad_scale * grad + weight_decay * param
// square = alpha * square + (1 - alpha) * g^2
// with gradient averages: mean = alpha * mean + (1 - alpha) * g, and square - mean^2 is what is
// divided by in place of square
// move = g / (sqrt(square) + eps);  with velocities: velocity = momentum * velocity + move
// param -= lr * (velocity, or move)
// Source: Tieleman and Hinton, Lecture 6.5 of Neural networks for machine learning (2012); centered as
// in Graves, Generating sequences with recurrent neural networks (2013); the order as in PyTorch.
void rmsprop_apply(int64_t n, const UpdateStep& step, const float* grad, float* const* state,
                   float* param) {
  const Vec lr = broadcast(-step.numbers[0]), eps = broadcast(step.numbers[2]);
  const Vec keep = broadcast(step.numbers[1]), join = broadcast(1.0f - step.numbers[1]);
  const Vec momentum = broadcast(step.numbers[3]);
  const Vec decay = broadcast(step.weight_decay), grad_scale = broadcast(step.grad_scale);
  float *const squares = state[0], *const means = state[1], *const velocity = state[2];
  for (int64_t i = 0; i < n; i += kWidth) {
    const int64_t lanes = n - i < kWidth ? n - i : kWidth;
    const Vec p = load_n(param + i, lanes);
    const Vec g = fma(decay, p, mul(grad_scale, load_n(grad + i, lanes)));
    Vec square = fma(keep, load_n(squares + i, lanes), mul(join, mul(g, g)));
    store_n(squares + i, lanes, square);
    if (means != nullptr) {
      const Vec mean = fma(keep, load_n(means + i, lanes), mul(join, g));
      store_n(means + i, lanes, mean);
      // Rounded, the difference of two equal numbers may be below 0, which has no root. NaN stays.
      const Vec spread = sub(square, mul(mean, mean));
      square = blend(exceeds(zero(), spread), zero(), spread);
    }
    Vec move = div(g, add(sqrt(square), eps));
    if (velocity != nullptr) {
      move = fma(momentum, load_n(velocity + i, lanes), move);
      store_n(velocity + i, lanes, move);
    }
    store_n(param + i, lanes, fma(lr, move, p));
  }
}

constexpr UpdateRule kRmsprop = {"rmsprop", kRmspropSlots, kRmspropNumbers, 1, rmsprop_apply};

}  // namespace
}  // namespace rownet
