// softmax_cross_entropy.h: the loss of a classifier, and its gradient.
#pragma once

#include <cstdint>

#include "losses/loss.h"

namespace rownet {

// For each of n rows of logits[n, classes]: loss = log(sum_j exp(z_j)) - z_label, computed on z -
// max(z), so that exp cannot overflow whatever the logits; a row counts as correct when its first
// maximum is the label's. dlogits[n, classes], unless nullptr, = grad_scale * (softmax(z) -
// onehot(label)). Labels lie in [0, classes). A row with NaN gives NaN.
LossSum softmax_cross_entropy(int64_t n, int64_t classes, const float* logits,
                              const int32_t* labels, float grad_scale, float* dlogits);

}  // namespace rownet
