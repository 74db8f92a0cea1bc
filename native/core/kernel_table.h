// kernel_table.h: the inner loops, as one table of functions per ISA level.
//
// Everything here works on one thread, on memory that its caller has checked. The drivers in rows/
// validate, split the work over threads and call through kernels().
#pragma once

#include <cstddef>
#include <cstdint>

#include "cpu.h"
#include "layers/activation_row.h"
#include "rows/window.h"
#include "updates/update_rule.h"

namespace rownet {

struct LaneKernels;

// C = A * B on panels; see rows/gemm_kernel.h.
struct GemmOutput {
  float* c;
  int64_t row_stride;
  int64_t col_stride;
  // nullptr, or one value a row, that the row's sums start from (a convolution's bias).
  const float* row_start;
  // false: C is written without being read; true: the product is added to it.
  bool accumulate;
};

// Element (i, j) is data[i * row_stride + j * col_stride].
struct MatrixView {
  const float* data;
  int64_t row_stride;
  int64_t col_stride;
};

struct KernelTable {
  // nullptr where the build leaves the level out.
  const char* name;
  // Floats in a vector, and vectors that the CPU has registers for.
  int vector_width, registers;

  // Floats of scratch that gemm() needs, whatever the problem.
  size_t gemm_scratch;

  // C (+)= alpha * A * B, blocked and packed. m, n, k > 0.
  void (*gemm)(int64_t m, int64_t n, int64_t k, float alpha, MatrixView a, MatrixView b,
               GemmOutput out, float* scratch);
  // The same in two halves, for one A against many B: A packed once (m * k floats), B used in
  // place.
  void (*gemm_pack_a)(int64_t m, int64_t k, float alpha, MatrixView a, float* packed);
  void (*gemm_packed)(int64_t m, int64_t n, int64_t k, const float* packed_a, const float* b,
                      int64_t ldb, GemmOutput out);
  // C[m, n] += sum over batch of A * B^T, k contiguous in both.
  void (*gemm_dot)(int64_t batch, int64_t m, int64_t n, int64_t k, const float* a, int64_t lda,
                   int64_t a_stride, const float* b, int64_t ldb, int64_t b_stride, float* c,
                   int64_t ldc);

  // One image of the window: rows[p][tap] and its transpose cols[tap * ld + p].
  void (*im2row)(const Window& window, const float* image, float* rows);
  void (*im2col)(const Window& window, const float* image, float* cols, int64_t ld);
  // Their adjoints, which add to the image.
  void (*row2im)(const Window& window, const float* rows, float* image);
  void (*col2im)(const Window& window, const float* cols, int64_t ld, float* image);

  // One channel plane of a pooling window.
  void (*max_pool_forward)(const Window& window, const float* plane, float* y, uint16_t* argmax);
  void (*max_pool_backward)(const Window& window, const float* dy, const uint16_t* argmax,
                            float* plane);

  float (*sum)(int64_t n, const float* x);
  // y += x
  void (*add)(int64_t n, const float* x, float* y);
  void (*scale)(int64_t n, float factor, float* x);
  void (*bytes_to_floats)(int64_t n, const uint8_t* bytes, float scale, float shift, float* out);

  // Floating-point operations done by `rounds` rounds of independent FMAs; the result goes to sink.
  double (*fma_burst)(int64_t rounds, float* sink);

  // updates/updates.inc
  const UpdateRule* updates;
  int64_t update_count;

  // layers/activations.inc
  const ActivationRow* activations;
  size_t activation_count;

  // The lanes engine's, see lanes/lane_kernels.h.
  const LaneKernels* lanes;
};

// The table of one level; nullptr where this build does not hold it.
const KernelTable* kernel_table(IsaLevel level);

// The table in use, chosen at the first call: the highest available level under ROWNET_MAX_ISA.
// Throws std::invalid_argument when that names no level, so drivers call it before they fork.
const KernelTable& kernels();

// Replaces the table in use; for tests.
void use_isa_level(IsaLevel level);

}  // namespace rownet
