// sgd.h: gradient descent, with momentum where there are velocities.
#pragma once

#include "isa/vec.h"
#include "updates/update_rule.h"

namespace rownet {
namespace {

constexpr const char* kSgdSlots[] = {"velocity", nullptr};
constexpr const char* kSgdNumbers[] = {"lr", "momentum", "nesterov", nullptr};

// g = grad_scale * grad + weight_decay * param
// velocity = momentum * velocity + g;  param -= lr * (nesterov ? g + momentum * velocity : velocity)
// Source: Sutskever et al., On the importance of initialization and momentum (2013), in the form
// where the learning rate stands outside the velocity, so that a schedule does not rescale the past.
void sgd_apply(int64_t n, const UpdateStep& step, const float* grad, float* const* state,
               float* param) {
  const Vec lr = broadcast(-step.numbers[0]), momentum = broadcast(step.numbers[1]);
  const Vec decay = broadcast(step.weight_decay), grad_scale = broadcast(step.grad_scale);
  const bool nesterov = step.numbers[2] != 0.0f;
  float* const velocity = state[0];
  for (int64_t i = 0; i < n; i += kWidth) {
    const int64_t lanes = n - i < kWidth ? n - i : kWidth;
    const Vec p = load_n(param + i, lanes);
    Vec move = fma(decay, p, mul(grad_scale, load_n(grad + i, lanes)));
    if (velocity != nullptr) {
      const Vec v = fma(momentum, load_n(velocity + i, lanes), move);
      store_n(velocity + i, lanes, v);
      move = nesterov ? fma(momentum, v, move) : v;
    }
    store_n(param + i, lanes, fma(lr, move, p));
  }
}

constexpr UpdateRule kSgd = {"sgd", kSgdSlots, kSgdNumbers, 0, sgd_apply};

}  // namespace
}  // namespace rownet
