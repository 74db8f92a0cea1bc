// operations.h: the functions that JavaScript calls, as tables; native/bindings makes each callable.
//
// A row has the driver, and its parameters as JavaScript passes them, in the order of the driver:
//   n  classes>0           an integer from 0 or from 1 to 2^31 - 1
//   count=indices          not passed: the elements of that array
//   x[n,c,h,w]  images[]   an array of at least as many elements as the product of these sizes
//   dx?[n]                 may be null
//   y~[n]                  may be another array of the call, but not a part of one
//   window                 a Window, whose n, c, h, w, kh, kw, oh, ow and groupc (channels of a group) are
//                          sizes
// What kind each is, and whether an array is written, the types of the driver say. What a call
// writes shares no memory with its other arrays.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <type_traits>
#include <utility>

#include "rows/softmax_cross_entropy.h"
#include "rows/window.h"

namespace rownet {

enum class Kind { kWindow, kSize, kNumber, kBoolean, kText, kArray };
enum class Element { kFloat, kDouble, kUint8, kUint16, kInt32, kUint32 };

struct ParameterType {
  Kind kind;
  Element element;  // of an array
  bool written;
};

// One argument, by its kind.
struct Value {
  Window window;
  int64_t size;  // also the elements of an array
  float number;
  bool boolean;
  const char* text;
  void* data;
};

struct Operation {
  const char* name;
  const char* parameters;
  // What is wrong with values that are of the right kinds and lengths; empty if nothing is.
  // nullptr: nothing can be.
  std::string (*check)(const Value* values);
  const ParameterType* types;
  size_t count;
  bool has_result;
  LossSum (*run)(const Value* values);
};

template <typename T>
constexpr Element element_of() {
  if (std::is_same_v<T, float>) return Element::kFloat;
  if (std::is_same_v<T, double>) return Element::kDouble;
  if (std::is_same_v<T, uint8_t>) return Element::kUint8;
  if (std::is_same_v<T, uint16_t>) return Element::kUint16;
  return std::is_same_v<T, int32_t> ? Element::kInt32 : Element::kUint32;
}

template <typename T>
constexpr ParameterType type_of() {
  if (std::is_same_v<T, const Window&>) return {Kind::kWindow, {}, false};
  if (std::is_same_v<T, int64_t>) return {Kind::kSize, {}, false};
  if (std::is_same_v<T, float>) return {Kind::kNumber, {}, false};
  if (std::is_same_v<T, bool>) return {Kind::kBoolean, {}, false};
  if (std::is_same_v<T, const char*>) return {Kind::kText, {}, false};
  using Number = std::remove_const_t<std::remove_pointer_t<T>>;
  static_assert(!std::is_pointer_v<T> || sizeof(Number) <= 4 || std::is_same_v<Number, double>);
  return {Kind::kArray, element_of<Number>(), !std::is_const_v<std::remove_pointer_t<T>>};
}

template <typename T>
T value_of(const Value& v) {
  if constexpr (std::is_same_v<T, const Window&>)
    return v.window;
  else if constexpr (std::is_same_v<T, int64_t>)
    return v.size;
  else if constexpr (std::is_same_v<T, float>)
    return v.number;
  else if constexpr (std::is_same_v<T, bool>)
    return v.boolean;
  else if constexpr (std::is_same_v<T, const char*>)
    return v.text;
  else
    return static_cast<T>(v.data);
}

template <auto kDriver>
struct Driver;
template <typename Result, typename... P, Result (*kDriver)(P...)>
struct Driver<kDriver> {
  static constexpr ParameterType kTypes[] = {type_of<P>()...};
  static constexpr bool kHasResult = !std::is_void_v<Result>;
  template <size_t... I>
  static LossSum call(const Value* values, std::index_sequence<I...>) {
    if constexpr (kHasResult) {
      return kDriver(value_of<P>(values[I])...);
    } else {
      kDriver(value_of<P>(values[I])...);
      return {};
    }
  }
  static LossSum run(const Value* values) { return call(values, std::index_sequence_for<P...>{}); }
};

template <auto kDriver>
constexpr Operation operation(const char* name, const char* parameters,
                              std::string (*check)(const Value*) = nullptr) {
  using D = Driver<kDriver>;
  return {name,          parameters, check, D::kTypes, sizeof D::kTypes / sizeof *D::kTypes,
          D::kHasResult, D::run};
}

// A check of operations whose window, their first argument, has no padding.
std::string check_no_padding(const Value* values);

struct OperationTable {
  Operation rows[4];  // the last may be without names
};

// A line each: the tables, which stand beside their drivers.
#define ROWNET_OPERATIONS(table) extern const OperationTable table;
#include "operations.inc"
#undef ROWNET_OPERATIONS

}  // namespace rownet
