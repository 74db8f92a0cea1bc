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

const Loss& cross_entropy() { return *kernels().lanes->losses[0]; }

struct Softmax {
  Floats dlogits;
  Doubles losses;
  std::vector<int32_t> best;
};

// rows[image][class] in lanes, beside guard pages; lanes without an image repeat the first.
Softmax softmax(const std::vector<Floats>& rows, const std::vector<uint8_t>& labels, float scale) {
  const int64_t count = static_cast<int64_t>(rows.size());
  const int64_t classes = static_cast<int64_t>(rows[0].size());
  Floats lanes;
  for (int64_t j = 0; j < classes; ++j) {
    for (int64_t lane = 0; lane < width(); ++lane) {
      lanes.push_back(rows[size(lane < count ? lane : 0)][size(j)]);
    }
  }
  std::vector<uint32_t> order;
  for (int64_t i = 0; i < count; ++i) order.push_back(static_cast<uint32_t>(i));
  Guarded<float> logits, dlogits;
  Guarded<uint8_t> answers;
  Guarded<uint32_t> indices;
  Guarded<int32_t> best;
  logits.place(lanes, Side::kEnd);
  dlogits.place(classes * width(), Side::kEnd);
  answers.place(labels, Side::kEnd);
  indices.place(order, Side::kEnd);
  best.place(count, Side::kEnd);
  const LossTargets targets{answers.data(), nullptr, indices.data()};
  const LossSum sum = cross_entropy().block(classes, count, logits.data(), targets, scale,
                                            dlogits.data(), best.data());
  CHECK_NONE(dlogits.check());
  CHECK_NONE(best.check());
  CHECK_NONE(difference_in_bits(logits.values(), lanes));
  Softmax result{dlogits.values(), {}, best.values()};
  // Without gradients all else is the same; the sum is that of the images alone.
  double total = 0.0;
  int64_t correct = 0;
  for (int64_t i = 0; i < count; ++i) {
    Floats alone(size(classes * width()));
    for (int64_t j = 0; j < classes * width(); ++j) {
      alone[size(j)] = lanes[size(j / width() * width() + i)];
    }
    const LossTargets target{answers.data(), nullptr, indices.data() + i};
    const LossSum one =
        cross_entropy().block(classes, 1, alone.data(), target, 0.0f, nullptr, nullptr);
    result.losses.push_back(one.loss);
    total += one.loss;
    correct += one.correct;
    CHECK_EQUAL(one.correct, result.best[size(i)] == labels[size(i)] ? 1 : 0);
  }
  CHECK(total == sum.loss || (std::isnan(total) && std::isnan(sum.loss)));
  CHECK_EQUAL(sum.correct, correct);
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
    const Softmax result = softmax(rows, std::vector<uint8_t>(rows.size(), 0), 1.0f);
    for (int64_t lane = 0; lane < width(); ++lane) {
      const float x = rows[size(lane)][1];
      problem("exp(%.9g)", static_cast<double>(x));
      const long double e = std::exp(static_cast<long double>(x)), expected = e / (1.0L + e);
      const double error = static_cast<double>(
          (static_cast<long double>(dlogit(result, 1, lane)) - expected) / expected);
      worst = std::max(worst, std::fabs(error));
      // fused_oracle.cpp's kExpError leaves room for it.
      CHECK(std::fabs(error) < 3e-7);
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
    CHECK_EQUAL(result.losses[0], 0.0);
    CHECK_EQUAL(dlogit(result, 0, 0), 0.0f);
    CHECK(dlogit(result, 1, 0) >= 0.0f && dlogit(result, 1, 0) <= 2e-38f);
    const Softmax wrong = softmax({{0.0f, x}}, {1}, 1.0f);
    CHECK_EQUAL(wrong.losses[0], -static_cast<double>(x));
    CHECK_EQUAL(dlogit(wrong, 0, 0), 1.0f);
    CHECK_EQUAL(dlogit(wrong, 1, 0), -1.0f);
  }
  CHECK_CASES(8);
  problem("the two largest logits");
  const Softmax huge = softmax({{kLargest, kLargest, -kLargest}}, {1}, 2.0f);
  CHECK_EQUAL(huge.losses[0], std::log(2.0));
  CHECK_EQUAL(huge.best[0], 0);
  CHECK_EQUAL(dlogit(huge, 0, 0), 1.0f);
  CHECK_EQUAL(dlogit(huge, 1, 0), -1.0f);
}

TEST(lanes_softmax_of_equal_logits_is_even) {
  for (int64_t classes : {1, 2, 3, 4, 7, 10, 64, 256}) {
    for (float value : {0.0f, -3.5f, 1e30f, -kLargest}) {
      if (!next_case()) continue;
      problem("%lld logits of %g", static_cast<long long>(classes), static_cast<double>(value));
      const uint8_t label = static_cast<uint8_t>(classes - 1);
      const Softmax result = softmax({Floats(size(classes), value)}, {label}, 1.0f);
      CHECK_EQUAL(result.losses[0], std::log(static_cast<double>(classes)));
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
        std::vector<uint8_t> labels;
        for (int64_t i = 0; i < count; ++i) {
          rows.push_back(random.reals(classes));
          for (float& z : rows.back()) z *= spread;
          labels.push_back(static_cast<uint8_t>(random.integer(0, classes - 1)));
        }
        const float scale = 0.125f;
        const Softmax result = softmax(rows, labels, scale);
        for (int64_t i = 0; i < count; ++i) {
          const Doubles z = widen(rows[size(i)]);
          Doubles gradient(z.size());
          const int32_t label = labels[size(i)];
          const double loss =
              reference::softmax_cross_entropy(1, classes, z.data(), &label, 0.125, gradient.data())
                  .loss;
          CHECK(std::fabs(result.losses[size(i)] - loss) <= 1e-6 * (1.0 + loss));
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
        const Softmax result = softmax(rows, std::vector<uint8_t>(size(width()), 1), 1.0f);
        for (int64_t lane = 0; lane < width(); ++lane) {
          CHECK_EQUAL(std::isnan(result.losses[size(lane)]), lane == image);
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
