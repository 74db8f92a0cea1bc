// random.h: repeatable inputs (splitmix64: Steele, Lea & Flood, Fast Splittable Pseudorandom Number
// Generators, 2014).
#pragma once

#include <cstdint>

#include "compare.h"

namespace rownet::test {

class Random {
 public:
  explicit Random(uint64_t seed) : state_(seed) {}

  uint64_t next() {
    uint64_t z = (state_ += 0x9e3779b97f4a7c15u);
    z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9u;
    z = (z ^ (z >> 27)) * 0x94d049bb133111ebu;
    return z ^ (z >> 31);
  }
  // low <= result <= high
  int64_t integer(int64_t low, int64_t high) {
    return low + static_cast<int64_t>(next() % static_cast<uint64_t>(high - low + 1));
  }
  // -1 <= result < 1, with 24 significant bits at most.
  float real() { return static_cast<float>(next() >> 40) * 0x1p-23f - 1.0f; }

  Floats reals(int64_t n) {
    Floats values(static_cast<size_t>(n));
    for (float& value : values) value = real();
    return values;
  }
  // From -limit to limit: products and sums of a few thousand of them are exact in float.
  Floats integers(int64_t n, int64_t limit = 4) {
    Floats values(static_cast<size_t>(n));
    for (float& value : values) value = static_cast<float>(integer(-limit, limit));
    return values;
  }

 private:
  uint64_t state_;
};

inline Doubles widen(const Floats& values) { return Doubles(values.begin(), values.end()); }

inline Doubles magnitudes(const Floats& values) {
  Doubles result = widen(values);
  for (double& value : result) value = value < 0.0 ? -value : value;
  return result;
}

}  // namespace rownet::test
