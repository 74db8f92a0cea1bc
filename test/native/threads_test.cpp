// The pool: every element once, one slice a thread, busy and nested callers, resizing.
#include "threads.h"

#include <atomic>
#include <chrono>
#include <memory>
#include <stdexcept>
#include <thread>
#include <vector>

#include "harness.h"

namespace rownet::test {

namespace {

constexpr int kThreadCounts[] = {1, 2, 3, 7};

// How often each element and each slice was visited by one parallel_for.
struct Visits {
  std::vector<std::atomic<int>> elements;
  std::vector<std::atomic<int>> slices;
  std::atomic<int> empty{0}, outside{0};

  Visits(int64_t count, int slice_count)
      : elements(static_cast<size_t>(count)), slices(static_cast<size_t>(slice_count)) {}

  void run() {
    const auto count = static_cast<int64_t>(elements.size());
    parallel_for(
        count, static_cast<int>(slices.size()), [&](int64_t begin, int64_t end, int slice) {
          if (begin >= end) ++empty;
          if (begin < 0 || end > count || slice < 0 || slice >= static_cast<int>(slices.size())) {
            ++outside;
            return;
          }
          ++slices[static_cast<size_t>(slice)];
          for (int64_t i = begin; i < end; ++i) ++elements[static_cast<size_t>(i)];
        });
  }

  bool every_element_is(int times) const {
    for (const auto& visits : elements) {
      if (visits != times) return false;
    }
    return true;
  }

  bool no_slice_above(int times) const {
    for (const auto& visits : slices) {
      if (visits > times) return false;
    }
    return true;
  }
};

}  // namespace

TEST_ONCE(slices_cover_every_element_once) {
  for (int threads : kThreadCounts) {
    set_thread_count(threads);
    CHECK_EQUAL(thread_count(), threads);
    for (int slices : {1, 2, 3, 7, 20}) {
      for (int64_t count : {0, 1, 2, 3, 6, 7, 8, 100, 12345}) {
        if (!next_case()) continue;
        problem("%d threads, %d slices, %lld elements", threads, slices,
                static_cast<long long>(count));
        Visits visits(count, slices);
        visits.run();
        CHECK(visits.every_element_is(1));
        CHECK(visits.no_slice_above(1));
        CHECK_EQUAL(visits.empty.load(), 0);
        CHECK_EQUAL(visits.outside.load(), 0);
      }
    }
  }
  CHECK_CASES(4 * 5 * 9);
}

TEST_ONCE(a_negative_count_runs_nothing) {
  problem("count -1");
  bool ran = false;
  parallel_for(-1, 2, [&](int64_t, int64_t, int) { ran = true; });
  CHECK(!ran);
}

TEST_ONCE(slices_run_on_as_many_threads) {
  for (int threads : kThreadCounts) {
    if (!next_case()) continue;
    problem("%d threads", threads);
    set_thread_count(threads);
    std::vector<std::thread::id> ids(static_cast<size_t>(threads));
    parallel_for(threads, threads, [&](int64_t, int64_t, int slice) {
      ids[static_cast<size_t>(slice)] = std::this_thread::get_id();
    });
    CHECK(ids[0] == std::this_thread::get_id());
    for (size_t i = 0; i < ids.size(); ++i) {
      CHECK(ids[i] != std::thread::id());
      for (size_t j = 0; j < i; ++j) CHECK(ids[i] != ids[j]);
    }
  }
  CHECK_CASES(4);
}

TEST_ONCE(a_nested_call_runs_everything_itself) {
  for (int threads : kThreadCounts) {
    if (!next_case()) continue;
    problem("%d threads", threads);
    set_thread_count(threads);
    std::vector<std::unique_ptr<Visits>> inner;
    for (int i = 0; i < 20; ++i) inner.push_back(std::make_unique<Visits>(100, threads));
    parallel_for(20, threads, [&](int64_t begin, int64_t end, int) {
      for (int64_t i = begin; i < end; ++i) inner[static_cast<size_t>(i)]->run();
    });
    for (const auto& visits : inner) {
      CHECK(visits->every_element_is(1));
      CHECK_EQUAL(visits->outside.load(), 0);
    }
  }
  CHECK_CASES(4);
}

TEST_ONCE(concurrent_callers_each_get_their_result) {
  set_thread_count(3);
  problem("4 callers of 200 loops, 3 threads in the pool, resized meanwhile");
  std::atomic<int> wrong{0};
  std::vector<std::thread> callers;
  for (int caller = 0; caller < 4; ++caller) {
    callers.emplace_back([&] {
      for (int round = 0; round < 200; ++round) {
        Visits visits(50, 7);
        visits.run();
        if (!visits.every_element_is(1) || !visits.no_slice_above(1)) ++wrong;
      }
    });
  }
  for (int round = 0; round < 10; ++round) set_thread_count(1 + round % 4);
  for (std::thread& caller : callers) caller.join();
  CHECK_EQUAL(wrong.load(), 0);
}

TEST_ONCE(many_short_forks) {
  for (int threads : {2, 7}) {
    set_thread_count(threads);
    problem("forks of %d threads, one after another", threads);
    Visits visits(threads, threads);
    int forks = 0;
    for (int round = 0; round < 2000; ++round) {
      if (!next_case()) continue;
      visits.run();
      ++forks;
    }
    CHECK(visits.every_element_is(forks));
  }
  CHECK_CASES(4000);
}

// Workers fall asleep after some 50 us without work, and must wake.
TEST_ONCE(forks_after_a_pause) {
  set_thread_count(3);
  problem("20 forks, 2 ms apart");
  Visits visits(3, 3);
  for (int round = 0; round < 20; ++round) {
    std::this_thread::sleep_for(std::chrono::milliseconds(2));
    visits.run();
  }
  CHECK(visits.every_element_is(20));
}

TEST_ONCE(pools_of_every_size_start_and_stop) {
  for (int round = 0; round < 60; ++round) {
    if (!next_case()) continue;
    const int threads = 1 + round * 7 % 12;
    problem("resize %d to %d threads", round, threads);
    set_thread_count(threads);
    Visits visits(100, threads);
    visits.run();
    CHECK(visits.every_element_is(1));
  }
  CHECK_CASES(60);
}

// The harness has set a number before any test.
TEST_ONCE(a_suggested_number_of_threads_does_not_count_against_one_that_was_set) {
  set_thread_count(2);
  CHECK_EQUAL(suggest_thread_count(5), false);
  CHECK_EQUAL(thread_count(), 2);
}

TEST_ONCE(thread_counts_outside_the_range_are_refused) {
  set_thread_count(2);
  for (int count : {0, -1, kMaxThreads + 1}) {
    problem("set_thread_count(%d)", count);
    std::string message;
    try {
      set_thread_count(count);
    } catch (const std::invalid_argument& error) {
      message = error.what();
    }
    CHECK_EQUAL(message, "threads: expected 1 to 1024 but received " + std::to_string(count));
    CHECK_EQUAL(thread_count(), 2);
  }
}

}  // namespace rownet::test
