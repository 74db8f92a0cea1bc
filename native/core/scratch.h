// scratch.h: working memory of one calling thread, kept between calls so that a training step
// allocates nothing.
#pragma once

#include <cstddef>
#include <cstdint>
#include <initializer_list>

namespace rownet {

// At least `floats` floats, aligned to a cache line, contents undefined; valid until this thread's
// next call. Throws std::bad_alloc.
float* scratch(size_t floats);

// The product of sizes whose array nobody has allocated yet: with much padding it may leave 64 bits.
// Throws std::bad_alloc above 2^56, so that sums of a few, and their bytes, stay inside.
size_t floats_of(std::initializer_list<int64_t> sizes);

// Rounds a part's size up to whole cache lines, so that threads do not write to shared ones.
constexpr size_t cache_lines(size_t floats) { return (floats + 15) / 16 * 16; }

}  // namespace rownet
