// gemm_dot_kernel.h: C += sum over batch of A * B^T where the sums are long and C is small.
//
// A convolution's weight gradient is such a product: dW[oc, taps] = sum over images of
// dY[oc, pixels] * cols[taps, pixels]^T. Both operands are contiguous along the sum, so vectors run
// along it, nothing is packed, and a tile's accumulators stay in registers over all images of a
// batch.
//
// Shapes    A m x k, B n x k per image, row-major, images a_stride and b_stride apart; C m x n
// Loops     i (tile rows) > j (tile columns) > image > p (vectors); the lanes are added at the end
// Registers 6 * 4 accumulators + 4 + 1 = 29 of 32 on AVX-512; 2 * 6 + 2 + 1 = 15 of 16 elsewhere
// Bits      the lanes of a sum depend on k and batch alone, not on the tile
// Oracle    reference/gemm.h, run by test/native/gemm_test.cpp
#pragma once

#include "isa/vec.h"
#include "rows/gemm_kernel.h"

namespace rownet {
namespace {

#if defined(ROWNET_ISA_AVX512)
constexpr int kDotRows = 6;
constexpr int kDotCols = 4;
#else
constexpr int kDotRows = 2;
constexpr int kDotCols = 6;
#endif

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

using DotTile = void (*)(int64_t, int64_t, const float*, int64_t, int64_t, const float*, int64_t,
                         int64_t, float*, int64_t);

// [rows - 1][cols - 1]
constexpr DotTile kDotTiles[kDotRows][kDotCols] = {
#if defined(ROWNET_ISA_AVX512)
    {dot_tile<1, 1>, dot_tile<1, 2>, dot_tile<1, 3>, dot_tile<1, 4>},
    {dot_tile<2, 1>, dot_tile<2, 2>, dot_tile<2, 3>, dot_tile<2, 4>},
    {dot_tile<3, 1>, dot_tile<3, 2>, dot_tile<3, 3>, dot_tile<3, 4>},
    {dot_tile<4, 1>, dot_tile<4, 2>, dot_tile<4, 3>, dot_tile<4, 4>},
    {dot_tile<5, 1>, dot_tile<5, 2>, dot_tile<5, 3>, dot_tile<5, 4>},
    {dot_tile<6, 1>, dot_tile<6, 2>, dot_tile<6, 3>, dot_tile<6, 4>},
#else
    {dot_tile<1, 1>, dot_tile<1, 2>, dot_tile<1, 3>, dot_tile<1, 4>, dot_tile<1, 5>,
     dot_tile<1, 6>},
    {dot_tile<2, 1>, dot_tile<2, 2>, dot_tile<2, 3>, dot_tile<2, 4>, dot_tile<2, 5>,
     dot_tile<2, 6>},
#endif
};

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
      kDotTiles[rows - 1][cols - 1](batch, k, a + i * lda, lda, a_stride, b + j * ldb, ldb,
                                    b_stride, c + i * ldc + j, ldc);
    }
  }
}

}  // namespace
}  // namespace rownet
