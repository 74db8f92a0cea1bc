// operations.h: the functions that JavaScript calls, as tables; native/bindings makes each callable.
//
// A row has the driver, and its parameters as JavaScript passes them, in the order of the driver:
//   n  classes>0           an integer from 0 or from 1 to 2^31 - 1
//   count=indices          not passed: the elements of that array
//   x[n,c,h,w]  images[]   an array of at least as many elements as the product of these sizes
//   dx?[n]                 may be null
//   y~[n]                  may be another array of the call, but not a part of one
//   window                 a Window, whose n, c, h, w, kh, kw, oh and ow are sizes
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

// The kind of a driver's parameter, and how it gets its value.
template <typename T>
struct Parameter;
template <>
struct Parameter<const Window&> {
  static constexpr ParameterType kType{Kind::kWindow, {}, false};
  static const Window& of(const Value& v) { return v.window; }
};
template <>
struct Parameter<int64_t> {
  static constexpr ParameterType kType{Kind::kSize, {}, false};
  static int64_t of(const Value& v) { return v.size; }
};
template <>
struct Parameter<float> {
  static constexpr ParameterType kType{Kind::kNumber, {}, false};
  static float of(const Value& v) { return v.number; }
};
template <>
struct Parameter<bool> {
  static constexpr ParameterType kType{Kind::kBoolean, {}, false};
  static bool of(const Value& v) { return v.boolean; }
};
template <>
struct Parameter<const char*> {
  static constexpr ParameterType kType{Kind::kText, {}, false};
  static const char* of(const Value& v) { return v.text; }
};
template <typename T>
struct Parameter<T*> {
  using Number = std::remove_const_t<T>;
  static constexpr Element kElement = std::is_same_v<Number, float>      ? Element::kFloat
                                      : std::is_same_v<Number, double>   ? Element::kDouble
                                      : std::is_same_v<Number, uint8_t>  ? Element::kUint8
                                      : std::is_same_v<Number, uint16_t> ? Element::kUint16
                                      : std::is_same_v<Number, int32_t>  ? Element::kInt32
                                                                         : Element::kUint32;
  static_assert(kElement != Element::kUint32 || std::is_same_v<Number, uint32_t>);
  static constexpr ParameterType kType{Kind::kArray, kElement, !std::is_const_v<T>};
  static T* of(const Value& v) { return static_cast<T*>(v.data); }
};

template <auto kDriver>
struct Driver;
template <typename Result, typename... P, Result (*kDriver)(P...)>
struct Driver<kDriver> {
  static constexpr ParameterType kTypes[] = {Parameter<P>::kType...};
  static constexpr bool kHasResult = !std::is_void_v<Result>;
  template <size_t... I>
  static LossSum call(const Value* values, std::index_sequence<I...>) {
    if constexpr (kHasResult) {
      return kDriver(Parameter<P>::of(values[I])...);
    } else {
      kDriver(Parameter<P>::of(values[I])...);
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
  template <size_t kCount>
  constexpr OperationTable(const Operation (&list)[kCount]) : rows(list), count(kCount) {}
  const Operation* rows;
  size_t count;
};

// A line each: the tables, which stand beside their drivers.
#define ROWNET_OPERATIONS(table) extern const OperationTable table;
#include "operations.inc"
#undef ROWNET_OPERATIONS

}  // namespace rownet
