// Whole training steps of the lanes engine on real numbers, within the bounds of fused_oracle.h.
#include <cmath>

#include "fused_oracle.h"
#include "harness.h"
#include "kernel_table.h"

namespace rownet::test {

namespace {

constexpr int64_t kRandomNets = 64;
constexpr Arithmetic kArithmetics[] = {Arithmetic::kExactForward, Arithmetic::kFloat};

// Sum of all bounds over the sum of all gradients, where only the backward pass rounds: above it a
// test would hardly see a mistake.
constexpr double kLoosest = 1e-3;

void check_within_bounds(const FusedNet& net, uint64_t seed, Arithmetic arithmetic,
                         const std::vector<int64_t>& sizes) {
  const int64_t width = kernels().vector_width, images = sizes.back();
  const bool whole = arithmetic == Arithmetic::kExactForward;
  const float grad_scale = 1.0f / static_cast<float>(images);
  Random random(seed);
  const FusedImages data =
      whole ? random_images(net, random, images, 3, 1.0f, -1.0f, net.classes())
            : random_images(net, random, images, 255, 1.0f / 64.0f, -2.0f, net.classes());
  const std::vector<uint32_t> indices = random_indices(random, images, images, width);
  const Floats parameters = whole ? net.grained_parameters(random) : net.real_parameters(random);
  FusedOracle oracle(net, parameters, static_cast<double>(grad_scale), arithmetic);
  LanePlan plan = net.plan();
  FusedRunner runner;
  for (int64_t count : sizes) {
    if (!next_case()) continue;
    problem("%lld images, seed %llu, %s numbers, %s", static_cast<long long>(count),
            static_cast<unsigned long long>(seed), whole ? "whole" : "real", net.text().c_str());
    while (oracle.images() < count) {
      const uint32_t index = indices[static_cast<size_t>(oracle.images())];
      oracle.add(pixels(net, data, index), data.labels[index]);
    }
    const std::vector<uint32_t> batch(indices.begin(), indices.begin() + count);
    const Side side = count % 2 == 1 ? Side::kEnd : Side::kStart;
    const FusedResult result = runner.run(plan, net, data, batch, parameters, grad_scale, side);
    oracle.check(result, width);
    // Elsewhere the errors of several layers add up: there only loss and logits are held tightly.
    if (whole && !net.parts().empty()) CHECK(oracle.looseness(width) < kLoosest);
  }
}

// One to four steps that fit each other, then mostly a linear layer.
FusedNet random_net(Random& random) {
  FusedNet net(random.integer(1, 3), random.integer(3, 12), random.integer(3, 12));
  const int64_t steps = random.integer(1, 4);
  for (int64_t i = 0; i < steps; ++i) {
    const PlaneShape in = net.shape(net.steps().size());
    const int64_t kind = random.integer(0, 9);
    if (kind == 0) {
      net.relu();
    } else if (kind <= 2) {
      net.pool(random.integer(1, std::min<int64_t>(3, in.h)),
               random.integer(1, std::min<int64_t>(3, in.w)), random.integer(1, 2),
               random.integer(1, 2));
    } else {
      ConvSpec s{random.integer(1, 9), random.integer(1, 5), random.integer(1, 5)};
      if (random.integer(0, 1) == 1) s.kw = s.kh = random.integer(1, 2) * 2 + 1;
      s.pad_h = random.integer(0, s.kh - 1);
      s.pad_w = random.integer(0, s.kw - 1);
      if (in.h + 2 * s.pad_h < s.kh || in.w + 2 * s.pad_w < s.kw) continue;
      if (random.integer(0, 1) == 1) s.stride_h = random.integer(1, 3);
      if (random.integer(0, 1) == 1) s.stride_w = random.integer(1, 3);
      s.relu = random.integer(0, 3) > 0;
      s.pool = random.integer(0, 1) == 1 && in.h + 2 * s.pad_h - s.kh >= s.stride_h &&
               in.w + 2 * s.pad_w - s.kw >= s.stride_w;
      net.conv(s);
    }
  }
  if (random.integer(0, 3) == 0) net.linear(random.integer(1, 30), true);
  if (net.steps().empty() || net.classes() > 256 || net.classes() == 1 ||
      random.integer(0, 7) > 0) {
    net.linear(random.integer(2, 12), random.integer(0, 7) == 0);
  }
  return net;
}

}  // namespace

TEST(lanes_lenet5_is_within_bounds) {
  const int64_t width = kernels().vector_width;
  for (Arithmetic arithmetic : kArithmetics) {
    check_within_bounds(fused_lenet5(), 1, arithmetic, {1, width + 3});
  }
  CHECK_CASES(2 * 2);
}

TEST(lanes_mixed_nets_are_within_bounds) {
  const int64_t width = kernels().vector_width;
  uint64_t seed = 10;
  for (const FusedNet& net : mixed_nets()) {
    for (Arithmetic arithmetic : kArithmetics) {
      check_within_bounds(net, ++seed, arithmetic, {1, width - 1, width, width + 1, 2 * width + 3});
    }
  }
  CHECK_CASES(16 * 2 * 5);
}

TEST(lanes_random_nets_are_within_bounds) {
  const int64_t width = kernels().vector_width;
  for (int64_t i = 0; i < kRandomNets; ++i) {
    Random random(static_cast<uint64_t>(i));
    const FusedNet net = random_net(random);
    for (Arithmetic arithmetic : kArithmetics) {
      check_within_bounds(net, static_cast<uint64_t>(1000 + i), arithmetic,
                          {random.integer(1, 2 * width)});
    }
  }
  CHECK_CASES(kRandomNets * 2);
}

TEST(lanes_no_images_have_no_loss_and_no_gradient) {
  FusedRunner runner;
  for (const FusedNet& net : mixed_nets()) {
    if (!next_case()) continue;
    problem("no images, %s", net.text().c_str());
    Random random(5);
    const FusedImages data = random_images(net, random, 1, 255, 1.0f, 0.0f, net.classes());
    LanePlan plan = net.plan();
    const FusedResult result = runner.run(plan, net, data, {}, net.real_parameters(random), 1.0f);
    CHECK_EQUAL(result.trained.loss, 0.0);
    CHECK_EQUAL(result.trained.correct, 0);
    CHECK_EQUAL(result.evaluated.loss, 0.0);
    CHECK_NONE(difference(result.gradients, Doubles(result.gradients.size(), 0.0)));
  }
  CHECK_CASES(16);
}

// The oracle's loss alone, moved by a little: no backward pass, neither the plan's nor its own.
TEST(lanes_gradients_equal_finite_differences) {
  FusedNet net(2, 9, 10);
  net.conv({3, 3, 3, 1, 1, 1, 1, true, true}).conv({4, 2, 3, 1, 1, 1, 0, true});
  net.pool(2, 2, 2, 1).linear(6, true).linear(4);
  constexpr int64_t kImages = 3;
  Random random(77);
  const FusedImages data = random_images(net, random, kImages, 255, 1.0f / 64.0f, -2.0f, 4);
  Floats parameters = net.real_parameters(random);
  const auto evaluate = [&](const Floats& at) {
    FusedOracle oracle(net, at, 1.0, Arithmetic::kFloat);
    for (uint32_t i = 0; i < kImages; ++i) oracle.add(pixels(net, data, i), data.labels[i]);
    return oracle;
  };
  LanePlan plan = net.plan();
  FusedRunner runner;
  const FusedResult result = runner.run(plan, net, data, {0, 1, 2}, parameters, 1.0f);
  const std::vector<int64_t> branches = evaluate(parameters).branches();
  int64_t taken = 0, compared = 0, not_zero = 0;
  for (const FusedNet::Part& part : net.parts()) {
    for (int64_t i = 0; i < part.count; i += 5) {
      if (!next_case()) continue;
      ++taken;
      const size_t at = static_cast<size_t>(part.begin + i);
      problem("parameter %lld of step %zu", static_cast<long long>(i), part.step);
      // The distance of the two floats is what counts, not the step that was asked for.
      const float middle = parameters[at], high = middle + 1e-3f, low = middle - 1e-3f;
      parameters[at] = high;
      const FusedOracle above = evaluate(parameters);
      parameters[at] = low;
      const FusedOracle below = evaluate(parameters);
      parameters[at] = middle;
      // Smooth between: no ReLU and no maximum took another branch.
      if (above.branches() != branches || below.branches() != branches) continue;
      const double slope =
          (above.loss() - below.loss()) / (static_cast<double>(high) - static_cast<double>(low));
      CHECK_NONE(
          difference_beyond({result.gradients[at]}, {slope}, {1e-4 * (1.0 + std::fabs(slope))}));
      ++compared;
      if (std::fabs(slope) > 1e-2) ++not_zero;
    }
  }
  CHECK_CASES(11 + 1 + 15 + 1 + 20 + 2 + 5 + 1);
  problem("%lld parameters could be compared, %lld have a gradient",
          static_cast<long long>(compared), static_cast<long long>(not_zero));
  CHECK(2 * compared >= taken && 5 * not_zero >= taken);
}

}  // namespace rownet::test
