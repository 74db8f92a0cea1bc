// Layers that need more than their block, in nets of lanes: batch normalization, dropout, activations
// other than ReLU, and the squared error. The oracle is a forward pass in double over the whole
// batch, and its differences along each parameter.
#include "batch_run.h"
#include "harness.h"
#include "updates.h"

namespace rownet::test {

namespace {

constexpr int64_t kClasses = kBatchClasses;
constexpr double kDropped = 0.3;

const std::vector<NamedNet>& nets() {
  static const std::vector<NamedNet> list = {
      {"sigmoid behind convolution and linear",
       BatchNet().conv(3, 3, 1, "sigmoid", false).linear(5, "sigmoid").linear(kClasses, "")},
      {"sigmoid in front of a pool", BatchNet()
                                         .conv(3, 3, 1, "sigmoid", true)
                                         .conv(2, 3, 2, "sigmoid", true)
                                         .linear(kClasses, "")},
      {"sigmoid by Winograd's algorithm", BatchNet()
                                              .conv(4, 1, 0, "sigmoid", false)
                                              .conv(5, 5, 2, "sigmoid", true)
                                              .linear(kClasses, "")},
      {"tanh and leaky ReLU, fused", BatchNet()
                                         .conv(3, 3, 1, "tanh", true)
                                         .conv(2, 3, 2, "leakyRelu", true)
                                         .linear(5, "leakyRelu")
                                         .linear(kClasses, "tanh")},
      {"tanh and leaky ReLU by Winograd's algorithm", BatchNet()
                                                          .conv(4, 1, 0, "tanh", false)
                                                          .conv(5, 5, 2, "leakyRelu", true)
                                                          .linear(kClasses, "")},
      {"tanh and leaky ReLU of their own", BatchNet()
                                               .activation("tanh")
                                               .conv(3, 3, 1, "", false)
                                               .activation("leakyRelu")
                                               .linear(kClasses, "")},
      {"gaps, groups and no bias",
       BatchNet()
           .convolution(4, {0, 0, 0, 0, 3, 2, 1, 1, 2, 1, 2, 2}, false, "relu", true)
           .convolution(4, {0, 0, 0, 0, 3, 3, 1, 1, 1, 1, 1, 1, 4}, true, "sigmoid", false)
           .convolution(6, {0, 0, 0, 0, 2, 3, 2, 1, 1, 2, 1, 2, 2}, false, "", false)
           .linear(4, "relu", false)
           .linear(kClasses, "", false)},
      {"pooled groups",
       BatchNet()
           .convolution(8, {0, 0, 0, 0, 3, 3, 1, 1, 1, 1}, false, "relu", false)
           .convolution(8, {0, 0, 0, 0, 5, 5, 1, 1, 2, 2, 1, 1, 2}, false, "relu", true)
           .convolution(4, {0, 0, 0, 0, 3, 3, 1, 1, 1, 1, 1, 1, 4}, true, "tanh", false)
           .linear(kClasses, "")},
      {"activations of their own", BatchNet()
                                       .conv(3, 3, 1, "", false)
                                       .activation("sigmoid")
                                       .max_pool()
                                       .conv(4, 3, 1, "", false)
                                       .activation("relu")
                                       .linear(kClasses, "sigmoid")},
      {"normalized input",
       BatchNet().batch_norm(true).conv(3, 3, 0, "relu", true).linear(kClasses, "")},
      {"normalization without parameters", BatchNet()
                                               .conv(3, 3, 1, "", false)
                                               .batch_norm(false)
                                               .activation("relu")
                                               .linear(kClasses, "")},
      {"two normalizations between margins", BatchNet()
                                                 .conv(3, 3, 1, "", false)
                                                 .batch_norm(true)
                                                 .activation("relu")
                                                 .max_pool()
                                                 .conv(4, 3, 1, "", false)
                                                 .batch_norm(true)
                                                 .conv(2, 3, 2, "sigmoid", true)
                                                 .linear(kClasses, "")},
      {"activations behind normalizations", BatchNet()
                                                .conv(3, 3, 1, "", false)
                                                .batch_norm(true, false, "relu")
                                                .max_pool()
                                                .conv(4, 3, 1, "", false)
                                                .batch_norm(false, false, "tanh")
                                                .linear(7, "")
                                                .batch_norm(true, true, "leakyRelu")
                                                .linear(kClasses, "")},
      {"normalized scores", BatchNet().linear(kClasses, "").batch_norm(true)},
      {"dropout", BatchNet()
                      .conv(3, 3, 1, "relu", true)
                      .dropout(kDropped)
                      .linear(6, "relu")
                      .dropout(0.5)
                      .linear(kClasses, "")},
      {"dropout of the input",
       BatchNet().dropout(kDropped).conv(3, 3, 1, "relu", false).linear(kClasses, "")},
      {"normalized rows behind a pool of padded windows", BatchNet()
                                                              .conv(3, 3, 1, "", false)
                                                              .padded_pool(false)
                                                              .batch_norm(true, true)
                                                              .linear(kClasses, "")},
      {"means, dropped channels and a softmax", BatchNet()
                                                    .conv(4, 3, 1, "sigmoid", false)
                                                    .dropout(kDropped, true)
                                                    .padded_pool(true)
                                                    .conv(3, 3, 1, "", false)
                                                    .global_avg_pool()
                                                    .linear(kClasses, "")
                                                    .softmax()},
      {"softmax of an image", BatchNet().conv(2, 3, 0, "", false).softmax().linear(kClasses, "")},
      {"everything", BatchNet()
                         .conv(3, 3, 1, "", false)
                         .batch_norm(true)
                         .activation("sigmoid")
                         .dropout(kDropped)
                         .conv(4, 3, 1, "sigmoid", true)
                         .batch_norm(true)
                         .linear(7, "sigmoid")
                         .dropout(0.0)
                         .linear(kClasses, "")},
  };
  return list;
}

}  // namespace

TEST(lanes_layers_learn_nothing_from_no_images) {
  const BatchNet net = BatchNet().conv(3, 3, 1, "", false).batch_norm(true).linear(kClasses, "");
  const BatchStart start(net, 1, 0);
  Floats parameters = start.parameters, buffers = start.buffers;
  Floats gradients(parameters.size(), 1.0f);
  // New plans: nothing has given them memory before.
  LanePlan plan = net.plan("mse"), updated = net.plan("mse");
  const StepContext context{1.0f, buffers.data(), {0, 0}};
  CHECK_EQUAL(plan.train_step(start.batch(), parameters.data(), gradients.data(), context).loss,
              0.0);
  CHECK(gradients == Floats(parameters.size(), 0.0f));
  const std::vector<UpdateSegment> all = {{0, net.parameters, 0.0f, 1.0f}};
  const Update update = sgd({0.5, 0.0, false, 0.0, 1.0}, all, nullptr);
  CHECK_EQUAL(updated.train_step(start.batch(), update, parameters.data(), context).loss, 0.0);
  CHECK(parameters == start.parameters);
  CHECK(buffers == start.buffers);
}

TEST(lanes_layers_give_the_gradients_of_the_whole_batch) {
  uint64_t seed = 0;
  for (const NamedNet& one : nets()) {
    check_gradients(one, seed);
    seed += 2;
  }
  CHECK_CASES(20 * 2 * 2);
}

TEST(lanes_layers_give_the_same_bits_on_any_number_of_threads) {
  for (const NamedNet& one : nets()) check_same_bits(one);
  CHECK_CASES(20 * 2);
}

}  // namespace rownet::test
