// activation_row.h: an activation as rows, lanes and JavaScript see it; activations.h makes the rows.
#pragma once

#include <stdint.h>

namespace rownet {

// Functions are called with the number that the activation takes: 0 where it takes none.
struct ActivationRow {
  const char* name;
  const char* number;  // what it is called; nullptr: none is taken
  // With a number below 0 neither of the first two holds.
  bool monotonic, from_output, in_registers;
  void (*forward)(float number, int64_t n, const float* x, float* y);  // y may be x
  // x: not read where the gradient follows from the output. dx may be dy.
  void (*backward)(float number, int64_t n, const float* x, const float* y, const float* dy,
                   float* dx);
};

static inline bool is_monotonic(const ActivationRow& row, float number) {
  return row.monotonic && !(number < 0.0f);
}
static inline bool is_from_output(const ActivationRow& row, float number) {
  return row.from_output && !(number < 0.0f);
}

}  // namespace rownet
