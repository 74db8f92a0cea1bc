// Layers that need more than their block, in nets of lanes: batch normalization, dropout, activations
// other than ReLU, and the squared error. The oracle is a forward pass in double over the whole
// batch, and its differences along each parameter.
#include <algorithm>
#include <cmath>

#include "batch_net.h"
#include "compare.h"
#include "harness.h"
#include "kernel_table.h"
#include "reference/training.h"
#include "threads.h"
#include "updates.h"

namespace rownet::test {

namespace {

constexpr int64_t kImages = 40, kClasses = 3;
constexpr float kScale = 1.0f / 64.0f, kShift = -2.0f;
constexpr double kDropped = 0.3;

size_t size(int64_t n) { return static_cast<size_t>(n); }

struct Named {
  const char* name;
  BatchNet net;
};

const std::vector<Named>& nets() {
  static const std::vector<Named> list = {
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

// What a run of a net starts from.
struct Start {
  std::vector<uint8_t> bytes, labels;
  Floats values, parameters, buffers;
  std::vector<uint32_t> indices;

  Start(const BatchNet& net, uint64_t seed, int64_t count) {
    Random random(seed);
    for (int64_t i = 0; i < kImages * net.input.size(); ++i)
      bytes.push_back(static_cast<uint8_t>(random.integer(0, 255)));
    for (int64_t i = 0; i < kImages; ++i)
      labels.push_back(static_cast<uint8_t>(random.integer(0, kClasses - 1)));
    values = random.reals(kImages * kClasses);
    parameters = random.reals(net.parameters);
    buffers = random.reals(net.buffers);
    for (float& value : buffers) value = 1.0f + 0.5f * value;
    indices = random_indices(random, count, kImages, kernels().vector_width);
  }

  ByteBatch batch() const {
    return {bytes.data(), labels.data(), indices.data(), static_cast<int64_t>(indices.size()),
            kScale,       kShift,        values.data()};
  }

  Batch images(const BatchNet& net) const {
    Batch x{static_cast<int64_t>(indices.size()), net.input, {}};
    for (uint32_t index : indices) {
      for (int64_t i = 0; i < net.input.size(); ++i) {
        const uint8_t byte = bytes[size(static_cast<int64_t>(index) * net.input.size() + i)];
        x.values.push_back(static_cast<double>(static_cast<float>(byte) * kScale + kShift));
      }
    }
    return x;
  }
};

double reference_loss(const BatchNet& net, const Start& start, const std::string& loss, Pass pass) {
  Batch at = start.images(net);
  for (const auto& step : net.forward) at = step(at, pass);
  double total = 0.0;
  for (size_t i = 0; i < start.indices.size(); ++i) {
    const double* scores = at.values.data() + i * size(kClasses);
    if (loss == "mse") {
      for (size_t j = 0; j < size(kClasses); ++j) {
        const float value = start.values[start.indices[i] * size(kClasses) + j];
        total += std::pow(scores[j] - static_cast<double>(value), 2);
      }
    } else {
      const int32_t label = start.labels[start.indices[i]];
      double unused[kClasses];
      total += reference::softmax_cross_entropy(1, kClasses, scores, &label, 1.0, unused).loss;
    }
  }
  return total;
}

std::vector<int64_t> batch_sizes(bool whole_blocks) {
  const int64_t width = kernels().vector_width;
  return whole_blocks ? std::vector<int64_t>{width, width + 1}
                      : std::vector<int64_t>{1, 2 * width + 3};
}

}  // namespace

TEST(lanes_layers_learn_nothing_from_no_images) {
  const BatchNet net = BatchNet().conv(3, 3, 1, "", false).batch_norm(true).linear(kClasses, "");
  const Start start(net, 1, 0);
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
  for (const Named& one : nets()) {
    for (const char* loss : {"crossEntropy", "mse"}) {
      for (int64_t count : batch_sizes(++seed % 3 == 0)) {
        if (!next_case()) continue;
        problem("%lld images, %s, %s", static_cast<long long>(count), loss, one.name);
        const BatchNet& net = one.net;
        const Start start(net, seed, count);
        const Draw draw{seed << 31, seed};
        LanePlan plan = net.plan(loss);
        CHECK_EQUAL(plan.parameters(), net.parameters);
        CHECK_EQUAL(plan.buffers(), net.buffers);
        Floats gradients(start.parameters.size()), moved = start.buffers;
        const LossSum sum = plan.train_step(start.batch(), start.parameters.data(),
                                            gradients.data(), {1.0f, moved.data(), draw});

        Doubles parameters = widen(start.parameters), buffers = widen(start.buffers);
        const double expected = reference_loss(net, start, loss, {parameters, buffers, true, draw});
        CHECK(std::fabs(sum.loss - expected) <= 1e-4 * (1.0 + std::fabs(expected)));
        if (net.buffers > 0) check_near(moved, buffers);
        Doubles slopes;
        for (double& parameter : parameters) {
          const auto at = [&](double value) {
            parameter = value;
            Doubles unused = widen(start.buffers);
            return reference_loss(net, start, loss, {parameters, unused, true, draw});
          };
          const double here = parameter, step = 1e-5;
          slopes.push_back((at(here + step) - at(here - step)) / (2.0 * step));
          parameter = here;
        }
        check_near(gradients, slopes);

        // Evaluation moves nothing; few images and blocks agree.
        Doubles kept = widen(moved);
        const double evaluated = reference_loss(net, start, loss, {parameters, kept, false, draw});
        std::vector<int32_t> predictions(start.indices.size());
        const LossSum plain =
            plan.evaluate(start.batch(), start.parameters.data(), moved.data(), predictions.data());
        CHECK(std::fabs(plain.loss - evaluated) <= 1e-4 * (1.0 + std::fabs(evaluated)));
        const Batch images = start.images(net);
        const Floats x(images.values.begin(), images.values.end());
        Floats scores(size(count * kClasses)), alone(size(kClasses));
        plan.predict(x.data(), count, start.parameters.data(), moved.data(), scores.data());
        for (int64_t i = 0; i < count; ++i) {
          plan.predict(x.data() + i * net.input.size(), 1, start.parameters.data(), moved.data(),
                       alone.data());
          for (int64_t j = 0; j < kClasses; ++j) {
            const float a = alone[size(j)], b = scores[size(i * kClasses + j)];
            CHECK(std::fabs(a - b) <= 1e-4f * (1.0f + std::fabs(a)));
          }
        }
      }
    }
  }
  CHECK_CASES(28 * 2 * 2);
}

// Several updated steps by each rule, against plans that are new in each step.
TEST(lanes_layers_give_the_same_bits_on_any_number_of_threads) {
  const int64_t width = kernels().vector_width;
  constexpr int kSteps = 4;
  for (const Named& one : nets()) {
    for (const char* rule : {"sgd", "adam"}) {
      if (!next_case()) continue;
      const BatchNet& net = one.net;
      const Start start(net, 7, 2 * width + 3);
      const std::vector<UpdateSegment> segments = {{0, net.parameters, 0.125f, 1.0f}};
      struct State {
        Floats parameters, buffers, first, second;
        double loss;
      };
      const auto take = [&](LanePlan& plan, State& at, int step) {
        Update update{find_update_rule(rule), {}, segments.data(), 1, {at.first.data(), nullptr}};
        const bool adam = std::string(rule) == "adam";
        const std::vector<float> numbers = adam
                                               ? std::vector<float>{0.01f, 0.9f, 0.99f, 1e-8f, 2, 3}
                                               : std::vector<float>{0.01f, 0.5f, 1.0f};
        std::copy(numbers.begin(), numbers.end(), update.step.numbers);
        if (adam) update.state[1] = at.second.data();
        const Draw draw{3, static_cast<uint64_t>(step)};
        at.loss = plan.train_step(start.batch(), update, at.parameters.data(),
                                  {1.0f / 64.0f, at.buffers.data(), draw})
                      .loss;
      };
      const Floats zeros(start.parameters.size(), 0.0f);
      std::vector<State> expected;
      State at{start.parameters, start.buffers, zeros, zeros, 0.0};
      set_thread_count(1);
      for (int step = 0; step < kSteps; ++step) {
        LanePlan fresh = net.plan("crossEntropy");
        take(fresh, at, step);
        CHECK(std::isfinite(at.loss));
        expected.push_back(at);
      }
      for (int threads : {1, 2, 3, 7}) {
        set_thread_count(threads);
        LanePlan plan = net.plan("crossEntropy");
        State now{start.parameters, start.buffers, zeros, zeros, 0.0};
        for (int step = 0; step < kSteps; ++step) {
          problem("step %d on %d threads, %s, %s", step, threads, rule, one.name);
          take(plan, now, step);
          const State& wanted = expected[static_cast<size_t>(step)];
          CHECK_NONE(difference_in_bits(now.parameters, wanted.parameters));
          CHECK_NONE(difference_in_bits(now.buffers, wanted.buffers));
          CHECK_NONE(difference_in_bits(now.first, wanted.first));
          CHECK_EQUAL(now.loss, wanted.loss);
          // Evaluation in between leaves nothing behind.
          std::vector<int32_t> predictions(start.indices.size());
          plan.evaluate(start.batch(), now.parameters.data(), now.buffers.data(),
                        predictions.data());
        }
      }
    }
  }
  CHECK_CASES(28 * 2);
}

}  // namespace rownet::test
