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

}  // namespace rownet::reference
