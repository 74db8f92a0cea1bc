// activation_row.h: an activation as rows, lanes and JavaScript see it; activations.h makes the rows.
#pragma once

#include <stdint.h>

namespace rownet {

struct ActivationRow {
  const char* name;
  bool monotonic, from_output, in_registers;
  void (*forward)(int64_t n, const float* x, float* y);  // y may be x
  // x: not read where the gradient follows from the output. dx may be dy.
  void (*backward)(int64_t n, const float* x, const float* y, const float* dy, float* dx);
};

}  // namespace rownet
