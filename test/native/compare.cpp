#include "compare.h"

#include <cfloat>
#include <cmath>
#include <cstring>
#include <sstream>

namespace rownet::test {

namespace {

constexpr size_t kShown = 4;

// Collects differing elements.
class Report {
 public:
  std::ostringstream& next() {
    ++count_;
    if (count_ > kShown) return ignored_;
    text_ << (count_ == 1 ? "" : "; ");
    return text_;
  }

  std::string text(size_t total) const {
    if (count_ == 0) return "";
    std::ostringstream all;
    all << count_ << " of " << total << " differ: " << text_.str();
    if (count_ > kShown) all << "; ...";
    return all.str();
  }

 private:
  std::ostringstream text_ = precise(), ignored_;
  size_t count_ = 0;

  static std::ostringstream precise() {
    std::ostringstream stream;
    stream.precision(17);
    return stream;
  }
};

bool same(double actual, double expected) {
  return actual == expected || (std::isnan(actual) && std::isnan(expected));
}

std::string difference_in_length(size_t actual, size_t expected) {
  return "expected " + std::to_string(expected) + " elements but received " +
         std::to_string(actual);
}

}  // namespace

std::string difference(const Floats& actual, const Doubles& expected) {
  if (actual.size() != expected.size()) {
    return difference_in_length(actual.size(), expected.size());
  }
  Report report;
  for (size_t i = 0; i < actual.size(); ++i) {
    if (same(actual[i], expected[i])) continue;
    report.next() << "[" << i << "] expected " << expected[i] << " but received " << actual[i];
  }
  return report.text(actual.size());
}

std::string difference_in_bits(const void* actual, const void* expected, size_t bytes) {
  // memcmp takes no null pointer, not even for nothing.
  if (bytes == 0 || std::memcmp(actual, expected, bytes) == 0) return "";
  const auto* const a = static_cast<const unsigned char*>(actual);
  const auto* const e = static_cast<const unsigned char*>(expected);
  Report report;
  for (size_t i = 0; i < bytes; ++i) {
    if (a[i] == e[i]) continue;
    report.next() << "byte " << i << " (float " << i / sizeof(float) << ") expected " << int{e[i]}
                  << " but received " << int{a[i]};
  }
  return report.text(bytes);
}

std::string difference_in_bits(const Floats& actual, const Floats& expected) {
  if (actual.size() != expected.size()) {
    return difference_in_length(actual.size(), expected.size());
  }
  return difference_in_bits(actual.data(), expected.data(), actual.size() * sizeof(float));
}

std::string difference_beyond(const Floats& actual, const Doubles& expected, const Doubles& bound) {
  if (actual.size() != expected.size() || bound.size() != expected.size()) {
    return difference_in_length(actual.size() != expected.size() ? actual.size() : bound.size(),
                                expected.size());
  }
  Report report;
  for (size_t i = 0; i < actual.size(); ++i) {
    if (!std::isfinite(bound[i]) || bound[i] < 0.0) {
      report.next() << "[" << i << "] has the bound " << bound[i];
    } else if (!same(actual[i], expected[i]) &&
               // Written so that a NaN differs.
               !(std::fabs(actual[i] - expected[i]) <= bound[i])) {
      report.next() << "[" << i << "] expected " << expected[i] << " but received " << actual[i]
                    << ", an error of " << actual[i] - expected[i] << " with a bound of "
                    << bound[i];
    }
  }
  return report.text(actual.size());
}

Doubles bound_of_sums(int64_t terms, const Doubles& magnitudes) {
  const double n = static_cast<double>(terms < 1 ? 1 : terms);
  Doubles bound(magnitudes.size());
  for (size_t i = 0; i < bound.size(); ++i) {
    bound[i] = 2.0 * n * (FLT_EPSILON * magnitudes[i] + FLT_TRUE_MIN);
  }
  return bound;
}

}  // namespace rownet::test
