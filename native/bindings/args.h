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

#include "rows/window.h"

namespace rownet::bindings {

// Memory of a typed array, attached and at least as long as asked for.
template <typename T>
struct Span {
  T* data;
  size_t size;
};

class Args {
 public:
  // `where` names the function in messages.
  Args(const Napi::CallbackInfo& info, const char* where) : info_(info), where_(where) {}

  // Each reads the next argument; `name` stands in messages.
  bool boolean(const char* name);
  float number(const char* name);
  // An integer in [low, 2^31 - 1].
  int64_t size(const char* name, int64_t low = 0);
  Window window(const char* name);
  Span<float> floats(const char* name, size_t length);
  Span<float> floats_or_null(const char* name, size_t length);
  Span<uint8_t> bytes(const char* name);
  Span<uint16_t> uint16s(const char* name, size_t length);
  Span<int32_t> int32s(const char* name, size_t length);
  Span<uint32_t> uint32s(const char* name);
  Span<double> doubles(const char* name, size_t length = 0);

  // Throws when `written` shares memory with any of the others.
  template <typename T>
  void disjoint(const char* name, Span<T> written,
                std::initializer_list<Span<float>> others) const {
    for (Span<float> other : others) {
      check_disjoint(name, written.data, written.size * sizeof(T), other.data,
                     other.size * sizeof(float));
    }
  }

  // `value` as an integer in [low, 2^31 - 1].
  int64_t integer(Napi::Value value, const std::string& name, int64_t low = 0) const;
  // a * b, or a RangeError where it leaves 2^53: more than any array holds.
  size_t product(std::initializer_list<int64_t> factors) const;

  [[noreturn]] void fail_type(const char* name, const char* expected) const;
  [[noreturn]] void fail_range(const std::string& message) const;

 private:
  Napi::Value next();
  template <typename T>
  Span<T> array(Napi::Value value, const char* name, napi_typedarray_type type,
                const char* type_name, size_t length);
  void check_disjoint(const char* name, const void* a, size_t a_bytes, const void* b,
                      size_t b_bytes) const;

  const Napi::CallbackInfo& info_;
  const char* where_;
  size_t position_ = 0;
};

}  // namespace rownet::bindings
