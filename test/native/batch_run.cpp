#include "batch_run.h"

#include <algorithm>
#include <cmath>

#include "compare.h"
#include "harness.h"
#include "kernel_table.h"
#include "threads.h"
#include "updates.h"

namespace rownet::test {

namespace {

constexpr int64_t kImages = 40, kClasses = kBatchClasses;
constexpr float kScale = 1.0f / 64.0f, kShift = -2.0f;

size_t size(int64_t n) { return static_cast<size_t>(n); }

}  // namespace

BatchStart::BatchStart(const BatchNet& net, uint64_t seed, int64_t count) {
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

ByteBatch BatchStart::batch() const {
  return {bytes.data(), labels.data(), indices.data(), static_cast<int64_t>(indices.size()),
          kScale,       kShift,        values.data()};
}

Batch BatchStart::images(const BatchNet& net) const {
  Batch x{static_cast<int64_t>(indices.size()), net.input, {}};
  for (uint32_t index : indices) {
    for (int64_t i = 0; i < net.input.size(); ++i) {
      const uint8_t byte = bytes[size(static_cast<int64_t>(index) * net.input.size() + i)];
      x.values.push_back(static_cast<double>(static_cast<float>(byte) * kScale + kShift));
    }
  }
  return x;
}

namespace {

double reference_loss(const BatchNet& net, const BatchStart& start, const Criterion& criterion,
                      Pass pass) {
  Batch at = start.images(net);
  for (const auto& step : net.forward) at = step(at, pass);
  double total = 0.0;
  for (size_t i = 0; i < start.indices.size(); ++i) {
    const uint32_t image = start.indices[i];
    total += loss_of(criterion, kClasses, at.values.data() + i * size(kClasses),
                     start.values.data() + image * size(kClasses), start.labels[image]);
  }
  return total;
}

std::vector<int64_t> batch_sizes(bool whole_blocks) {
  const int64_t width = kernels().vector_width;
  return whole_blocks ? std::vector<int64_t>{width, width + 1}
                      : std::vector<int64_t>{1, 2 * width + 3};
}

}  // namespace

void check_gradients(const NamedNet& one, uint64_t seed, int64_t most,
                     const std::vector<Criterion>& criteria) {
  for (const Criterion& loss : criteria) {
    for (int64_t count : batch_sizes(++seed % 3 == 0)) {
      if (!next_case()) continue;
      problem("%lld images, %s, smoothing %g, %s", static_cast<long long>(count), loss.name,
              static_cast<double>(loss.smoothing), one.name.c_str());
      const BatchNet& net = one.net;
      const BatchStart start(net, seed, count);
      const Draw draw{seed << 31, seed};
      LanePlan plan = net.plan(loss.name, loss.smoothing);
      CHECK_EQUAL(plan.parameters(), net.parameters);
      CHECK_EQUAL(plan.buffers(), net.buffers);
      Floats gradients(start.parameters.size()), moved = start.buffers;
      const LossSum sum = plan.train_step(start.batch(), start.parameters.data(), gradients.data(),
                                          {1.0f, moved.data(), draw});

      Doubles parameters = widen(start.parameters), buffers = widen(start.buffers);
      const double expected = reference_loss(net, start, loss, {parameters, buffers, true, draw});
      CHECK(std::fabs(sum.loss - expected) <= 1e-4 * (1.0 + std::fabs(expected)));
      if (net.buffers > 0) check_near(moved, buffers);
      Floats taken;
      Doubles slopes;
      const int64_t every = std::max<int64_t>(1, net.parameters / most);
      for (size_t at = seed % size(every); at < parameters.size(); at += size(every)) {
        double& parameter = parameters[at];
        const auto loss_at = [&](double value) {
          parameter = value;
          Doubles unused = widen(start.buffers);
          return reference_loss(net, start, loss, {parameters, unused, true, draw});
        };
        const double here = parameter, step = 1e-5;
        slopes.push_back((loss_at(here + step) - loss_at(here - step)) / (2.0 * step));
        parameter = here;
        taken.push_back(gradients[at]);
      }
      check_near(taken, slopes);

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

void check_same_bits(const NamedNet& one, const Criterion& loss) {
  const int64_t width = kernels().vector_width;
  constexpr int kSteps = 4;
  for (const char* rule : {"sgd", "adam"}) {
    if (!next_case()) continue;
    const BatchNet& net = one.net;
    const BatchStart start(net, 7, 2 * width + 3);
    const std::vector<UpdateSegment> segments = {{0, net.parameters, 0.125f, 1.0f}};
    struct State {
      Floats parameters, buffers, first, second;
      double loss;
    };
    const auto take = [&](LanePlan& plan, State& at, int step) {
      Update update{find_update_rule(rule), {}, segments.data(), 1, {at.first.data(), nullptr}};
      const bool adam = std::string(rule) == "adam";
      const std::vector<float> numbers = adam ? std::vector<float>{0.01f, 0.9f, 0.99f, 1e-8f, 2, 3}
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
      LanePlan fresh = net.plan(loss.name, loss.smoothing);
      take(fresh, at, step);
      CHECK(std::isfinite(at.loss));
      expected.push_back(at);
    }
    for (int threads : {1, 2, 3, 7}) {
      set_thread_count(threads);
      LanePlan plan = net.plan(loss.name, loss.smoothing);
      State now{start.parameters, start.buffers, zeros, zeros, 0.0};
      for (int step = 0; step < kSteps; ++step) {
        problem("step %d on %d threads, %s, %s, %s", step, threads, rule, loss.name,
                one.name.c_str());
        take(plan, now, step);
        const State& wanted = expected[static_cast<size_t>(step)];
        CHECK_NONE(difference_in_bits(now.parameters, wanted.parameters));
        CHECK_NONE(difference_in_bits(now.buffers, wanted.buffers));
        CHECK_NONE(difference_in_bits(now.first, wanted.first));
        CHECK_EQUAL(now.loss, wanted.loss);
        // Evaluation in between leaves nothing behind.
        std::vector<int32_t> predictions(start.indices.size());
        plan.evaluate(start.batch(), now.parameters.data(), now.buffers.data(), predictions.data());
      }
    }
  }
}

}  // namespace rownet::test
