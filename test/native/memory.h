// memory.h: operands between guard pages.
//
// A Guarded array starts exactly behind, or ends exactly before, a page without access rights: one
// float read or written beyond that end is a fault, whatever its value. Behind the open end stand
// guard values, which check() compares.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

namespace rownet::test {

enum class Side { kStart, kEnd };

// Whether the guard value, a NaN, stands here untouched. By address: some machines change a
// signalling NaN that is passed by value.
bool is_guard(const float* value);

class GuardedMemory {
 public:
  GuardedMemory() = default;
  ~GuardedMemory();
  GuardedMemory(const GuardedMemory&) = delete;
  GuardedMemory& operator=(const GuardedMemory&) = delete;

  // `bytes` bytes with the guard page at `side`, filled with guard values. Memory is kept from call
  // to call, and a new call ends the array of the one before.
  unsigned char* place(size_t bytes, Side side);

  // Empty when no byte outside the last placed array was changed.
  std::string check() const;

 private:
  unsigned char* pages_ = nullptr;  // between two guard pages
  size_t capacity_ = 0, begin_ = 0, end_ = 0;
};

// An array of T in guarded memory, all bytes set to the guard's.
template <typename T>
class Guarded {
 public:
  T* place(int64_t count, Side side) {
    size_ = static_cast<size_t>(count);
    data_ = reinterpret_cast<T*>(memory_.place(size_ * sizeof(T), side));
    return data_;
  }
  T* place(const std::vector<T>& values, Side side) {
    place(static_cast<int64_t>(values.size()), side);
    for (size_t i = 0; i < size_; ++i) data_[i] = values[i];
    return data_;
  }
  T* data() const { return data_; }
  std::vector<T> values() const { return std::vector<T>(data_, data_ + size_); }
  std::string check() const { return memory_.check(); }

 private:
  GuardedMemory memory_;
  T* data_ = nullptr;
  size_t size_ = 0;
};

}  // namespace rownet::test
