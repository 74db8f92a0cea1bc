// reference/training.h: the loss and the updates in double, from their definitions. The oracle of
// rows/softmax_cross_entropy.h and of updates/.
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

struct AdamStep {
  double lr;
  double beta1;
  double beta2;
  double eps;
  double weight_decay;
  double grad_scale;
};

// The t-th step from 1 on: g as above; first = beta1 * first + (1 - beta1) * g, second = beta2 *
// second + (1 - beta2) * g^2; param -= lr * m / (sqrt(v) + eps), where m = first / (1 - beta1^t) and
// v = second / (1 - beta2^t).
void adam_update(int64_t n, const AdamStep& step, int64_t t, const double* grad, double* first,
                 double* second, double* param);

// The same without weight decay in g: the parameter is first multiplied by 1 - lr * weight_decay.
void adamw_update(int64_t n, const AdamStep& step, int64_t t, const double* grad, double* first,
                  double* second, double* param);

struct RmspropStep {
  double lr;
  double alpha;
  double eps;
  double momentum;
  double weight_decay;
  double grad_scale;
};

// g as above; square = alpha * square + (1 - alpha) * g^2. With mean (not nullptr): mean = alpha *
// mean + (1 - alpha) * g, and square - mean^2 in place of square: u = g / (sqrt(square) + eps). With
// velocity: velocity = momentum * velocity + u; param -= lr * velocity. Without: param -= lr * u.
void rmsprop_update(int64_t n, const RmspropStep& step, const double* grad, double* square,
                    double* mean, double* velocity, double* param);

}  // namespace rownet::reference
