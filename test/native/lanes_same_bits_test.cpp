// What a plan gives depends neither on the number of threads nor on what it computed before.
#include <atomic>
#include <chrono>
#include <limits>
#include <thread>

#include "fused_nets.h"
#include "harness.h"
#include "kernel_table.h"
#include "threads.h"

namespace rownet::test {

namespace {

constexpr float kNan = std::numeric_limits<float>::quiet_NaN();

struct Problem {
  FusedImages images;
  Floats parameters;
  std::vector<uint32_t> indices;

  Problem(const FusedNet& net, int64_t count, uint64_t seed) {
    Random random(seed);
    images = random_images(net, random, 40, 255, 1.0f / 64.0f, -2.0f, net.classes());
    parameters = net.real_parameters(random);
    indices = random_indices(random, count, 40, kernels().vector_width);
  }
};

FusedResult run(LanePlan& plan, const FusedNet& net, const Problem& p, int64_t count) {
  FusedRunner runner;
  const std::vector<uint32_t> batch(p.indices.begin(), p.indices.begin() + count);
  return runner.run(plan, net, p.images, batch, p.parameters, 0.125f);
}

FusedResult run_fresh(const FusedNet& net, const Problem& p, int64_t count, bool winograd) {
  LanePlan plan = net.plan(winograd);
  return run(plan, net, p, count);
}

// Fills a plan's memory with NaN, and leaves it so in all that the next batch does not overwrite.
void spoil(LanePlan& plan, const FusedNet& net, int64_t count) {
  Problem p(net, count, 9);
  p.images.scale = kNan;
  for (float& value : p.parameters) value = kNan;
  const FusedResult result = run(plan, net, p, count);
  CHECK(result.trained.loss != result.trained.loss);
}

}  // namespace

TEST(lanes_have_the_same_bits_on_any_threads) {
  const int64_t width = kernels().vector_width;
  std::vector<FusedNet> nets = mixed_nets();
  nets.push_back(fused_lenet5());
  for (const FusedNet& net : nets) {
    for (int64_t i = 0; i < 6; ++i) {
      const bool winograd = i % 2 == 1;
      const int64_t count = i / 2 == 0 ? 1 : i / 2 == 1 ? width + 1 : 5 * width + 2;
      const Problem p(net, count, 3);
      set_thread_count(1);
      const FusedResult expected = run_fresh(net, p, count, winograd);
      LanePlan kept = net.plan(winograd);
      for (int threads : {2, 3, 7}) {
        if (!next_case()) continue;
        problem("%d threads, %lld images, %s", threads, static_cast<long long>(count),
                net.text().c_str());
        set_thread_count(threads);
        CHECK_NONE(difference_in_bits(run_fresh(net, p, count, winograd), expected));
        // A plan made and used under fewer threads, whose memory grows.
        CHECK_NONE(difference_in_bits(run(kept, net, p, count), expected));
      }
      set_thread_count(2);
      problem("2 threads after 7, %s", net.text().c_str());
      CHECK_NONE(difference_in_bits(run(kept, net, p, count), expected));
    }
  }
  CHECK_CASES(17 * 2 * 3 * 3);
}

// Another worker_thread may call setThreads at any time. Each plan is new, so that its memory is for
// the threads of its one call; packing the weights of the second convolution takes long enough to
// change them in between.
TEST_ONCE(lanes_use_as_many_threads_as_they_took_memory_for) {
  FusedNet net(1, 8, 8);
  net.conv({64, 3, 3}).conv({256, 5, 5, 1, 1, 0, 0, true, true}).linear(10);
  const int64_t count = 8 * kernels().vector_width;
  const Problem p(net, count, 5);
  const ByteBatch batch{p.images.bytes.data(), p.images.labels.data(), p.indices.data(), count,
                        p.images.scale,        p.images.shift};
  std::vector<int32_t> predictions(static_cast<size_t>(count));
  const auto evaluate = [&] {
    LanePlan plan = net.plan(true);
    return plan.evaluate(batch, p.parameters.data(), nullptr, predictions.data()).loss;
  };
  set_thread_count(1);
  const double expected = evaluate();
  std::atomic<bool> done{false};
  std::thread other([&] {
    for (int change = 0; !done; ++change) {
      set_thread_count(change % 2 == 0 ? 8 : 1);
      std::this_thread::sleep_for(std::chrono::microseconds(300));
    }
  });
  for (int round = 0; round < 300; ++round) {
    if (!next_case()) continue;
    problem("round %d, 1 and 8 threads in turns, %s", round, net.text().c_str());
    CHECK_EQUAL(evaluate(), expected);
  }
  done = true;
  other.join();
  CHECK_CASES(300);
}

TEST(lanes_plans_forget_what_they_computed) {
  const int64_t width = kernels().vector_width;
  std::vector<FusedNet> nets = mixed_nets();
  nets.push_back(fused_lenet5());
  for (const FusedNet& net : nets) {
    const Problem p(net, 3 * width + 1, 4);
    for (bool winograd : {false, true}) {
      LanePlan kept = net.plan(winograd), spoilt = net.plan(winograd);
      // Growing, shrinking and the same again.
      for (int64_t count : {width + 1, 3 * width + 1, int64_t{1}, width, 2 * width - 1, int64_t{0},
                            width - 1, width - 1}) {
        if (!next_case()) continue;
        problem("%lld images, %s", static_cast<long long>(count), net.text().c_str());
        const FusedResult expected = run_fresh(net, p, count, winograd);
        CHECK_NONE(difference_in_bits(run(kept, net, p, count), expected));
        spoil(spoilt, net, 3 * width);
        CHECK_NONE(difference_in_bits(run(spoilt, net, p, count), expected));
      }
    }
  }
  CHECK_CASES(17 * 2 * 8);
}

}  // namespace rownet::test
