// args.h: checked access to the arguments of one call from JavaScript.
//
// What is checked here protects memory: kinds, integer ranges (in 64 bits, with overflow), lengths,
// attached and unshared buffers, no overlap between what is written and what is read. What a call
// means is checked in lib/kernels.ts, with friendlier words.
#pragma once

#include <napi.h>

#include <cstdint>
#include <string>
#include <vector>

#include "core/operations.h"

namespace rownet::bindings {

// Memory of a typed array, attached and at least as long as asked for.
template <typename T>
struct Span {
  T* data;
  size_t size;
};

// Where a span of any type stands.
struct Region {
  Region() = default;
  Region(const void* data, size_t length)
      : begin(reinterpret_cast<uintptr_t>(data)), bytes(length) {}
  template <typename T>
  Region(Span<T> span) : Region(span.data, span.size * sizeof(T)) {}

  uintptr_t begin = 0;
  size_t bytes = 0;
};

// The same of elements whose type is a value.
struct Memory {
  void* data;
  size_t size;
  Region region;
};

// JavaScript's own getter of ArrayBuffer.prototype.resizable, kept when the addon is loaded. Asking
// the buffer itself could run code of the caller, which could detach what an earlier argument
// points to.
struct Intrinsics {
  explicit Intrinsics(Napi::Env env);
  Napi::FunctionReference resizable;
};

class Args {
 public:
  // `where` names the function in messages.
  Args(const Napi::CallbackInfo& info, const char* where) : info_(info), where_(where) {}

  const char* where() const { return where_; }

  // The next argument; beyond those given, undefined.
  Napi::Value next() { return info_[position_++]; }

  // Each reads a value, or the next argument; `name` stands in messages.
  bool boolean(Napi::Value value, const char* name) const;
  float number(Napi::Value value, const char* name) const;
  std::string text(Napi::Value value, const char* name) const;
  // An integer in [low, 2^31 - 1].
  int64_t integer(Napi::Value value, const std::string& name, int64_t low = 0) const;
  // May run code of the caller, as reading any list or object may.
  Window window(Napi::Value value, const char* name) const;
  template <typename T>
  Span<T> array(Napi::Value value, const char* name, size_t length = 0,
                bool or_null = false) const {
    const Memory memory = this->memory(value, name, element_of<T>(), length, or_null);
    return {static_cast<T*>(memory.data), memory.size};
  }
  Memory memory(Napi::Value value, const char* name, Element element, size_t length,
                bool or_null) const;

  float number(const char* name) { return number(next(), name); }
  int64_t size(const char* name, int64_t low = 0) { return integer(next(), name, low); }

  // Throws when `written` shares memory with any of the others.
  void disjoint(const char* name, Region written, const std::vector<Region>& others) const;
  // a * b, or a RangeError where it leaves 2^53: more than any array holds.
  size_t product(const std::vector<int64_t>& factors) const;

  [[noreturn]] void fail_type(const char* name, const char* expected) const;
  [[noreturn]] void fail_range(const std::string& message) const;

 private:
  const Napi::CallbackInfo& info_;
  const char* where_;
  size_t position_ = 0;
};

}  // namespace rownet::bindings
