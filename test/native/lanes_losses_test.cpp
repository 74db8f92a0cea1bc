// Losses in nets of lanes that have no kinks, so that differences hold at every seed: each by its
// definition in double, its gradient by differences along the parameters, and several updated steps.
#include <cmath>
#include <stdexcept>

#include "batch_run.h"
#include "harness.h"

namespace rownet::test {

namespace {

constexpr Criterion kCriteria[] = {kCrossEntropy,
                                   {"crossEntropy", 0.3f},
                                   {"crossEntropy", 1.0f},
                                   kSquaredError,
                                   {"bceWithLogits", 0.0f}};

const std::vector<NamedNet>& nets() {
  static const std::vector<NamedNet> list = {
      {"linear", BatchNet().linear(kBatchClasses, "")},
      {"sigmoid and tanh",
       BatchNet().conv(3, 3, 1, "sigmoid", false).linear(5, "tanh").linear(kBatchClasses, "")},
      {"normalized", BatchNet()
                         .conv(2, 3, 1, "tanh", false)
                         .linear(6, "")
                         .batch_norm(true, true)
                         .linear(kBatchClasses, "")},
  };
  return list;
}

}  // namespace

TEST(lanes_losses_give_the_gradients_of_their_definitions) {
  uint64_t seed = 0;
  for (const NamedNet& one : nets()) {
    for (const Criterion& loss : kCriteria) check_gradients(one, seed++, 1 << 30, {loss});
  }
  CHECK_CASES(3 * 5 * 2);
}

TEST(lanes_losses_give_the_same_bits_on_any_number_of_threads) {
  for (const NamedNet& one : nets()) {
    for (const Criterion& loss : kCriteria) check_same_bits(one, loss);
  }
  CHECK_CASES(3 * 5 * 2);
}

TEST(lanes_refuse_label_smoothing_that_is_none) {
  const BatchNet& net = nets()[0].net;
  const auto refused = [&](const char* loss, float smoothing) {
    try {
      net.plan(loss, smoothing);
    } catch (const std::invalid_argument&) {
      return true;
    }
    return false;
  };
  for (float smoothing : {-0.1f, 1.1f, NAN}) CHECK(refused("crossEntropy", smoothing));
  CHECK(refused("mse", 0.1f) && refused("bceWithLogits", 0.1f));
  CHECK(!refused("crossEntropy", 1.0f) && !refused("mse", 0.0f));
}

}  // namespace rownet::test
