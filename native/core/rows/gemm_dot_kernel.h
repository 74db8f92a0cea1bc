// gemm_dot_kernel.h: C += sum over batch of A * B^T where the sums are long and C is small.
//
// A convolution's weight gradient is such a product: dW[oc, taps] = sum over images of
// dY[oc, pixels] * cols[taps, pixels]^T. Both operands are contiguous along the sum, so vectors run
// along it, nothing is packed, and a tile's accumulators stay in registers over all images of a
// batch.
//
// Shapes    A m x k, B n x k per image, row-major, images a_stride and b_stride apart; C m x n
// Loops     i (tile rows) > j (tile columns) > image > p (vectors); the lanes are added at the end
// Registers 6 * 4 accumulators + 4 + 1 = 29 of 32; 2 * 6 + 2 + 1 = 15 of 16
// Bits      the lanes of a sum depend on k and batch alone, not on the tile
// Oracle    reference/gemm.h, run by test/native/gemm_test.cpp
#pragma once

#include "isa/tiles.h"
#include "isa/vec.h"
#include "rows/gemm_kernel.h"

namespace rownet {
namespace {

constexpr int kDotRows = kRegisters >= 32 ? 6 : 2;
constexpr int kDotCols = kRegisters >= 32 ? 4 : 6;

template <int Rows, int Cols>
void dot_tile(int64_t batch, int64_t k, const float* a, int64_t lda, int64_t a_stride,
              const float* b, int64_t ldb, int64_t b_stride, float* c, int64_t ldc) {
  Vec acc[Rows][Cols];
#pragma GCC unroll 8
  for (int i = 0; i < Rows; ++i) {
#pragma GCC unroll 8
    for (int j = 0; j < Cols; ++j) acc[i][j] = zero();
  }
  const int64_t whole = k / kWidth * kWidth;
  for (int64_t image = 0; image < batch; ++image, a += a_stride, b += b_stride) {
    for (int64_t p = 0; p < whole; p += kWidth) {
      Vec av[Rows];
#pragma GCC unroll 8
      for (int i = 0; i < Rows; ++i) av[i] = load(a + i * lda + p);
#pragma GCC unroll 8
      for (int j = 0; j < Cols; ++j) {
        const Vec bv = load(b + j * ldb + p);
#pragma GCC unroll 8
        for (int i = 0; i < Rows; ++i) acc[i][j] = fma(av[i], bv, acc[i][j]);
      }
    }
    if (whole < k) {
      Vec av[Rows];
#pragma GCC unroll 8
      for (int i = 0; i < Rows; ++i) av[i] = load_n(a + i * lda + whole, k - whole);
#pragma GCC unroll 8
      for (int j = 0; j < Cols; ++j) {
        const Vec bv = load_n(b + j * ldb + whole, k - whole);
#pragma GCC unroll 8
        for (int i = 0; i < Rows; ++i) acc[i][j] = fma(av[i], bv, acc[i][j]);
      }
    }
  }
#pragma GCC unroll 8
  for (int i = 0; i < Rows; ++i) {
#pragma GCC unroll 8
    for (int j = 0; j < Cols; ++j) c[i * ldc + j] += sum(acc[i][j]);
  }
}

constexpr auto kDotTiles =
    tile_table<kDotRows, kDotCols>([](auto rows, auto cols) { return dot_tile<rows, cols>; });

void gemm_dot(int64_t batch, int64_t m, int64_t n, int64_t k, const float* a, int64_t lda,
              int64_t a_stride, const float* b, int64_t ldb, int64_t b_stride, float* c,
              int64_t ldc) {
  const int64_t row_panels = ceil_div(m, kDotRows);
  const int64_t col_panels = ceil_div(n, kDotCols);
  for (int64_t ip = 0; ip < row_panels; ++ip) {
    const int64_t i = panel_begin(m, row_panels, ip);
    const int64_t rows = panel_begin(m, row_panels, ip + 1) - i;
    for (int64_t jp = 0; jp < col_panels; ++jp) {
      const int64_t j = panel_begin(n, col_panels, jp);
      const int64_t cols = panel_begin(n, col_panels, jp + 1) - j;
      kDotTiles(rows, cols)(batch, k, a + i * lda, lda, a_stride, b + j * ldb, ldb, b_stride,
                            c + i * ldc + j, ldc);
    }
  }
}

}  // namespace
}  // namespace rownet
