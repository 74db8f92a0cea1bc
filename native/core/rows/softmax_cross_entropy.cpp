// 1,280 numbers a step in LeNet-5: plain loops in double cost nothing that can be measured.
#include "rows/softmax_cross_entropy.h"

#include <cmath>

#include "operations.h"

namespace rownet {

namespace {

int64_t first_maximum(int64_t classes, const float* z) {
  int64_t at = 0;
  for (int64_t j = 1; j < classes; ++j) {
    if (z[j] > z[at]) at = j;
  }
  return at;
}

}  // namespace

LossSum softmax_cross_entropy(int64_t n, int64_t classes, const float* logits,
                              const int32_t* labels, float grad_scale, float* dlogits) {
  LossSum total{0.0, 0};
  for (int64_t i = 0; i < n; ++i) {
    const float* z = logits + i * classes;
    const int32_t label = labels[i];
    const int64_t best = first_maximum(classes, z);
    const double max = z[best];
    double sum = 0.0;
    for (int64_t j = 0; j < classes; ++j) sum += std::exp(static_cast<double>(z[j]) - max);
    total.loss += std::log(sum) - (static_cast<double>(z[label]) - max);
    if (best == label) ++total.correct;
    if (dlogits == nullptr) continue;
    float* gradient = dlogits + i * classes;
    for (int64_t j = 0; j < classes; ++j) {
      const double probability = std::exp(static_cast<double>(z[j]) - max) / sum;
      gradient[j] = static_cast<float>(grad_scale * (probability - (j == label ? 1.0 : 0.0)));
    }
  }
  return total;
}

namespace {

std::string check_labels(const Value* v) {
  const auto* const labels = static_cast<const int32_t*>(v[3].data);
  for (int64_t i = 0; i < v[0].size; ++i) {
    if (labels[i] >= 0 && labels[i] < v[1].size) continue;
    return "expected labels from 0 to " + std::to_string(v[1].size - 1) + " but label " +
           std::to_string(i) + " is " + std::to_string(labels[i]);
  }
  return "";
}

}  // namespace

constexpr OperationTable softmax_cross_entropy_operations = {{
    operation<softmax_cross_entropy>(
        "softmaxCrossEntropy",
        "n classes>0 logits[n,classes] labels[n] gradScale dlogits?[n,classes]", check_labels),
}};

}  // namespace rownet
