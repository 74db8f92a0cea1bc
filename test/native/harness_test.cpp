// The comparers and the guarded memory, tested: what they must not let pass.
#include "harness.h"

#include <signal.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmath>
#include <limits>

#include "compare.h"
#include "memory.h"
#include "random.h"

namespace rownet::test {

namespace {

const Floats kValues = {1.0f, 2.0f, 3.0f, 4.0f, 5.0f, 6.0f};  // 2 x 3
const Floats kZeros(6, 0.0f);
const Floats kTransposed = {1.0f, 4.0f, 2.0f, 5.0f, 3.0f, 6.0f};
const float kNan = std::numeric_limits<float>::quiet_NaN();

Floats with(size_t index, float value) {
  Floats values = kValues;
  values[index] = value;
  return values;
}

bool contains(const std::string& text, const std::string& part) {
  return text.find(part) != std::string::npos;
}

}  // namespace

TEST_ONCE(comparers_accept_what_is_equal) {
  CHECK_EQUAL(difference(kValues, widen(kValues)), "");
  CHECK_EQUAL(difference({-0.0f}, {0.0}), "");
  CHECK_EQUAL(difference({kNan, INFINITY}, {NAN, INFINITY}), "");
  CHECK_EQUAL(difference({}, {}), "");
  CHECK_EQUAL(difference_in_bits(kValues, kValues), "");
  CHECK_EQUAL(difference_beyond(kValues, widen(kValues), Doubles(6, 0.0)), "");
  CHECK_EQUAL(difference_beyond({1.25f, -INFINITY}, {1.0, -INFINITY}, {0.25, 0.0}), "");
}

TEST_ONCE(comparers_refuse_what_differs) {
  const Doubles expected = widen(kValues), bound(6, 1e-3);
  const Floats wrong[] = {
      kZeros,
      kTransposed,
      with(0, kNan),
      with(5, kNan),
      with(5, 6.002f),
      with(0, -1.0f),
      with(3, INFINITY),
      Floats(kValues.begin(), kValues.end() - 1),
      Floats(7, 1.0f),
      Floats(),
  };
  for (const Floats& values : wrong) {
    if (!next_case()) continue;
    problem("case of %zu floats, the first of them %g", values.size(),
            values.empty() ? 0.0 : static_cast<double>(values[0]));
    CHECK(difference(values, expected) != "");
    CHECK(difference_beyond(values, expected, bound) != "");
    CHECK(difference_in_bits(values, kValues) != "");
  }
  CHECK_CASES(10);
  CHECK(difference({1.0f}, {NAN}) != "");
  CHECK(difference_beyond({1.0f}, {NAN}, {1.0}) != "");
  CHECK(difference_beyond({INFINITY}, {1.0}, {1.0}) != "");
  CHECK(difference_beyond({INFINITY}, {-INFINITY}, {1.0}) != "");
  CHECK(difference_in_bits({-0.0f}, Floats{0.0f}) != "");
  // A bound that allows everything is a mistake of the test.
  CHECK(difference_beyond({1.0f}, {1.0}, {INFINITY}) != "");
  CHECK(difference_beyond({1.0f}, {1.0}, {NAN}) != "");
  CHECK(difference_beyond({1.0f}, {1.0}, {-1.0}) != "");
  CHECK(difference_beyond({1.0f}, {1.0}, {}) != "");
}

TEST_ONCE(comparers_name_index_and_both_values) {
  CHECK_EQUAL(difference({1.0f, 2.5f, 3.0f}, {1.0, 2.0, 3.0}),
              "1 of 3 differ: [1] expected 2 but received 2.5");
  const std::string beyond = difference_beyond({1.0f, 2.5f}, {1.0, 2.0}, {0.0, 0.25});
  CHECK_EQUAL(
      beyond,
      "1 of 2 differ: [1] expected 2 but received 2.5, an error of 0.5 with a bound of 0.25");
  const std::string many = difference(kZeros, widen(kValues));
  CHECK(contains(many, "6 of 6 differ: [0] expected 1 but received 0; [1]"));
  CHECK(contains(many, "[3]") && !contains(many, "[4]"));
}

TEST_ONCE(bound_of_sums_holds_for_one_ulp_and_not_for_wrong_terms) {
  // One rounding fits; a product too many or too few does not.
  const Doubles bound = bound_of_sums(10, {10.0});
  const float sum = 10.0f;
  CHECK_EQUAL(difference_beyond({std::nextafter(sum, 11.0f)}, {10.0}, bound), "");
  CHECK(difference_beyond({9.99f}, {10.0}, bound) != "");
  // k = 0 and magnitude 0 leave room for no more than an underflow.
  CHECK(difference_beyond({1e-44f}, {0.0}, bound_of_sums(0, {0.0})) != "");
}

TEST_ONCE(failed_checks_end_a_test) {
  const auto fails = [](void (*body)()) {
    try {
      body();
    } catch (const std::exception& error) {
      return contains(error.what(), "harness_test.cpp:");
    }
    return false;
  };
  CHECK(fails([] { CHECK(1 > 2); }));
  CHECK(fails([] { CHECK_EQUAL(1, 2); }));
  CHECK(fails([] { CHECK_NONE(difference(kZeros, widen(kValues))); }));
  CHECK(fails([] { CHECK_CASES(1); }));
  CHECK(!fails([] { CHECK_CASES(0); }));
}

TEST_ONCE(guarded_memory_sees_every_write_outside) {
  Guarded<float> memory;
  for (Side side : {Side::kStart, Side::kEnd}) {
    for (int64_t count : {0, 1, 3, 64, 5000}) {
      if (!next_case()) continue;
      problem("%lld floats at the %s", static_cast<long long>(count),
              side == Side::kStart ? "start" : "end");
      float* data = memory.place(count, side);
      for (int64_t i = 0; i < count; ++i) CHECK(is_guard(data + i));
      CHECK_NONE(memory.check());
      for (int64_t i = 0; i < count; ++i) data[i] = 1.0f;
      CHECK_NONE(memory.check());
      float* const outside = side == Side::kStart ? data + count : data - 1;
      CHECK(is_guard(outside));
      *outside += 0.0f;  // stays NaN, but not the guard's
      CHECK(memory.check() != "");
    }
  }
  CHECK_CASES(10);
}

// In a process of its own, since the fault ends it.
TEST_ONCE(guarded_memory_faults_behind_its_guarded_end) {
  Guarded<float> memory;
  for (Side side : {Side::kStart, Side::kEnd}) {
    for (bool write : {false, true}) {
      if (!next_case()) continue;
      problem("%s beyond the %s", write ? "write" : "read", side == Side::kStart ? "start" : "end");
      volatile float* const data = memory.place(7, side);
      volatile float* const outside = side == Side::kStart ? data - 1 : data + 7;
      const pid_t child = fork();
      CHECK(child >= 0);
      if (child == 0) {
        signal(SIGSEGV, SIG_DFL);
        const rlimit no_core{0, 0};
        setrlimit(RLIMIT_CORE, &no_core);
        if (write) *outside = 1.0f;
        _exit(*outside == 1.0f ? 1 : 2);
      }
      int status = 0;
      CHECK_EQUAL(waitpid(child, &status, 0), child);
      CHECK(WIFSIGNALED(status) && WTERMSIG(status) == SIGSEGV);
    }
  }
  CHECK_CASES(4);
}

}  // namespace rownet::test
