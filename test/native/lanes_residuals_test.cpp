// Residuals in nets of lanes, tensors that several steps read: chosen ones, and nets that nobody chose. The
// oracle is that of lanes_layers_test.cpp.
#include "batch_run.h"
#include "harness.h"

namespace rownet::test {

namespace {

constexpr int64_t kClasses = kBatchClasses, kDrawn = 16;
constexpr double kDropped = 0.3;

const std::vector<NamedNet>& nets() {
  static const std::vector<NamedNet> list = {
      {"a residual",
       BatchNet()
           .conv(3, 3, 1, "relu", false)
           .residual([](BatchNet& b) { b.conv(4, 3, 1, "relu", false).conv(3, 3, 1, "", false); },
                     [](BatchNet&) {}, "relu")
           .linear(kClasses, "")},
      {"a residual of the input, with a shortcut",
       BatchNet()
           .residual([](BatchNet& b) { b.conv(4, 3, 1, "sigmoid", true).conv(3, 3, 1, "", false); },
                     [](BatchNet& b) { b.conv(3, 3, 1, "tanh", true); }, "sigmoid")
           .conv(2, 3, 2, "relu", true)
           .linear(kClasses, "")},
      {"residuals of linear layers, up to the scores",
       BatchNet()
           .linear(5, "relu")
           .residual([](BatchNet& b) { b.linear(7, "sigmoid").linear(5, ""); })
           .linear(kClasses, "tanh")
           .residual([](BatchNet& b) { b.linear(kClasses, "tanh"); })
           .residual([](BatchNet& b) { b.linear(kClasses, ""); },
                     [](BatchNet& b) { b.linear(kClasses, "", false); })},
      {"activations on the ways of residuals",
       BatchNet()
           .conv(3, 3, 1, "tanh", false)
           .residual([](BatchNet& b) { b.activation("relu"); })
           .residual([](BatchNet& b) { b.activation("sigmoid"); },
                     [](BatchNet& b) { b.activation("leakyRelu"); }, "tanh")
           .residual([](BatchNet&) {})
           .linear(4, "sigmoid")
           .residual([](BatchNet& b) { b.activation("tanh"); })
           .linear(kClasses, "")},
      {"residuals within a residual",
       BatchNet()
           .conv(2, 3, 1, "", false)
           .residual(
               [](BatchNet& b) {
                 b.residual([](BatchNet& c) { c.conv(2, 3, 1, "relu", false); })
                     .residual(
                         [](BatchNet& c) { c.dropout(kDropped, true).conv(2, 1, 0, "", false); },
                         [](BatchNet& c) { c.conv(2, 3, 1, "", false); });
               },
               [](BatchNet& b) {
                 b.residual([](BatchNet& c) { c.activation("tanh"); }).dropout(kDropped);
               })
           .linear(kClasses, "")},
      {"normalized ways of residuals",
       BatchNet()
           .residual([](BatchNet& b) { b.batch_norm(false); })
           .conv(3, 3, 1, "", false)
           .batch_norm(true)
           .activation("sigmoid")
           .residual(
               [](BatchNet& b) {
                 b.conv(3, 3, 1, "", false)
                     .batch_norm(true)
                     .activation("tanh")
                     .conv(3, 3, 1, "", false)
                     .batch_norm(true);
               },
               [](BatchNet& b) { b.conv(3, 1, 0, "", false).batch_norm(true); }, "sigmoid")
           .linear(kClasses, "")},
      {"ways of pools, groups and strides",
       BatchNet()
           .conv(4, 3, 1, "sigmoid", false)
           .residual([](BatchNet& b) { b.padded_pool(true); },
                     [](BatchNet& b) { b.padded_pool(false); })
           .residual(
               [](BatchNet& b) {
                 b.convolution(6, {0, 0, 0, 0, 3, 3, 2, 2, 1, 1, 1, 1, 2}, false, "tanh", false);
               },
               [](BatchNet& b) {
                 b.convolution(6, {0, 0, 0, 0, 1, 1, 2, 2, 0, 0}, true, "", false);
               })
           .global_avg_pool()
           .residual([](BatchNet& b) { b.softmax().linear(6, ""); })
           .linear(kClasses, "")},
      {"a way of features beside one of an image",
       BatchNet()
           .conv(2, 3, 1, "tanh", true)
           .residual([](BatchNet& b) { b.conv(2, 2, 0, "", false); },
                     [](BatchNet& b) { b.linear(8, "sigmoid"); })
           .batch_norm(true, true)
           .linear(kClasses, "")},
      {"by Winograd's algorithm on one way",
       BatchNet()
           .conv(4, 1, 0, "tanh", false)
           .residual([](BatchNet& b) { b.conv(5, 5, 2, "relu", true); },
                     [](BatchNet& b) { b.conv(5, 1, 0, "sigmoid", true); })
           .linear(kClasses, "")},
  };
  return list;
}

// The last is none.
const char* random_activation(Random& random) {
  static const char* const all[] = {"relu", "sigmoid", "tanh", "leakyRelu", ""};
  return all[random.integer(0, 4)];
}

// Gives as many features as it takes: behind a table a linear step, else a convolution.
void product(BatchNet& net, Random& random, int64_t channels) {
  const char* const activation = random_activation(random);
  if (net.shape.h * net.shape.w == 1) {
    net.linear(channels, activation);
    return;
  }
  const int64_t pad = random.integer(0, 2);
  net.conv(channels, 2 * pad + 1, pad, activation, false);
}

// One that gives the shape that it takes, with others in it up to `levels` deep.
void random_residual(BatchNet& net, Random& random, int64_t levels) {
  const int64_t kind = random.integer(0, levels > 0 ? 5 : 3), channels = net.shape.c;
  const char* const end = random_activation(random);
  const auto within = [&](BatchNet& b) { random_residual(b, random, levels - 1); };
  const auto nothing = [](BatchNet&) {};
  const auto two_products = [&](BatchNet& b) {
    product(b, random, random.integer(1, 4));
    if (random.integer(0, 2) == 0) b.batch_norm(true);
    product(b, random, channels);
  };
  if (kind == 0) net.residual(two_products, nothing, end);
  if (kind == 1) {
    net.residual([](BatchNet& b) { b.activation("tanh"); },
                 [&](BatchNet& b) { product(b, random, channels); }, end);
  }
  if (kind == 2) net.residual([](BatchNet& b) { b.dropout(kDropped); }, two_products, end);
  if (kind == 3) net.residual(nothing, [](BatchNet& b) { b.batch_norm(false); }, end);
  if (kind == 4) net.residual(within, within, end);
  if (kind == 5) {
    net.residual(
        [&](BatchNet& b) {
          within(b);
          within(b);
        },
        nothing, end);
  }
}

NamedNet random_net(uint64_t seed) {
  Random random(seed);
  BatchNet net;
  if (random.integer(0, 1) == 0) random_residual(net, random, 1);
  product(net, random, random.integer(1, 4));
  random_residual(net, random, 2);
  if (random.integer(0, 1) == 0) net.padded_pool(random.integer(0, 1) == 0);
  random_residual(net, random, 1);
  if (random.integer(0, 1) == 0) net.linear(random.integer(1, 5), "");
  if (net.shape.h * net.shape.w == 1) random_residual(net, random, 2);
  net.linear(kClasses, "");
  if (random.integer(0, 2) == 0) random_residual(net, random, 1);
  return {"drawn net " + std::to_string(seed), net};
}

}  // namespace

TEST(lanes_residuals_give_the_gradients_of_the_whole_batch) {
  uint64_t seed = 0;
  for (const NamedNet& one : nets()) {
    check_gradients(one, seed);
    seed += 2;
  }
  for (uint64_t i = 0; i < kDrawn; ++i) check_gradients(random_net(i), i, 12);
  CHECK_CASES((9 + kDrawn) * 2 * 2);
}

TEST(lanes_residuals_give_the_same_bits_on_any_number_of_threads) {
  for (const NamedNet& one : nets()) check_same_bits(one);
  for (uint64_t i = 0; i < kDrawn; ++i) check_same_bits(random_net(i));
  CHECK_CASES((9 + kDrawn) * 2);
}

}  // namespace rownet::test
