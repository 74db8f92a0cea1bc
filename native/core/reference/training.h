// reference/training.h: the loss and the update in double, from their definitions. The oracle of
// rows/softmax_cross_entropy.h and of sgd_update.
#pragma once

#include <cstdint>

namespace rownet::reference {

struct LossSum {
  double loss;
  int64_t correct;
};

// loss = sum over rows of log(sum_j exp(z_j)) - z_label; correct counts the rows whose label's
// logit is greater than those before it and not less than those behind it. dlogits = grad_scale *
// (softmax - onehot).
LossSum softmax_cross_entropy(int64_t n, int64_t classes, const double* logits,
                              const int32_t* labels, double grad_scale, double* dlogits);

struct SgdStep {
  double lr;
  double momentum;
  bool nesterov;
  double weight_decay;
  double grad_scale;
};

// g = grad_scale * grad + weight_decay * param. Without velocity (nullptr): param -= lr * g. With:
// velocity = momentum * velocity + g, param -= lr * (nesterov ? g + momentum * velocity :
// velocity).
void sgd_update(int64_t n, const SgdStep& step, const double* grad, double* velocity,
                double* param);

}  // namespace rownet::reference
