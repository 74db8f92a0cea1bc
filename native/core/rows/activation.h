// activation.h: the activations of layers/activations.inc over threads.
#pragma once

#include <cstdint>

#include "layers/activation_row.h"

namespace rownet {

// At the level in use; nullptr for a name that is none.
const ActivationRow* find_activation(const char* name);

// y may be x. The name is one of the table, the number what the activation takes.
void activation_forward(const char* kind, float number, int64_t n, const float* x, float* y);

// dx may be dy or y; x may be nullptr where is_from_output.
void activation_backward(const char* kind, float number, int64_t n, const float* x, const float* y,
                         const float* dy, float* dx);

}  // namespace rownet
