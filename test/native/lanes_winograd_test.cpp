// Convolutions by Winograd's algorithm, which plans take where it pays; elsewhere in these tests
// they are not allowed to.
//
// G divides by 4, 6 and 24 in each dimension: with weights and gradients that are multiples of 576
// every intermediate number is whole, and every result equals the reference's, ties included.
#include "fused_oracle.h"
#include "harness.h"
#include "kernel_table.h"

namespace rownet::test {

namespace {

constexpr int kMultiple = 576;

FusedNet one_convolution(int64_t ic, int64_t oc, int64_t pad, int64_t h, int64_t w, bool relu) {
  FusedNet net(1, h, w);
  // Makes an input gradient needed.
  net.conv({ic, 1, 1}).conv({oc, 5, 5, 1, 1, pad, 4 - pad, relu, true}).linear(2);
  return net;
}

// A convolution of many channels, whose kernel is square; without a pool its outputs fill no tile in one corner.
FusedNet wide_convolution(int64_t ic, int64_t oc, int64_t kernel, int64_t pad_h, int64_t pad_w,
                          int64_t h, int64_t w, bool relu, bool pool) {
  FusedNet net(1, h, w);
  net.conv({ic, 1, 1}).conv({oc, kernel, kernel, 1, 1, pad_h, pad_w, relu, pool}).linear(2);
  return net;
}

// Mostly 0 in the convolution, so that sums stay below 2^24.
Floats multiples(const FusedNet& net, Random& random) {
  Floats all = net.whole_parameters(random);
  for (const FusedNet::Part& part : net.parts()) {
    if (part.step != 1 || !part.weight) continue;
    for (int64_t i = 0; i < part.count; ++i) {
      const int64_t draw = random.integer(0, 15);
      all[static_cast<size_t>(part.begin + i)] = static_cast<float>(draw == 0   ? kMultiple
                                                                    : draw == 1 ? -kMultiple
                                                                                : 0);
    }
  }
  return all;
}

// A step on whole numbers equals the reference's.
void check_exact(FusedRunner& runner, const FusedNet& net, int64_t count, uint64_t seed) {
  const int64_t width = kernels().vector_width;
  Random random(seed);
  const FusedImages data = random_images(net, random, count, 3, 1.0f, -1.0f, 1);
  const std::vector<uint32_t> indices = random_indices(random, count, count, width);
  const Floats parameters = multiples(net, random);
  FusedOracle oracle(net, parameters, kMultiple, Arithmetic::kExact);
  for (uint32_t index : indices) oracle.add(pixels(net, data, index), 0);
  LanePlan plan = net.plan(true);
  oracle.check(runner.run(plan, net, data, indices, parameters, kMultiple), width);
}

}  // namespace

TEST(winograd_is_exact_on_multiples_of_576) {
  const int64_t width = kernels().vector_width;
  FusedRunner runner;
  uint64_t seed = 0;
  for (int64_t ic : {4, 5, 6, 7, 13}) {
    for (int64_t oc : {4, 5, 7, 8, 17}) {
      for (int64_t pad : {0, 2, 4}) {
        ++seed;
        // 1 to 12 windows: tiles of 1 to 5, and lines that the pool leaves over.
        const int64_t h = 6 + static_cast<int64_t>(seed % 4) - pad % 3;
        const int64_t w = 6 + static_cast<int64_t>(seed / 2 % 5) - (4 - pad) % 3;
        const FusedNet net = one_convolution(ic, oc, pad, h, w, seed % 3 > 0);
        for (int64_t count : {width - 1, width + 2}) {
          if (!next_case()) continue;
          problem("%lld images, %s", static_cast<long long>(count), net.text().c_str());
          check_exact(runner, net, count, seed);
        }
      }
    }
  }
  CHECK_CASES(5 * 5 * 3 * 2);
}

TEST(wide_convolutions_are_exact_on_multiples_of_576) {
  FusedRunner runner;
  uint64_t seed = 0;
  for (int64_t kernel : {1, 3, 5}) {
    for (int64_t ic : {8, 9, 11}) {
      for (int64_t oc : {8, 10, 13}) {
        for (bool pool : {false, true}) {
          for (bool padded : {false, true}) {
            ++seed;
            const int64_t pad_h = padded ? kernel / 2 : 0;
            const int64_t pad_w = seed / 2 % 2 == 0 ? pad_h : kernel / 2 - pad_h;
            const int64_t h = 8 + static_cast<int64_t>(seed % 4);
            const int64_t w = 8 + static_cast<int64_t>(seed / 2 % 6);
            const FusedNet net =
                wide_convolution(ic, oc, kernel, pad_h, pad_w, h, w, seed % 3 > 0, pool);
            // So few that sums stay below 2^24; two blocks of 4.
            const int64_t count = 5;
            if (!next_case()) continue;
            problem("%lld images, %s", static_cast<long long>(count), net.text().c_str());
            check_exact(runner, net, count, seed);
          }
        }
      }
    }
  }
  CHECK_CASES(3 * 3 * 3 * 2 * 2);
}

// The bounds of plain sums, which are wide enough for the transforms.
TEST(winograd_is_within_bounds) {
  const int64_t width = kernels().vector_width;
  const std::vector<FusedNet> nets = {fused_lenet5(),
                                      one_convolution(4, 6, 2, 14, 13, true),
                                      one_convolution(12, 9, 0, 10, 16, true),
                                      one_convolution(6, 16, 1, 12, 12, false),
                                      wide_convolution(8, 12, 3, 1, 1, 13, 10, true, true),
                                      wide_convolution(17, 9, 3, 0, 0, 11, 12, true, false),
                                      wide_convolution(9, 16, 5, 2, 2, 9, 8, true, false),
                                      wide_convolution(16, 8, 1, 0, 0, 7, 6, false, true)};
  FusedRunner runner;
  for (const FusedNet& net : nets) {
    for (uint64_t seed = 1; seed <= 5; ++seed) {
      if (!next_case()) continue;
      problem("seed %llu, %s", static_cast<unsigned long long>(seed), net.text().c_str());
      Random random(seed);
      const int64_t count = width + 3;
      const FusedImages data =
          random_images(net, random, count, 255, 1.0f / 64.0f, -2.0f, net.classes());
      const std::vector<uint32_t> indices = random_indices(random, count, count, width);
      const Floats parameters = net.real_parameters(random);
      FusedOracle oracle(net, parameters, 0.25, Arithmetic::kFloat);
      for (uint32_t index : indices) oracle.add(pixels(net, data, index), data.labels[index]);
      LanePlan plan = net.plan(true);
      oracle.check(runner.run(plan, net, data, indices, parameters, 0.25f), width);
    }
  }
  CHECK_CASES(8 * 5);
}

// Otherwise the tests above would pass without a single transform.
TEST(winograd_is_used_where_it_is_allowed) {
  const int64_t width = kernels().vector_width;
  FusedRunner runner;
  for (const FusedNet& net : {fused_lenet5(), wide_convolution(8, 8, 1, 0, 0, 8, 8, true, false),
                              wide_convolution(8, 8, 3, 1, 1, 8, 8, true, true),
                              wide_convolution(8, 8, 5, 2, 2, 8, 8, true, false)}) {
    if (!next_case()) continue;
    problem("%s", net.text().c_str());
    Random random(3);
    const FusedImages data =
        random_images(net, random, width, 255, 1.0f / 64.0f, -2.0f, net.classes());
    const std::vector<uint32_t> indices = random_indices(random, width, width, width);
    const Floats parameters = net.real_parameters(random);
    LanePlan plain = net.plan(false), transformed = net.plan(true);
    const FusedResult expected = runner.run(plain, net, data, indices, parameters, 1.0f);
    const FusedResult actual = runner.run(transformed, net, data, indices, parameters, 1.0f);
    CHECK(!difference_in_bits(actual, expected).empty());
  }
  CHECK_CASES(4);
}

}  // namespace rownet::test
