// activations.h: what is made of an activation: the loops of rows, a step of lanes, and what is fused
// behind convolution and linear steps.
//
// A row of activations.inc names a struct with the activation and its derivative on a vector, and
//   kMonotonic    it never falls: max-pooling may go before it, where it has fewer values to work on
//   kFromOutput   its gradient follows from y alone: it may be fused, so that x is never stored
//   kInRegisters  so few operations that a kernel makes them before its store; the others go over
//                 what it has stored once more
// One that takes a number is a struct of that float, names it as kNumber, and is not kInRegisters. With
// a number below 0 it is taken to be neither monotonic nor to have its gradient from y.
#pragma once

#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include "isa/vec.h"
#include "lanes/lane_op.h"
#include "layers/activation_row.h"

#define ROWNET_ACTIVATION(Type)
#include "layers/activations.inc"
#undef ROWNET_ACTIVATION

namespace rownet {

enum class Activation : int {
  kNone,
#define ROWNET_ACTIVATION(Type) k##Type,
#include "layers/activations.inc"
#undef ROWNET_ACTIVATION
};

namespace {

// What stands for kNone.
struct Identity {
  static Vec backward(Vec dy, Vec, Vec) { return dy; }
};
template <typename A>
constexpr bool kIsIdentity = false;
template <>
constexpr bool kIsIdentity<Identity> = true;

// An object of the activation's type, with its number where it takes one.
template <typename A>
inline A with_number(float number) {
  if constexpr (__is_empty(A)) {
    return A{};
  } else {
    return A{number};
  }
}
template <typename A>
constexpr const char* number_name() {
  if constexpr (__is_empty(A)) {
    return nullptr;
  } else {
    return A::kNumber;
  }
}

// Calls body with an object of the activation's type.
template <typename Body>
inline void with_activation(ActivationUse a, const Body& body) {
  switch (a.kind) {
#define ROWNET_ACTIVATION(Type) \
  case Activation::k##Type:     \
    return body(with_number<Type>(a.number));
#include "layers/activations.inc"
#undef ROWNET_ACTIVATION
    case Activation::kNone:
      return body(Identity{});
  }
}

template <typename A>
void activation_forward_loop(float number, int64_t n, const float* x, float* y) {
  const A a = with_number<A>(number);
  int64_t i = 0;
  for (; i + kWidth <= n; i += kWidth) store(y + i, a.forward(load(x + i)));
  if (i < n) store_n(y + i, n - i, a.forward(load_n(x + i, n - i)));
}

// x: not read where the gradient follows from y. dx may be dy.
template <typename A>
void activation_backward_loop(float number, int64_t n, const float* x, const float* y,
                              const float* dy, float* dx) {
  const A a = with_number<A>(number);
  const bool from_output = A::kFromOutput && (__is_empty(A) || !(number < 0.0f));
  int64_t i = 0;
  for (; i + kWidth <= n; i += kWidth) {
    const Vec xv = from_output ? zero() : load(x + i);
    store(dx + i, a.backward(load(dy + i), xv, load(y + i)));
  }
  if (i == n) return;
  const Vec xv = from_output ? zero() : load_n(x + i, n - i);
  store_n(dx + i, n - i, a.backward(load_n(dy + i, n - i), xv, load_n(y + i, n - i)));
}

constexpr ActivationRow kActivations[] = {
#define ROWNET_ACTIVATION(Type)   \
  {Type::kName,                   \
   number_name<Type>(),           \
   Type::kMonotonic,              \
   Type::kFromOutput,             \
   Type::kInRegisters,            \
   activation_forward_loop<Type>, \
   activation_backward_loop<Type>},
#include "layers/activations.inc"
#undef ROWNET_ACTIVATION
};

// `a` is not kNone.
inline const ActivationRow& row_of(Activation a) { return kActivations[static_cast<int>(a) - 1]; }

template <typename A>
inline Vec finish_by(Vec v) {
  if constexpr (A::kInRegisters) {
    return A::forward(v);
  } else {
    return v;
  }
}

// What a kernel does before its store.
inline Vec finish(Activation a, Vec v) {
  switch (a) {
#define ROWNET_ACTIVATION(Type) \
  case Activation::k##Type:     \
    return finish_by<Type>(v);
#include "layers/activations.inc"
#undef ROWNET_ACTIVATION
    case Activation::kNone:
      break;
  }
  return v;
}

// What is left to do for n floats that a kernel has stored.
inline void finish_stored(ActivationUse a, int64_t n, float* y) {
  if (a.kind == Activation::kNone || row_of(a.kind).in_registers) return;
  row_of(a.kind).forward(a.number, n, y, y);
}

// y may be x.
inline void activate(ActivationUse a, int64_t n, const float* x, float* y) {
  if (a.kind != Activation::kNone) row_of(a.kind).forward(a.number, n, x, y);
}

inline void activation_backward(ActivationUse a, int64_t n, const float* x, const float* y,
                                const float* dy, float* dx) {
  if (a.kind != Activation::kNone) row_of(a.kind).backward(a.number, n, x, y, dy, dx);
}

// As the field `activation` names it, with the field of its number; kNone where it is not there.
inline ActivationUse read_activation(const StepReader& fields) {
  const char* name = fields.text("activation");
  if (name[0] == '\0') return {Activation::kNone, 0.0f};
  int place = 0;
  for (const ActivationRow& row : kActivations) {
    ++place;
    if (strcmp(row.name, name) != 0) continue;
    const float number =
        row.number == nullptr ? 0.0f : static_cast<float>(fields.number(row.number));
    return {static_cast<Activation>(place), number};
  }
  fields.refuse("unknown activation");
}

// Of a step that does not keep what it activates.
inline ActivationUse read_fused_activation(const StepReader& fields) {
  const ActivationUse a = read_activation(fields);
  if (a.kind != Activation::kNone && !is_from_output(row_of(a.kind), a.number))
    fields.refuse("activation needs its input");
  return a;
}

inline bool in_front_of_pool(ActivationUse a) {
  return a.kind == Activation::kNone || is_monotonic(row_of(a.kind), a.number);
}

}  // namespace
}  // namespace rownet
