#include "scratch.h"

#include <cstdint>
#include <cstdlib>
#include <memory>
#include <new>

namespace rownet {

namespace {

constexpr size_t kAlignment = 64;

struct Free {
  void operator()(float* memory) const { std::free(memory); }
};

struct Buffer {
  std::unique_ptr<float, Free> memory;
  size_t floats = 0;
};

thread_local Buffer buffer;

}  // namespace

size_t floats_of(std::initializer_list<int64_t> sizes) {
  constexpr int64_t kMost = int64_t{1} << 56;
  int64_t product = 1;
  for (int64_t size : sizes) {
    if (size != 0 && product > kMost / size) throw std::bad_alloc();
    product *= size;
  }
  return static_cast<size_t>(product);
}

float* scratch(size_t floats) {
  if (floats > buffer.floats) {
    buffer.memory.reset();
    buffer.floats = 0;
    const size_t rounded = cache_lines(floats);
    if (rounded < floats || rounded > SIZE_MAX / sizeof(float)) throw std::bad_alloc();
    void* memory = std::aligned_alloc(kAlignment, rounded * sizeof(float));
    if (memory == nullptr) throw std::bad_alloc();
    buffer.memory.reset(static_cast<float*>(memory));
    buffer.floats = rounded;
  }
  return buffer.memory.get();
}

}  // namespace rownet
