// adam.h: steps of about the learning rate each, whatever the scale of the gradients.
#pragma once

#include "isa/vec.h"
#include "updates/update_rule.h"

namespace rownet {
namespace {

constexpr const char* kAdamSlots[] = {"firstMoment", "secondMoment", nullptr};
// The corrections are 1 / (1 - beta^t) of the t-th step.
constexpr const char* kAdamNumbers[] = {"lr",          "beta1",       "beta2", "eps",
                                        "correction1", "correction2", nullptr};

// g = grad_scale * grad + weight_decay * param
// m = beta1 * m + (1 - beta1) * g;  v = beta2 * v + (1 - beta2) * g^2
// param -= lr * (m * correction1) / (sqrt(v * correction2) + eps)
// Source: Kingma and Ba, Adam: a method for stochastic optimization (2015).
// Decoupled, the weight decay is no part of g: the parameter is first multiplied by
// 1 - lr * weight_decay (adamw.h).
template <bool kDecoupled>
void adam_apply(int64_t n, const UpdateStep& step, const float* grad, float* const* state,
                float* param) {
  const float beta1 = step.numbers[1], beta2 = step.numbers[2];
  const Vec lr = broadcast(-step.numbers[0]), eps = broadcast(step.numbers[3]);
  const Vec keep1 = broadcast(beta1), keep2 = broadcast(beta2);
  const Vec add1 = broadcast(1.0f - beta1), add2 = broadcast(1.0f - beta2);
  const Vec correction1 = broadcast(step.numbers[4]), correction2 = broadcast(step.numbers[5]);
  const Vec grad_scale = broadcast(step.grad_scale);
  const Vec decay =
      broadcast(kDecoupled ? -step.numbers[0] * step.weight_decay : step.weight_decay);
  for (int64_t i = 0; i < n; i += kWidth) {
    const int64_t lanes = n - i < kWidth ? n - i : kWidth;
    Vec p = load_n(param + i, lanes);
    Vec g = mul(grad_scale, load_n(grad + i, lanes));
    if (kDecoupled) {
      p = fma(decay, p, p);
    } else {
      g = fma(decay, p, g);
    }
    const Vec m = fma(keep1, load_n(state[0] + i, lanes), mul(add1, g));
    const Vec v = fma(keep2, load_n(state[1] + i, lanes), mul(add2, mul(g, g)));
    store_n(state[0] + i, lanes, m);
    store_n(state[1] + i, lanes, v);
    const Vec move = div(mul(m, correction1), add(sqrt(mul(v, correction2)), eps));
    store_n(param + i, lanes, fma(lr, move, p));
  }
}

constexpr UpdateRule kAdam = {"adam", kAdamSlots, kAdamNumbers, 2, adam_apply<false>};

}  // namespace
}  // namespace rownet
