// activations.h: what is made of an activation: the loops of rows, a step of lanes, and what is fused
// behind convolution and linear steps.
//
// A row of activations.inc names a struct with the activation and its derivative on a vector, and
//   kMonotonic    it never falls: max-pooling may go before it, where it has fewer values to work on
//   kFromOutput   its gradient follows from y alone: it may be fused, so that x is never stored
//   kInRegisters  so few operations that a kernel makes them before its store; the others go over
//                 what it has stored once more
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
  static constexpr bool kIdentity = true;
  static Vec backward(Vec dy, Vec, Vec) { return dy; }
};

// Calls body with an object of the activation's type.
template <typename Body>
inline void with_activation(Activation a, const Body& body) {
  switch (a) {
#define ROWNET_ACTIVATION(Type) \
  case Activation::k##Type:     \
    return body(Type{});
#include "layers/activations.inc"
#undef ROWNET_ACTIVATION
    case Activation::kNone:
      return body(Identity{});
  }
}

template <typename A>
void activation_forward_loop(int64_t n, const float* x, float* y) {
  int64_t i = 0;
  for (; i + kWidth <= n; i += kWidth) store(y + i, A::forward(load(x + i)));
  if (i < n) store_n(y + i, n - i, A::forward(load_n(x + i, n - i)));
}

// x: not read where the gradient follows from y. dx may be dy.
template <typename A>
void activation_backward_loop(int64_t n, const float* x, const float* y, const float* dy,
                              float* dx) {
  int64_t i = 0;
  for (; i + kWidth <= n; i += kWidth) {
    const Vec xv = A::kFromOutput ? zero() : load(x + i);
    store(dx + i, A::backward(load(dy + i), xv, load(y + i)));
  }
  if (i == n) return;
  const Vec xv = A::kFromOutput ? zero() : load_n(x + i, n - i);
  store_n(dx + i, n - i, A::backward(load_n(dy + i, n - i), xv, load_n(y + i, n - i)));
}

constexpr ActivationRow kActivations[] = {
#define ROWNET_ACTIVATION(Type)   \
  {Type::kName,                   \
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

// What a kernel does before its store.
inline Vec finish(Activation a, Vec v) {
  switch (a) {
#define ROWNET_ACTIVATION(Type) \
  case Activation::k##Type:     \
    return Type::kInRegisters ? Type::forward(v) : v;
#include "layers/activations.inc"
#undef ROWNET_ACTIVATION
    case Activation::kNone:
      break;
  }
  return v;
}

// What is left to do for n floats that a kernel has stored.
inline void finish_stored(Activation a, int64_t n, float* y) {
  if (a == Activation::kNone || row_of(a).in_registers) return;
  row_of(a).forward(n, y, y);
}

// y may be x.
inline void activate(Activation a, int64_t n, const float* x, float* y) {
  if (a != Activation::kNone) row_of(a).forward(n, x, y);
}

inline void activation_backward(Activation a, int64_t n, const float* x, const float* y,
                                const float* dy, float* dx) {
  if (a != Activation::kNone) row_of(a).backward(n, x, y, dy, dx);
}

// As the field `activation` names it; kNone where it is not there.
inline Activation read_activation(const StepReader& fields) {
  const char* name = fields.text("activation");
  if (name[0] == '\0') return Activation::kNone;
  int place = 0;
  for (const ActivationRow& row : kActivations) {
    ++place;
    if (strcmp(row.name, name) == 0) return static_cast<Activation>(place);
  }
  fields.refuse("unknown activation");
}

// Of a step that does not keep what it activates.
inline Activation read_fused_activation(const StepReader& fields) {
  const Activation a = read_activation(fields);
  if (a != Activation::kNone && !row_of(a).from_output) fields.refuse("activation needs its input");
  return a;
}

inline bool in_front_of_pool(Activation a) { return a == Activation::kNone || row_of(a).monotonic; }

}  // namespace
}  // namespace rownet
