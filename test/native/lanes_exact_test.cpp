// Whole training steps of the lanes engine on whole numbers, where float is exact: every gradient,
// logit and loss equals the reference's, ties of ReLU and max-pooling included.
#include "fused_oracle.h"
#include "harness.h"
#include "kernel_table.h"

namespace rownet::test {

namespace {

// Around the registers' blocks: 3 and 6 channels forward, 2 and 4 in a dense gradient, lines of 1
// to 5 vectors and more in a sparse one.
constexpr int64_t kChannels[] = {1, 2, 5, 6, 7, 13, 16, 17};
constexpr int64_t kChannelCounts = 8;

struct Kernel {
  int64_t h, w;
};
constexpr Kernel kKernels[] = {{1, 1}, {3, 3}, {5, 5}, {2, 4}, {7, 3}};

struct Behind {
  bool relu, pool;
};
constexpr Behind kBehind[] = {{false, false}, {true, false}, {true, true}, {false, true}};

// Trains on batches of these sizes, which grow, with one plan.
void check_exactly(const FusedNet& net, uint64_t seed, const std::vector<int64_t>& sizes) {
  const int64_t width = kernels().vector_width, images = sizes.back();
  Random random(seed);
  const FusedImages data = random_images(net, random, images, 3, 1.0f, -1.0f, 1);
  const std::vector<uint32_t> indices = random_indices(random, images, images, width);
  const Floats parameters = net.whole_parameters(random);
  FusedOracle oracle(net, parameters, 0.25, Arithmetic::kExact);
  LanePlan plan = net.plan();
  FusedRunner runner;
  problem("%s", net.text().c_str());
  CHECK_EQUAL(plan.input_size(), net.input_size());
  CHECK_EQUAL(plan.outputs(), net.classes());
  CHECK_EQUAL(plan.parameters(), net.arena());
  for (int64_t count : sizes) {
    if (!next_case()) continue;
    problem("%lld images, %s", static_cast<long long>(count), net.text().c_str());
    while (oracle.images() < count) {
      const uint32_t index = indices[static_cast<size_t>(oracle.images())];
      oracle.add(pixels(net, data, index), 0);
    }
    const std::vector<uint32_t> batch(indices.begin(), indices.begin() + count);
    const Side side = count % 2 == 1 ? Side::kEnd : Side::kStart;
    oracle.check(runner.run(plan, net, data, batch, parameters, 0.25f, side), width);
  }
}

// Incomplete, whole and several blocks.
std::vector<int64_t> batch_sizes() {
  const int64_t width = kernels().vector_width;
  return {1, width - 1, width, width + 1, 2 * width + 3};
}
std::vector<int64_t> two_batch_sizes() {
  return {kernels().vector_width - 1, kernels().vector_width + 2};
}

}  // namespace

TEST(lanes_convolutions_of_all_channels_are_exact) {
  uint64_t seed = 0;
  for (const Kernel& kernel : kKernels) {
    for (const Behind& behind : kBehind) {
      for (int64_t i = 0; i < kChannelCounts; ++i) {
        ++seed;
        const int64_t oc = kChannels[i];
        const int64_t ic = kChannels[(3 * i + static_cast<int64_t>(seed / 8)) % kChannelCounts];
        // Lines of 4 to 7 pixels: tiles of 4 and single ones, and pools that drop the last.
        const int64_t h = 2 + i % 3 + kernel.h - 1, w = 4 + i % 4 + kernel.w - 1;
        // The convolution before it makes an input gradient needed, and is tested on the way.
        FusedNet net(1 + i % 3, h, w);
        net.conv({ic, 1, 1});
        net.conv({oc, kernel.h, kernel.w, 1, 1, 0, 0, behind.relu, behind.pool}).linear(2);
        check_exactly(net, seed, batch_sizes());
      }
    }
  }
  CHECK_CASES(5 * 4 * kChannelCounts * 5);
}

// As above for the kernels of a pooled 3x3 or 5x5, whose choice depends on both channel counts.
TEST(lanes_sparse_gradients_of_all_channels_are_exact) {
  uint64_t seed = 1000;
  for (int64_t k : {3, 5}) {
    for (int64_t ic : kChannels) {
      for (int64_t oc : {1, 3, 16}) {
        for (int64_t pad : {int64_t{0}, k / 2, k - 1}) {
          ++seed;
          const int64_t w = k + 1 + static_cast<int64_t>(seed % 4);
          FusedNet net(1, k + 1 + static_cast<int64_t>(seed % 3), w);
          net.conv({ic, 1, 1}).conv({oc, k, k, 1, 1, pad, k - 1 - pad, true, true}).linear(2);
          check_exactly(net, seed, two_batch_sizes());
        }
      }
    }
  }
  CHECK_CASES(2 * kChannelCounts * 3 * 3 * 2);
}

TEST(lanes_strides_and_padding_are_exact) {
  uint64_t seed = 2000;
  for (const Kernel& kernel : kKernels) {
    for (const Kernel& stride : {Kernel{1, 2}, Kernel{2, 1}, Kernel{3, 2}, Kernel{2, 3}}) {
      for (const Kernel& pad : {Kernel{0, kernel.w - 1}, Kernel{kernel.h - 1, 0},
                                Kernel{kernel.h - 1, kernel.w - 1}, Kernel{kernel.h / 2, 0}}) {
        for (const Behind& behind : {Behind{true, true}, Behind{false, false}}) {
          ++seed;
          // At least 2 x 2 outputs, and input lines that the last window leaves over.
          const int64_t spare = static_cast<int64_t>(seed % 3);
          const int64_t h = kernel.h + 2 * stride.h + spare - pad.h;
          const int64_t w = kernel.w + 2 * stride.w + 2 - spare - pad.w;
          FusedNet net(2, h, w);
          net.conv({3, 1, 1}).conv(
              {4, kernel.h, kernel.w, stride.h, stride.w, pad.h, pad.w, behind.relu, behind.pool});
          net.linear(2);
          check_exactly(net, seed, two_batch_sizes());
        }
      }
    }
  }
  CHECK_CASES(5 * 4 * 4 * 2 * 2);
}

TEST(lanes_pools_and_relus_of_their_own_are_exact) {
  const std::vector<FusedNet> nets = {
      // Windows that overlap, leave gaps, cover the plane, or hold 256 values.
      FusedNet(2, 9, 8).conv({3, 2, 2}).pool(3, 3, 2, 2).linear(2),
      FusedNet(2, 7, 8).conv({3, 1, 1}).pool(3, 2, 1, 2).linear(2),
      FusedNet(2, 8, 9).conv({3, 1, 1}).pool(2, 3, 1, 1).linear(2),
      FusedNet(1, 8, 9).conv({2, 1, 1}).pool(2, 2, 3, 3).linear(2),
      FusedNet(1, 5, 4).conv({7, 1, 1}).pool(5, 4, 1, 1).linear(2),
      FusedNet(1, 17, 18).conv({2, 1, 1}).pool(16, 16, 1, 1).linear(2),
      FusedNet(1, 2, 256).conv({2, 1, 1}).pool(1, 256, 1, 1).linear(2),
      FusedNet(1, 4, 5).conv({2, 1, 1}).pool(1, 1, 1, 1).linear(2),
      // Before every parameter: no gradient goes through them.
      FusedNet(2, 9, 8).pool(2, 3, 1, 2).conv({3, 2, 2}).linear(2),
      FusedNet(2, 9, 8).relu().pool(2, 2, 2, 2).linear(2),
      // Into and out of margins.
      FusedNet(2, 7, 6).conv({3, 2, 2}).pool(2, 2, 1, 1).conv({2, 3, 3, 1, 1, 2, 1}).linear(2),
      FusedNet(2, 7, 6).conv({3, 2, 2}).relu().conv({2, 3, 3, 1, 1, 1, 2}).relu().linear(2),
      FusedNet(1, 7, 6).relu().conv({3, 3, 3, 1, 1, 1, 2}).relu().linear(2),
      FusedNet(1, 6, 7)
          .conv({3, 3, 3, 1, 1, 2, 2, true, true})
          .conv({2, 3, 2, 1, 1, 2, 1, true, true})
          .conv({4, 2, 2, 1, 1, 1, 1})
          .linear(2),
      FusedNet(1, 6, 7).conv({3, 2, 2}).relu().relu().pool(2, 2, 2, 2).pool(2, 1, 1, 1).linear(2),
      FusedNet(1, 9, 8).linear(6).relu().linear(2),
      FusedNet(1, 3, 3).linear(16).pool(1, 1, 1, 1).conv({3, 1, 1}).linear(2),
  };
  uint64_t seed = 3000;
  for (const FusedNet& net : nets) check_exactly(net, ++seed, batch_sizes());
  CHECK_CASES(17 * 5);
}

TEST(lanes_linear_layers_are_exact) {
  // Tiles of 12 outputs, or of 12 inputs backward; weight gradients of 6 or 12 rows by 2 vectors.
  uint64_t seed = 4000;
  for (int64_t in : {1, 3, 4, 5, 8, 9, 15, 16, 17, 31, 32, 33, 65}) {
    for (int64_t hidden : {1, 5, 6, 7, 11, 12, 13, 25}) {
      ++seed;
      check_exactly(FusedNet(1, 1, in).linear(hidden, seed % 2 == 0).linear(2), seed,
                    two_batch_sizes());
    }
    check_exactly(FusedNet(1, 1, in).linear(2, in % 2 == 0), ++seed, batch_sizes());
  }
  CHECK_CASES(13 * (8 * 2 + 5));
}

// Image by image or all at once: the lanes of an incomplete block that have no image, and repeat
// one, count for nothing.
TEST(lanes_batches_are_sums_of_their_parts) {
  const int64_t width = kernels().vector_width;
  FusedRunner runner;
  for (const FusedNet& net :
       {FusedNet(1, 9, 8).conv({3, 3, 3, 1, 1, 0, 1, true, true}).linear(5, true).linear(2),
        FusedNet(2, 7, 9).conv({5, 1, 2}).conv({4, 5, 5, 1, 1, 1, 0, true, true}).linear(2),
        FusedNet(2, 6, 7).conv({3, 2, 2, 1, 2}).relu().pool(2, 2, 1, 1).linear(2)}) {
    for (int64_t rest = 1; rest < width; ++rest) {
      if (!next_case()) continue;
      problem("%lld + %lld images, %s", static_cast<long long>(width), static_cast<long long>(rest),
              net.text().c_str());
      Random random(static_cast<uint64_t>(rest));
      const FusedImages data = random_images(net, random, width + rest, 3, 1.0f, -1.0f, 1);
      const Floats parameters = net.whole_parameters(random);
      LanePlan plan = net.plan();
      const auto run = [&](int64_t begin, int64_t end) {
        std::vector<uint32_t> indices;
        for (int64_t i = begin; i < end; ++i) indices.push_back(static_cast<uint32_t>(i));
        return runner.run(plan, net, data, indices, parameters, 1.0f);
      };
      const FusedResult all = run(0, width + rest), block = run(0, width);
      const FusedResult tail = run(width, width + rest);
      Doubles sum = widen(block.gradients);
      for (size_t i = 0; i < sum.size(); ++i) sum[i] += static_cast<double>(tail.gradients[i]);
      CHECK_NONE(difference(all.gradients, sum));
      CHECK_EQUAL(all.trained.loss, block.trained.loss + tail.trained.loss);
    }
  }
  CHECK_CASES(3 * (width - 1));
}

}  // namespace rownet::test
