// A net that diverges shows it: NaN in one image is NaN in the loss and gradients, and in that
// image's logits alone.
#include <cmath>
#include <limits>

#include "fused_nets.h"
#include "harness.h"
#include "kernel_table.h"

namespace rownet::test {

namespace {

constexpr float kNan = std::numeric_limits<float>::quiet_NaN();

size_t size(int64_t n) { return static_cast<size_t>(n); }

const std::vector<FusedNet>& nets() {
  static const std::vector<FusedNet> list = {
      FusedNet(2, 9, 8).conv({3, 3, 3, 1, 1, 1, 1, true, true}).linear(7, true).linear(3),
      FusedNet(1, 8, 9)
          .conv({3, 2, 2})
          .relu()
          .pool(2, 2, 1, 2)
          .conv({2, 5, 5, 1, 1, 2, 2})
          .linear(4),
      FusedNet(1, 8, 9).conv({4, 1, 1}).conv({5, 5, 5, 1, 1, 1, 1, true, true}).linear(4),
  };
  return list;
}

// One image of the net, a block less one, a block, one more.
std::vector<int64_t> batch_sizes() {
  const int64_t width = kernels().vector_width;
  return {1, width - 1, width, width + 1};
}
int64_t images_of_all_sizes() {
  int64_t sum = 0;
  for (int64_t count : batch_sizes()) sum += count;
  return sum;
}

}  // namespace

TEST(lanes_nan_stays_within_its_image) {
  for (const FusedNet& net : nets()) {
    for (int64_t count : batch_sizes()) {
      Random random(1);
      const Floats parameters = net.real_parameters(random);
      const Floats x = random.reals(count * net.input_size());
      const auto predict = [&](const Floats& input) {
        LanePlan plan = net.plan(true);
        Floats logits(size(count * net.classes()));
        plan.predict(input.data(), count, parameters.data(), nullptr, logits.data());
        return logits;
      };
      const Floats expected = predict(x);
      for (int64_t image = 0; image < count; ++image) {
        if (!next_case()) continue;
        problem("NaN in image %lld of %lld, %s", static_cast<long long>(image),
                static_cast<long long>(count), net.text().c_str());
        Floats spoilt = x;
        for (int64_t i = 0; i < net.input_size(); ++i) {
          spoilt[size(image * net.input_size() + i)] = kNan;
        }
        Doubles wanted = widen(expected);
        for (int64_t j = 0; j < net.classes(); ++j) wanted[size(image * net.classes() + j)] = NAN;
        CHECK_NONE(difference(predict(spoilt), wanted));
      }
    }
  }
  CHECK_CASES(3 * images_of_all_sizes());
}

// Bytes give finite pixels; one image's are so large that its sums overflow.
TEST(lanes_nan_of_one_image_shows_in_the_loss) {
  for (const FusedNet& net : nets()) {
    for (int64_t count : batch_sizes()) {
      Random random(2);
      const Floats parameters = net.real_parameters(random);
      std::vector<uint32_t> indices;
      for (int64_t i = 0; i < count; ++i) indices.push_back(static_cast<uint32_t>(i));
      for (int64_t image = 0; image < count; ++image) {
        if (!next_case()) continue;
        problem("infinity in image %lld of %lld, %s", static_cast<long long>(image),
                static_cast<long long>(count), net.text().c_str());
        FusedImages data{std::vector<uint8_t>(size(count * net.input_size()), 0),
                         std::vector<uint8_t>(size(count), 1), 1e38f, 0.0f};
        FusedRunner runner;
        LanePlan plan = net.plan(true);
        const FusedResult finite = runner.run(plan, net, data, indices, parameters, 1.0f);
        CHECK(std::isfinite(finite.trained.loss));
        for (int64_t i = 0; i < net.input_size(); ++i) {
          data.bytes[size(image * net.input_size() + i)] = 255;
        }
        const FusedResult spoilt = runner.run(plan, net, data, indices, parameters, 1.0f);
        CHECK(std::isnan(spoilt.trained.loss));
        CHECK(std::isnan(spoilt.evaluated.loss));
        // A gradient that no optimizer could mistake for one.
        bool shows = false;
        for (float gradient : spoilt.gradients) shows = shows || std::isnan(gradient);
        CHECK(shows);
        for (int64_t i = 0; i < count; ++i) {
          if (i == image) continue;
          CHECK_EQUAL(spoilt.predictions[size(i)], finite.predictions[size(i)]);
        }
        // And it is gone with the next batch, but for a batch of that image.
        if (count == 1) continue;
        const std::vector<uint32_t> other = {indices[size((image + 1) % count)]};
        LanePlan fresh = net.plan(true);
        CHECK_NONE(difference_in_bits(runner.run(plan, net, data, other, parameters, 1.0f),
                                      runner.run(fresh, net, data, other, parameters, 1.0f)));
      }
    }
  }
  CHECK_CASES(3 * images_of_all_sizes());
}

}  // namespace rownet::test
