// The lanes engine's softmax and exp, called directly.
#include <cmath>
#include <limits>

#include "harness.h"
#include "kernel_table.h"
#include "lanes/lane_kernels.h"
#include "memory.h"
#include "random.h"
#include "reference/training.h"

namespace rownet::test {

namespace {

constexpr float kLargest = std::numeric_limits<float>::max();
constexpr float kInfinity = std::numeric_limits<float>::infinity();

size_t size(int64_t n) { return static_cast<size_t>(n); }
int64_t width() { return kernels().vector_width; }

struct Softmax {
  Floats dlogits, sums, below;
  std::vector<int32_t> best;
};

// rows[image][class] in lanes, beside guard pages; lanes without an image repeat the first.
Softmax softmax(const std::vector<Floats>& rows, const std::vector<int32_t>& labels, float scale) {
  const int64_t count = static_cast<int64_t>(rows.size());
  const int64_t classes = static_cast<int64_t>(rows[0].size());
  Floats lanes;
  for (int64_t j = 0; j < classes; ++j) {
    for (int64_t lane = 0; lane < width(); ++lane) {
      lanes.push_back(rows[size(lane < count ? lane : 0)][size(j)]);
    }
  }
  Guarded<float> logits, dlogits, sums, below;
  Guarded<int32_t> answers, best;
  logits.place(lanes, Side::kEnd);
  dlogits.place(classes * width(), Side::kEnd);
  sums.place(width(), Side::kEnd);
  below.place(count, Side::kEnd);
  answers.place(labels, Side::kEnd);
  best.place(count, Side::kEnd);
  kernels().lanes->softmax(classes, count, logits.data(), answers.data(), scale, dlogits.data(),
                           sums.data(), below.data(), best.data());
  CHECK_NONE(dlogits.check());
  CHECK_NONE(sums.check());
  CHECK_NONE(below.check());
  CHECK_NONE(best.check());
  CHECK_NONE(difference_in_bits(logits.values(), lanes));
  const Softmax result{dlogits.values(), sums.values(), below.values(), best.values()};
  // Without gradients all else is the same.
  kernels().lanes->softmax(classes, count, logits.data(), answers.data(), 0.0f, nullptr,
                           sums.data(), below.data(), best.data());
  CHECK_NONE(difference_in_bits(sums.values(), result.sums));
  CHECK_NONE(difference_in_bits(below.values(), result.below));
  CHECK(best.values() == result.best);
  return result;
}

float dlogit(const Softmax& result, int64_t j, int64_t lane) {
  return result.dlogits[size(j * width() + lane)];
}

}  // namespace

// Of two classes, the probability of the lower is e / (1 + e), so that its relative error is that
// of e and three roundings.
TEST(lanes_exp_is_within_its_error) {
  constexpr int64_t kPoints = 16384;
  double worst = 0.0;
  for (int64_t i = 0; i < kPoints; i += width()) {
    std::vector<Floats> rows;
    for (int64_t lane = 0; lane < width(); ++lane) {
      const float x = -87.0f * static_cast<float>(i + lane) / static_cast<float>(kPoints);
      rows.push_back({0.0f, x});
    }
    const Softmax result = softmax(rows, std::vector<int32_t>(rows.size(), 0), 1.0f);
    for (int64_t lane = 0; lane < width(); ++lane) {
      const float x = rows[size(lane)][1];
      problem("exp(%.9g)", static_cast<double>(x));
      const long double e = std::exp(static_cast<long double>(x)), expected = e / (1.0L + e);
      const double error = static_cast<double>(
          (static_cast<long double>(dlogit(result, 1, lane)) - expected) / expected);
      worst = std::max(worst, std::fabs(error));
      // fused_oracle.cpp's kExpError leaves room for it.
      CHECK(std::fabs(error) < 3e-7);
      CHECK_EQUAL(result.below[size(lane)], 0.0f);
    }
  }
  problem("the largest error, %g", worst);
  CHECK(worst > 1e-9);
}

TEST(lanes_exp_of_far_apart_logits_vanishes) {
  for (float x : {-87.0f, -87.4f, -88.0f, -104.0f, -1000.0f, -1e30f, -kLargest, -kInfinity}) {
    if (!next_case()) continue;
    problem("logits 0 and %g", static_cast<double>(x));
    const Softmax result = softmax({{0.0f, x}}, {0}, 1.0f);
    CHECK_EQUAL(result.sums[0], 1.0f);
    CHECK_EQUAL(dlogit(result, 0, 0), 0.0f);
    CHECK(dlogit(result, 1, 0) >= 0.0f && dlogit(result, 1, 0) <= 2e-38f);
    const Softmax wrong = softmax({{0.0f, x}}, {1}, 1.0f);
    CHECK_EQUAL(wrong.below[0], x);
    CHECK_EQUAL(dlogit(wrong, 0, 0), 1.0f);
    CHECK_EQUAL(dlogit(wrong, 1, 0), -1.0f);
  }
  CHECK_CASES(8);
  problem("the two largest logits");
  const Softmax huge = softmax({{kLargest, kLargest, -kLargest}}, {1}, 2.0f);
  CHECK_EQUAL(huge.sums[0], 2.0f);
  CHECK_EQUAL(huge.below[0], 0.0f);
  CHECK_EQUAL(huge.best[0], 0);
  CHECK_EQUAL(dlogit(huge, 0, 0), 1.0f);
  CHECK_EQUAL(dlogit(huge, 1, 0), -1.0f);
}

TEST(lanes_softmax_of_equal_logits_is_even) {
  for (int64_t classes : {1, 2, 3, 4, 7, 10, 64, 256}) {
    for (float value : {0.0f, -3.5f, 1e30f, -kLargest}) {
      if (!next_case()) continue;
      problem("%lld logits of %g", static_cast<long long>(classes), static_cast<double>(value));
      const int32_t label = static_cast<int32_t>(classes - 1);
      const Softmax result = softmax({Floats(size(classes), value)}, {label}, 1.0f);
      CHECK_EQUAL(result.sums[0], static_cast<float>(classes));
      CHECK_EQUAL(result.below[0], 0.0f);
      // Of equal maxima the first counts.
      CHECK_EQUAL(result.best[0], 0);
      const float even = 1.0f / static_cast<float>(classes);
      for (int64_t j = 0; j < classes; ++j) {
        CHECK_EQUAL(dlogit(result, j, 0), j == label ? even - 1.0f : even);
      }
    }
  }
  CHECK_CASES(8 * 4);
}

TEST(lanes_softmax_equals_reference) {
  for (int64_t classes : {1, 2, 3, 10, 17, 200}) {
    for (int64_t count = 1; count <= width(); ++count) {
      for (float spread : {1.0f, 20.0f, 1e30f}) {
        if (!next_case()) continue;
        problem("%lld images, %lld classes, logits up to %g", static_cast<long long>(count),
                static_cast<long long>(classes), static_cast<double>(spread));
        Random random(size(count));
        std::vector<Floats> rows;
        std::vector<int32_t> labels;
        for (int64_t i = 0; i < count; ++i) {
          rows.push_back(random.reals(classes));
          for (float& z : rows.back()) z *= spread;
          labels.push_back(static_cast<int32_t>(random.integer(0, classes - 1)));
        }
        const float scale = 0.125f;
        const Softmax result = softmax(rows, labels, scale);
        for (int64_t i = 0; i < count; ++i) {
          const Doubles z = widen(rows[size(i)]);
          Doubles gradient(z.size());
          const double loss = reference::softmax_cross_entropy(
                                  1, classes, z.data(), &labels[size(i)], 0.125, gradient.data())
                                  .loss;
          const double received = std::log(static_cast<double>(result.sums[size(i)])) -
                                  static_cast<double>(result.below[size(i)]);
          CHECK(std::fabs(received - loss) <= 1e-6 * (1.0 + loss));
          for (int64_t j = 0; j < classes; ++j) {
            const double error =
                std::fabs(static_cast<double>(dlogit(result, j, i)) - gradient[size(j)]);
            // Differences of logits up to 40 round by 2^-19.
            CHECK(error <= 0.125 * 4e-6);
          }
        }
        for (int64_t lane = count; lane < width(); ++lane) {
          for (int64_t j = 0; j < classes; ++j) CHECK_EQUAL(dlogit(result, j, lane), 0.0f);
        }
      }
    }
  }
  CHECK_CASES(6 * width() * 3);
}

TEST(lanes_softmax_passes_nan_on_within_its_image) {
  for (float bad : {std::numeric_limits<float>::quiet_NaN(), kInfinity}) {
    for (int64_t image = 0; image < width(); ++image) {
      for (int64_t at = 0; at < 3; ++at) {
        if (!next_case()) continue;
        problem("%g in class %lld of image %lld", static_cast<double>(bad),
                static_cast<long long>(at), static_cast<long long>(image));
        std::vector<Floats> rows(size(width()), Floats{0.0f, 1.0f, 2.0f});
        rows[size(image)][size(at)] = bad;
        const Softmax result = softmax(rows, std::vector<int32_t>(size(width()), 1), 1.0f);
        for (int64_t lane = 0; lane < width(); ++lane) {
          CHECK_EQUAL(std::isnan(result.sums[size(lane)]), lane == image);
          for (int64_t j = 0; j < 3; ++j) {
            CHECK_EQUAL(std::isnan(dlogit(result, j, lane)), lane == image);
          }
        }
      }
    }
  }
  CHECK_CASES(2 * width() * 3);
}

}  // namespace rownet::test
