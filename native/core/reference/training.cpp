#include "reference/training.h"

#include <algorithm>
#include <cmath>

namespace rownet::reference {

LossSum softmax_cross_entropy(int64_t n, int64_t classes, const double* logits,
                              const int32_t* labels, double grad_scale, double* dlogits) {
  LossSum total{0.0, 0};
  for (int64_t i = 0; i < n; ++i) {
    const double* z = logits + i * classes;
    const int64_t label = labels[i];
    bool correct = true;
    double top = z[0];
    for (int64_t j = 0; j < classes; ++j) {
      top = std::max(top, z[j]);
      if (j < label ? z[j] >= z[label] : z[j] > z[label]) correct = false;
    }
    double sum = 0.0;
    for (int64_t j = 0; j < classes; ++j) sum += std::exp(z[j] - top);
    total.loss += top + std::log(sum) - z[label];
    if (correct) ++total.correct;
    for (int64_t j = 0; j < classes; ++j) {
      const double probability = std::exp(z[j] - top) / sum;
      dlogits[i * classes + j] = grad_scale * (j == label ? probability - 1.0 : probability);
    }
  }
  return total;
}

void sgd_update(int64_t n, const SgdStep& step, const double* grad, double* velocity,
                double* param) {
  for (int64_t i = 0; i < n; ++i) {
    const double g = step.grad_scale * grad[i] + step.weight_decay * param[i];
    double move = g;
    if (velocity != nullptr) {
      velocity[i] = step.momentum * velocity[i] + g;
      move = step.nesterov ? g + step.momentum * velocity[i] : velocity[i];
    }
    param[i] -= step.lr * move;
  }
}

void adam_update(int64_t n, const AdamStep& step, int64_t t, const double* grad, double* first,
                 double* second, double* param) {
  for (int64_t i = 0; i < n; ++i) {
    const double g = step.grad_scale * grad[i] + step.weight_decay * param[i];
    first[i] = step.beta1 * first[i] + (1.0 - step.beta1) * g;
    second[i] = step.beta2 * second[i] + (1.0 - step.beta2) * g * g;
    const double m = first[i] / (1.0 - std::pow(step.beta1, t));
    const double v = second[i] / (1.0 - std::pow(step.beta2, t));
    param[i] -= step.lr * m / (std::sqrt(v) + step.eps);
  }
}

void adamw_update(int64_t n, const AdamStep& step, int64_t t, const double* grad, double* first,
                  double* second, double* param) {
  AdamStep plain = step;
  plain.weight_decay = 0.0;
  for (int64_t i = 0; i < n; ++i) param[i] *= 1.0 - step.lr * step.weight_decay;
  adam_update(n, plain, t, grad, first, second, param);
}

void rmsprop_update(int64_t n, const RmspropStep& step, const double* grad, double* square,
                    double* mean, double* velocity, double* param) {
  for (int64_t i = 0; i < n; ++i) {
    const double g = step.grad_scale * grad[i] + step.weight_decay * param[i];
    square[i] = step.alpha * square[i] + (1.0 - step.alpha) * g * g;
    double spread = square[i];
    if (mean != nullptr) {
      mean[i] = step.alpha * mean[i] + (1.0 - step.alpha) * g;
      spread -= mean[i] * mean[i];
    }
    double move = g / (std::sqrt(spread) + step.eps);
    if (velocity != nullptr) move = velocity[i] = step.momentum * velocity[i] + move;
    param[i] -= step.lr * move;
  }
}

}  // namespace rownet::reference
