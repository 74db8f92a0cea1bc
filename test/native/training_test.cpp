// Loss, gathering of images, and the small kernels that they and the layers are made of.
#include <cmath>
#include <limits>

#include "harness.h"
#include "kernel_table.h"
#include "memory.h"
#include "random.h"
#include "reference/training.h"
#include "rows/gather_images.h"
#include "rows/softmax_cross_entropy.h"

namespace rownet::test {

namespace {

constexpr float kNan = std::numeric_limits<float>::quiet_NaN();
constexpr float kLargest = std::numeric_limits<float>::max();

Side side_of(int64_t i) { return i % 2 == 0 ? Side::kEnd : Side::kStart; }
size_t size(int64_t n) { return static_cast<size_t>(n); }

// The kernel computes in double and rounds each gradient once.
Doubles one_rounding(const Doubles& values) {
  Doubles bound;
  for (double value : values) bound.push_back(std::fabs(value) * 0x1p-23 + 0x1p-149);
  return bound;
}

// One row of logits, its loss and gradient.
struct Row {
  double loss;
  int64_t correct;
  Floats gradient;
};

Row loss_of(const Floats& logits, int32_t label) {
  Row row{0.0, 0, Floats(logits.size())};
  const LossSum sum = softmax_cross_entropy(1, static_cast<int64_t>(logits.size()), logits.data(),
                                            &label, 1.0f, row.gradient.data());
  row.loss = sum.loss;
  row.correct = sum.correct;
  return row;
}

}  // namespace

TEST_ONCE(softmax_cross_entropy_equals_reference) {
  Guarded<float> logits, dlogits;
  Guarded<int32_t> labels;
  int64_t i = 0;
  for (int64_t n : {0, 1, 3, 128}) {
    for (int64_t classes : {1, 2, 10, 1000}) {
      // 1e30: far beyond what exp can take.
      for (float spread : {1.0f, 50.0f, 1e30f}) {
        ++i;
        if (!next_case()) continue;
        problem("%lld rows, %lld classes, logits up to %g", static_cast<long long>(n),
                static_cast<long long>(classes), static_cast<double>(spread));
        Random random(size(i));
        Floats z = random.reals(n * classes);
        for (float& value : z) value *= spread;
        std::vector<int32_t> answers(size(n));
        for (int32_t& answer : answers) {
          answer = static_cast<int32_t>(random.integer(0, classes - 1));
        }
        const float scale = i % 2 == 0 ? 1.0f : 1.0f / 128.0f;
        Doubles gradient(z.size());
        const reference::LossSum expected =
            reference::softmax_cross_entropy(n, classes, widen(z).data(), answers.data(),
                                             static_cast<double>(scale), gradient.data());
        dlogits.place(n * classes, side_of(i));
        logits.place(z, side_of(i));
        labels.place(answers, side_of(i));
        const LossSum actual =
            softmax_cross_entropy(n, classes, logits.data(), labels.data(), scale, dlogits.data());
        CHECK_EQUAL(actual.correct, expected.correct);
        CHECK(std::fabs(actual.loss - expected.loss) <= 1e-12 * std::fabs(expected.loss) + 1e-15);
        CHECK_NONE(difference_beyond(dlogits.values(), gradient, one_rounding(gradient)));
        CHECK_NONE(dlogits.check());
        const LossSum alone =
            softmax_cross_entropy(n, classes, logits.data(), labels.data(), scale, nullptr);
        CHECK_EQUAL(alone.loss, actual.loss);
        CHECK_EQUAL(alone.correct, actual.correct);
      }
    }
  }
  CHECK_CASES(4 * 4 * 3);
}

TEST_ONCE(softmax_cross_entropy_of_extreme_logits) {
  problem("rows of two and three logits");
  const Row even = loss_of({0.0f, 0.0f}, 0);
  CHECK(std::fabs(even.loss - std::log(2.0)) < 1e-15);
  CHECK_NONE(difference(even.gradient, {-0.5, 0.5}));
  // Of equal maxima the first counts.
  CHECK_EQUAL(even.correct, 1);
  CHECK_EQUAL(loss_of({0.0f, 0.0f}, 1).correct, 0);

  const Row right = loss_of({kLargest, -kLargest, 0.0f}, 0);
  CHECK_EQUAL(right.loss, 0.0);
  CHECK_NONE(difference(right.gradient, {0.0, 0.0, 0.0}));
  const Row wrong = loss_of({kLargest, -kLargest, 0.0f}, 1);
  CHECK_EQUAL(wrong.loss, 2.0 * static_cast<double>(kLargest));
  CHECK_NONE(difference(wrong.gradient, {1.0, -1.0, 0.0}));

  const Row impossible = loss_of({0.0f, -INFINITY}, 1);
  CHECK(std::isinf(impossible.loss) && impossible.loss > 0.0);
  CHECK_NONE(difference(impossible.gradient, {1.0, -1.0}));
  // No one class is right when all are infinitely so.
  CHECK(std::isnan(loss_of({INFINITY, 0.0f}, 0).loss));
  CHECK(std::isnan(loss_of({-INFINITY, -INFINITY}, 0).loss));
}

TEST_ONCE(softmax_cross_entropy_passes_nan_on_within_its_row) {
  for (int64_t at = 0; at < 3; ++at) {
    if (!next_case()) continue;
    problem("three rows of three, NaN at column %lld of the second", static_cast<long long>(at));
    Floats logits(9, 0.0f), gradient(9);
    logits[size(3 + at)] = kNan;
    const std::vector<int32_t> labels = {0, 1, 2};
    const LossSum sum =
        softmax_cross_entropy(3, 3, logits.data(), labels.data(), 1.0f, gradient.data());
    CHECK(std::isnan(sum.loss));
    for (int64_t i = 0; i < 9; ++i) CHECK_EQUAL(std::isnan(gradient[size(i)]), i / 3 == 1);
  }
  CHECK_CASES(3);
}

TEST(gather_images_equals_reference) {
  struct Scaling {
    float scale, shift;
    bool exact;
  };
  constexpr Scaling kScalings[] = {{1.0f, 0.0f, true},
                                   {0.5f, -3.0f, true},
                                   {1.0f / 255.0f, -0.5f, false},
                                   {0.0127f, -0.42f, false}};
  Guarded<uint8_t> images;
  Guarded<uint32_t> indices;
  Guarded<float> out;
  for (const Scaling& s : kScalings) {
    for (int64_t pixels = 1; pixels <= 70; ++pixels) {
      if (!next_case()) continue;
      problem("%lld pixels, scale %g, shift %g", static_cast<long long>(pixels),
              static_cast<double>(s.scale), static_cast<double>(s.shift));
      Random random(size(pixels));
      std::vector<uint8_t> bytes(size(5 * pixels));
      for (uint8_t& byte : bytes) byte = static_cast<uint8_t>(random.integer(0, 255));
      // Repeated, out of order, the last image among them.
      const std::vector<uint32_t> order = {4, 0, 2, 2, 4, 1};
      Doubles expected, sums;
      for (uint32_t image : order) {
        for (int64_t i = 0; i < pixels; ++i) {
          const double byte = bytes[size(image * pixels + i)];
          expected.push_back(byte * static_cast<double>(s.scale) + static_cast<double>(s.shift));
          sums.push_back(byte * static_cast<double>(s.scale) +
                         std::fabs(static_cast<double>(s.shift)));
        }
      }
      out.place(6 * pixels, side_of(pixels));
      gather_images(images.place(bytes, side_of(pixels)), pixels,
                    indices.place(order, side_of(pixels)), 6, s.scale, s.shift, out.data());
      CHECK_NONE(s.exact ? difference(out.values(), expected)
                         : difference_beyond(out.values(), expected, bound_of_sums(1, sums)));
      CHECK_NONE(out.check());
    }
  }
  CHECK_CASES(4 * 70);
}

TEST(sum_add_and_scale_equal_plain_loops) {
  Guarded<float> x, y;
  const int64_t most = 9 * kernels().vector_width + 3;
  for (int64_t n = 0; n <= most; ++n) {
    if (!next_case()) continue;
    problem("%lld numbers", static_cast<long long>(n));
    Random random(size(n));
    const Floats xv = random.integers(n), yv = random.integers(n);
    double total = 0.0;
    Doubles added, scaled;
    for (size_t i = 0; i < xv.size(); ++i) {
      total += static_cast<double>(xv[i]);
      added.push_back(static_cast<double>(xv[i]) + static_cast<double>(yv[i]));
      scaled.push_back(-0.5 * static_cast<double>(xv[i]));
    }
    x.place(xv, side_of(n));
    y.place(yv, side_of(n));
    CHECK_EQUAL(static_cast<double>(kernels().sum(n, x.data())), total);
    kernels().add(n, x.data(), y.data());
    CHECK_NONE(difference(y.values(), added));
    CHECK_NONE(y.check());
    kernels().scale(n, -0.5f, x.data());
    CHECK_NONE(difference(x.values(), scaled));
    CHECK_NONE(x.check());
  }
  CHECK_CASES(most + 1);
}

TEST(fma_burst_counts_its_operations) {
  problem("1000 rounds");
  float sink = kNan;
  const double operations = kernels().fma_burst(1000, &sink);
  CHECK(std::isfinite(sink));
  // Whole vectors of fused operations, two each.
  CHECK(operations > 0.0);
  CHECK_EQUAL(std::fmod(operations, 2.0 * kernels().vector_width * 1000), 0.0);
}

}  // namespace rownet::test
