// compare.h: what differs between a result and its oracle, in words; empty when nothing does.
//
// Each comparer names the first few differing indices, both values and the number of differences.
// NaN equals NaN here, so that its propagation can be expected; it equals nothing else.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

namespace rownet::test {

using Floats = std::vector<float>;
using Doubles = std::vector<double>;

// actual == expected, element by element; -0 equals +0.
std::string difference(const Floats& actual, const Doubles& expected);

// The same bits.
std::string difference_in_bits(const void* actual, const void* expected, size_t bytes);
std::string difference_in_bits(const Floats& actual, const Floats& expected);

// |actual - expected| <= bound, element by element; bounds are finite and not negative.
std::string difference_beyond(const Floats& actual, const Doubles& expected, const Doubles& bound);

// The bound for a sum of `terms` products of floats, added in any order and grouping, for each
// magnitude = sum of |a||b|: 2 * terms * eps * magnitude, eps = 2^-23. It holds with room for one
// scaling of a and for products that round before they are added; what underflows is added.
// Source: Higham, Accuracy and Stability of Numerical Algorithms, section 3.1 (gamma_n).
Doubles bound_of_sums(int64_t terms, const Doubles& magnitudes);

}  // namespace rownet::test
