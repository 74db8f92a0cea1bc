// The lanes engine against the double reference: integer nets, so that forward is exact and every
// ReLU and maximum, ties among them, takes the same branch; gradients within the bound of their
// sums.
#include <cmath>
#include <limits>
#include <stdexcept>

#include "harness.h"
#include "kernel_table.h"
#include "lanes/plan.h"
#include "lanes_net.h"
#include "memory.h"
#include "random.h"
#include "threads.h"

namespace rownet::test {

namespace {

constexpr int kRandomNets = 120;

Side side_of(int64_t i) { return i % 2 == 0 ? Side::kEnd : Side::kStart; }
size_t size(int64_t n) { return static_cast<size_t>(n); }

// Bytes from 0 to 4, read as -2 to 2, and a batch of them in any order.
struct Images {
  static constexpr int64_t kStored = 23;
  std::vector<uint8_t> bytes, labels;
  std::vector<uint32_t> indices;
  Doubles x;
  std::vector<int32_t> answers;

  Images(const LaneNet& net, int64_t count, Random& random) {
    for (int64_t i = 0; i < kStored * net.input_size(); ++i) {
      bytes.push_back(static_cast<uint8_t>(random.integer(0, 4)));
    }
    for (int64_t i = 0; i < kStored; ++i) {
      labels.push_back(static_cast<uint8_t>(random.integer(0, net.classes - 1)));
    }
    for (int64_t i = 0; i < count; ++i) {
      // The last image is always among them: nothing may be read behind it.
      const int64_t index = i == 0 ? kStored - 1 : random.integer(0, kStored - 1);
      indices.push_back(static_cast<uint32_t>(index));
      answers.push_back(labels[size(index)]);
      for (int64_t p = 0; p < net.input_size(); ++p) {
        x.push_back(bytes[size(index * net.input_size() + p)] - 2.0);
      }
    }
  }
  ByteBatch batch() const {
    return {bytes.data(), labels.data(), indices.data(), static_cast<int64_t>(indices.size()),
            1.0f,         -2.0f};
  }
};

// The longest sum that a gradient of the net is made of.
int64_t terms_of(const LaneNet& net, int64_t count) {
  int64_t terms = count * net.h * net.w + 64;
  for (const LaneStep& s : net.steps) {
    terms += s.kind == LaneStep::Kind::kLinear ? s.out_features : s.out_channels * s.kh * s.kw;
  }
  return terms;
}

int64_t batch_size(int64_t i) {
  const int64_t width = kernels().vector_width;
  const int64_t sizes[] = {1, width - 1, width, width + 1, 2 * width + 3};
  return sizes[i % 5];
}

// Runs body(net, index, images, random) on LeNet-5 and the random nets.
template <typename Body>
void for_nets(const Body& body) {
  for (int64_t i = 0; i <= kRandomNets; ++i) {
    if (!next_case()) continue;
    Random random(size(i));
    const LaneNet net = i == 0 ? lenet5() : random_net(random);
    const int64_t count = batch_size(i + 4);
    problem("net %lld, batch %lld: %s", static_cast<long long>(i), static_cast<long long>(count),
            net.text().c_str());
    const Images images(net, count, random);
    body(net, i, images, random);
  }
}

}  // namespace

TEST(lanes_predict_equals_reference) {
  Guarded<float> x, parameters, logits;
  for_nets([&](const LaneNet& net, int64_t i, const Images& images, Random& random) {
    const Floats params = lane_parameters(net, random);
    const LaneResult expected = reference_step(net, params, images.x, images.answers, 1.0);
    LanePlan plan(net.c, net.h, net.w, net.steps);
    CHECK_EQUAL(plan.input_size(), net.input_size());
    CHECK_EQUAL(plan.classes(), net.classes);
    CHECK_EQUAL(plan.parameters(), net.arena);
    logits.place(static_cast<int64_t>(expected.logits.size()), side_of(i));
    plan.predict(x.place(Floats(images.x.begin(), images.x.end()), side_of(i)),
                 static_cast<int64_t>(images.answers.size()), parameters.place(params, side_of(i)),
                 logits.data());
    CHECK_NONE(difference(logits.values(), expected.logits));
    CHECK_NONE(logits.check());
  });
  CHECK_CASES(1 + kRandomNets);
}

TEST(lanes_train_step_equals_reference) {
  Guarded<float> parameters, gradients;
  Guarded<uint8_t> bytes, labels;
  Guarded<uint32_t> indices;
  for_nets([&](const LaneNet& net, int64_t i, const Images& images, Random& random) {
    const Floats params = lane_parameters(net, random);
    const double scale = i % 2 == 0 ? 1.0 : 0.125;
    const LaneResult expected = reference_step(net, params, images.x, images.answers, scale);
    LanePlan plan(net.c, net.h, net.w, net.steps);
    ByteBatch batch = images.batch();
    batch.images = bytes.place(images.bytes, side_of(i));
    batch.labels = labels.place(images.labels, side_of(i));
    batch.indices = indices.place(images.indices, side_of(i));
    gradients.place(net.arena, side_of(i));
    const LossSum sum = plan.train_step(batch, parameters.place(params, side_of(i)),
                                        static_cast<float>(scale), gradients.data());
    CHECK(std::fabs(sum.loss - expected.loss) <= 1e-5 * (1.0 + std::fabs(expected.loss)));
    CHECK_EQUAL(sum.correct, expected.correct);
    Floats actual;
    Doubles wanted, sums;
    for (size_t p = 0; p < params.size(); ++p) {
      if (net.used[p]) {
        actual.push_back(gradients.data()[p]);
        wanted.push_back(expected.gradient[p]);
        sums.push_back(expected.sums[p]);
      } else {
        CHECK(is_guard(gradients.data() + p));
      }
    }
    CHECK_NONE(difference_beyond(actual, wanted, bound_of_sums(terms_of(net, batch.count), sums)));
    CHECK_NONE(gradients.check());

    std::vector<int32_t> predictions(images.answers.size(), -1);
    const LossSum evaluated = plan.evaluate(batch, parameters.data(), predictions.data());
    CHECK_EQUAL(evaluated.loss, sum.loss);
    CHECK_EQUAL(evaluated.correct, sum.correct);
    CHECK(predictions == expected.predictions);
  });
  CHECK_CASES(1 + kRandomNets);
}

// Whatever the plan computed before, and on any threads.
TEST(lanes_have_the_same_bits_on_any_threads_and_in_a_used_plan) {
  constexpr int kNets = 12;
  for (int64_t i = 0; i < kNets; ++i) {
    Random random(size(i));
    const LaneNet net = i == 0 ? lenet5() : random_net(random);
    // Reals: the sums depend on their order.
    const Floats params = random.reals(net.arena);
    const Images large(net, 9 * kernels().vector_width + 1, random), small(net, 3, random);
    const auto train = [&](LanePlan& plan, const Images& images) {
      Floats result(size(net.arena), 0.0f);
      const LossSum sum = plan.train_step(images.batch(), params.data(), 0.1f, result.data());
      result.push_back(static_cast<float>(sum.loss));
      return result;
    };
    set_thread_count(1);
    LanePlan first(net.c, net.h, net.w, net.steps), second(net.c, net.h, net.w, net.steps);
    const Floats of_large = train(first, large), of_small = train(second, small);
    for (int threads : {1, 2, 3, 7}) {
      if (!next_case()) continue;
      problem("net %lld, %d threads: %s", static_cast<long long>(i), threads, net.text().c_str());
      set_thread_count(threads);
      LanePlan plan(net.c, net.h, net.w, net.steps);
      CHECK_NONE(difference_in_bits(train(plan, small), of_small));
      CHECK_NONE(difference_in_bits(train(plan, large), of_large));
      Floats logits(size(net.classes));
      const Floats picture = random.reals(net.input_size());
      plan.predict(picture.data(), 1, params.data(), logits.data());
      CHECK_NONE(difference_in_bits(train(plan, small), of_small));
      CHECK_NONE(difference_in_bits(train(first, large), of_large));
    }
  }
  CHECK_CASES(kNets * 4);
}

// The lanes of a block are images of their own.
TEST(lanes_keep_nan_within_its_image) {
  constexpr float kNan = std::numeric_limits<float>::quiet_NaN();
  for_nets([&](const LaneNet& net, int64_t i, const Images& images, Random& random) {
    const auto count = static_cast<int64_t>(images.answers.size());
    const Floats params = lane_parameters(net, random);
    Floats x(images.x.begin(), images.x.end());
    LanePlan plan(net.c, net.h, net.w, net.steps);
    Floats expected(size(count * net.classes)), actual(expected.size());
    plan.predict(x.data(), count, params.data(), expected.data());
    const int64_t spoiled = i % count;
    for (int64_t p = 0; p < net.input_size(); ++p) x[size(spoiled * net.input_size() + p)] = kNan;
    plan.predict(x.data(), count, params.data(), actual.data());
    for (int64_t j = 0; j < net.classes; ++j) {
      // Products with a weight of 0 are NaN too, so all of its logits are.
      const size_t at = size(spoiled * net.classes + j);
      CHECK(std::isnan(actual[at]));
      actual[at] = expected[at];
    }
    CHECK_NONE(difference_in_bits(actual, expected));
  });
  CHECK_CASES(1 + kRandomNets);
}

TEST_ONCE(lanes_refuse_steps_that_do_not_fit) {
  const LaneNet net = lenet5();
  const auto reason = [&](void (*change)(std::vector<LaneStep>&)) -> std::string {
    std::vector<LaneStep> steps = net.steps;
    change(steps);
    try {
      LanePlan(net.c, net.h, net.w, steps);
    } catch (const std::invalid_argument& error) {
      return error.what();
    }
    return "";
  };
  using Steps = std::vector<LaneStep>;
  problem("LeNet-5, changed");
  CHECK_EQUAL(reason([](Steps&) {}), "");
  CHECK_EQUAL(reason([](Steps& s) { s.clear(); }), "lanes: no steps");
  CHECK_EQUAL(reason([](Steps& s) { s[0].kh = 33; }), "lanes: step 0: window does not fit");
  CHECK_EQUAL(reason([](Steps& s) { s[0].stride_w = 0; }), "lanes: step 0: window does not fit");
  CHECK_EQUAL(reason([](Steps& s) { s[0].pad_h = 5; }),
              "lanes: step 0: padding is not below the kernel");
  CHECK_EQUAL(reason([](Steps& s) { s[1].out_channels = 0; }), "lanes: step 1: no output channels");
  CHECK_EQUAL(reason([](Steps& s) { s[2].in_features = 401; }),
              "lanes: step 2: features differ from the input's size");
  CHECK_EQUAL(reason([](Steps& s) { s[4].out_features = 0; }), "lanes: step 4: no output features");
  CHECK_EQUAL(reason([](Steps& s) { s[3].weight = -1; }),
              "lanes: step 3: negative parameter offset");
}

}  // namespace rownet::test
