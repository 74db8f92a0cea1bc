// args.h: checked access to the arguments of one call from JavaScript.
//
// What is checked here protects memory: kinds, integer ranges (in 64 bits, with overflow), lengths,
// attached and unshared buffers, no overlap between what is written and what is read. What a call
// means is checked in lib/kernels.ts, with friendlier words.
#pragma once

#include <napi.h>

#include <cstdint>
#include <initializer_list>
#include <string>
#include <vector>

#include "rows/window.h"

namespace rownet::bindings {

// Memory of a typed array, attached and at least as long as asked for.
template <typename T>
struct Span {
  T* data;
  size_t size;
};

// Where a span of any type stands.
struct Region {
  uintptr_t begin;
  size_t bytes;

  template <typename T>
  Region(Span<T> span)
      : begin(reinterpret_cast<uintptr_t>(span.data)), bytes(span.size * sizeof(T)) {}
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

  // Beyond the arguments given, undefined.
  Napi::Value next() { return info_[position_++]; }
  // Each reads the next argument; `name` stands in messages.
  bool boolean(const char* name);
  float number(const char* name) { return number(next(), name); }
  // An integer in [low, 2^31 - 1].
  int64_t size(const char* name, int64_t low = 0);
  Window window(const char* name);
  Span<float> floats(const char* name, size_t length) { return floats(next(), name, length); }
  Span<float> floats_or_null(const char* name, size_t length) {
    return floats_or_null(next(), name, length);
  }
  Span<uint8_t> bytes(const char* name) { return bytes(next(), name); }
  Span<uint16_t> uint16s(const char* name, size_t length);
  Span<int32_t> int32s(const char* name, size_t length) { return int32s(next(), name, length); }
  Span<uint32_t> uint32s(const char* name) { return uint32s(next(), name); }
  Span<double> doubles(const char* name, size_t length) { return doubles(next(), name, length); }

  // Throws when `written` shares memory with any of the others.
  void disjoint(const char* name, Region written, const std::vector<Region>& others) const;

  float number(Napi::Value value, const char* name) const;
  Span<float> floats(Napi::Value value, const char* name, size_t length);
  Span<float> floats_or_null(Napi::Value value, const char* name, size_t length);
  Span<double> doubles(Napi::Value value, const char* name, size_t length = 0);
  Span<uint8_t> bytes(Napi::Value value, const char* name);
  Span<int32_t> int32s(Napi::Value value, const char* name, size_t length);
  Span<uint32_t> uint32s(Napi::Value value, const char* name);
  // `value` as an integer in [low, 2^31 - 1].
  int64_t integer(Napi::Value value, const std::string& name, int64_t low = 0) const;
  // a * b, or a RangeError where it leaves 2^53: more than any array holds.
  size_t product(std::initializer_list<int64_t> factors) const;

  [[noreturn]] void fail_type(const char* name, const char* expected) const;
  [[noreturn]] void fail_range(const std::string& message) const;

 private:
  template <typename T>
  Span<T> array(Napi::Value value, const char* name, napi_typedarray_type type,
                const char* type_name, size_t length);

  const Napi::CallbackInfo& info_;
  const char* where_;
  size_t position_ = 0;
};

}  // namespace rownet::bindings
