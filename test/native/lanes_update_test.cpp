// The update at the end of a training step gives the bits of one on its own, timed or not.
#include <algorithm>

#include "compare.h"
#include "fused_nets.h"
#include "harness.h"
#include "kernel_table.h"
#include "lanes/step_clock.h"
#include "threads.h"
#include "updates.h"

namespace rownet::test {

namespace {

// A segment for each array of parameters but the third, whose values must stay.
std::vector<UpdateSegment> segments_of(const FusedNet& net) {
  std::vector<FusedNet::Part> parts = net.parts();
  parts.erase(parts.begin() + 2);
  std::sort(parts.begin(), parts.end(),
            [](const auto& a, const auto& b) { return a.begin < b.begin; });
  std::vector<UpdateSegment> segments;
  for (const FusedNet::Part& part : parts) {
    segments.push_back({part.begin, part.count, part.weight ? 0.125f : 0.0f, 1.0f});
  }
  return segments;
}

}  // namespace

TEST(lanes_update_equals_one_after_the_step) {
  const int64_t width = kernels().vector_width;
  for (const FusedNet& net : {fused_lenet5(), FusedNet(1, 7, 6).linear(13, true).linear(3)}) {
    for (int64_t i = 0; i < 6; ++i) {
      if (!next_case()) continue;
      const int threads = static_cast<int>(i % 3) + 1;
      const bool momentum = i >= 3;
      problem("%d threads, %s momentum, %s", threads, momentum ? "with" : "without",
              net.text().c_str());
      set_thread_count(threads);
      Random random(static_cast<uint64_t>(i));
      const FusedImages data =
          random_images(net, random, 9, 255, 1.0f / 64.0f, -2.0f, net.classes());
      const std::vector<uint32_t> indices = random_indices(random, 2 * width + 1, 9, width);
      const ByteBatch batch{data.bytes.data(), data.labels.data(),
                            indices.data(),    static_cast<int64_t>(indices.size()),
                            data.scale,        data.shift};
      const Floats start = net.real_parameters(random);
      const Floats velocities = random.reals(net.arena());
      const std::vector<UpdateSegment> segments = segments_of(net);
      const reference::SgdStep step{0.25, momentum ? 0.5 : 0.0, momentum, 0.0, 0.0};
      const auto update_of = [&](Floats& state) {
        return sgd(step, segments, momentum ? state.data() : nullptr);
      };
      LanePlan plan = net.plan(true);

      Floats expected = start, gradients(start.size(), 0.0f), wanted = velocities;
      const LossSum plain = plan.train_step(batch, expected.data(), gradients.data(), {0.125f});
      update_segments(update_of(wanted), gradients.data(), expected.data());

      Floats actual = start, moved = velocities;
      const LossSum sum = plan.train_step(batch, update_of(moved), actual.data(), {0.125f});

      CHECK_EQUAL(sum.loss, plain.loss);
      CHECK_NONE(difference_in_bits(actual, expected));
      CHECK_NONE(difference_in_bits(moved, wanted));
      CHECK(difference_in_bits(actual, start) != "");

      const size_t steps = net.steps().size();
      CHECK_EQUAL(plan.times(), static_cast<int64_t>(time_count(steps)));
      Floats timed = start, timed_velocities = velocities, timed_gradients(start.size(), 0.0f);
      constexpr double kGuard = -7.0;
      std::vector<double> seconds(time_count(steps) + 1, kGuard);
      StepContext context{0.125f};
      context.seconds = seconds.data();
      plan.train_step(batch, start.data(), timed_gradients.data(), context);
      CHECK_NONE(difference_in_bits(timed_gradients, gradients));
      CHECK_EQUAL(seconds[kUpdateTime], 0.0);
      const LossSum timed_sum =
          plan.train_step(batch, update_of(timed_velocities), timed.data(), context);
      CHECK_EQUAL(timed_sum.loss, plain.loss);
      CHECK_NONE(difference_in_bits(timed, expected));
      CHECK_NONE(difference_in_bits(timed_velocities, wanted));
      for (size_t place = 0; place < time_count(steps); ++place) {
        problem("time %zu, %d threads, %s", place, threads, net.text().c_str());
        CHECK(seconds[place] > 0.0 && seconds[place] < 10.0);
      }
      CHECK_EQUAL(seconds[time_count(steps)], kGuard);
    }
  }
  CHECK_CASES(2 * 6);
}

}  // namespace rownet::test
