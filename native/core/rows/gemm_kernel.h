// gemm_kernel.h: C (+)= A * B on one thread, by packed panels and a register tile.
//
// Shapes    A m x k, B k x n, any strides; C row-major (col_stride 1) or column-major
// Packing   A in panels of at most kTileRows rows: [k][rows]; B in panels of kTileCols columns:
//           [k][kTileCols]. Rows are shared out evenly (16 rows at 12 a tile are 8 + 8), since a
//           tile of 4 rows hides the latency of FMA badly.
// Loops     j (kBlockN) > p (kBlockK) > pack B > i (kBlockM) > pack A > column panel > row panel > tile;
//           inside the tile p > i (rows) > j (vectors), a rank-1 update a step
// Registers tile rows * 2 accumulators + 2 of B + 1 broadcast of A:
//           12 * 2 + 3 = 27 of 32, 6 * 2 + 3 = 15 of 16
// Cache     a B panel of kBlockK x kTileCols floats (32 KB on AVX-512) stays in L1, the A block
//           (kBlockM x kBlockK, 120 KB) and the B block in L2
// Bits      every element of C is one sum over p in order, whatever tile it falls into
// Oracle    reference/gemm.h, run by test/native/gemm_test.cpp
// Source    Goto & van de Geijn, Anatomy of High-Performance Matrix Multiplication (2008);
//           Van Zee & van de Geijn, BLIS (2015)
#pragma once

#include "isa/tiles.h"
#include "isa/vec.h"
#include "kernel_table.h"

namespace rownet {
namespace {

constexpr int kTileRows = kRegisters >= 32 ? 12 : 6;
constexpr int kTileVectors = 2;
constexpr int kTileCols = kTileVectors * kWidth;
constexpr int64_t kBlockK = 256;
constexpr int64_t kBlockM = 120;
constexpr int64_t kBlockN = 512;

inline int64_t min64(int64_t a, int64_t b) { return a < b ? a : b; }
inline int64_t ceil_div(int64_t a, int64_t b) { return (a + b - 1) / b; }

// Rows [panel_begin(m, panels, i), panel_begin(m, panels, i + 1)) make up panel i.
inline int64_t panel_begin(int64_t m, int64_t panels, int64_t i) { return m * i / panels; }

// One tile: Rows x Vectors accumulators. The last vector holds `last` columns where Masked.
template <int Rows, int Vectors, bool Masked>
void gemm_tile(int64_t k, const float* a, const float* b, int64_t ldb, int64_t last,
               const float* row_start, bool accumulate, float* c, int64_t ldc) {
  Vec acc[Rows][Vectors];
#pragma GCC unroll 16
  for (int i = 0; i < Rows; ++i) {
    const Vec start = row_start == nullptr ? zero() : broadcast(row_start[i]);
#pragma GCC unroll 2
    for (int v = 0; v < Vectors; ++v) acc[i][v] = start;
  }
  for (int64_t p = 0; p < k; ++p, a += Rows, b += ldb) {
    Vec bv[Vectors];
#pragma GCC unroll 2
    for (int v = 0; v < Vectors; ++v) {
      bv[v] = Masked && v == Vectors - 1 ? load_n(b + v * kWidth, last) : load(b + v * kWidth);
    }
#pragma GCC unroll 16
    for (int i = 0; i < Rows; ++i) {
      const Vec av = broadcast(a[i]);
#pragma GCC unroll 2
      for (int v = 0; v < Vectors; ++v) acc[i][v] = fma(av, bv[v], acc[i][v]);
    }
  }
#pragma GCC unroll 16
  for (int i = 0; i < Rows; ++i) {
#pragma GCC unroll 2
    for (int v = 0; v < Vectors; ++v) {
      float* to = c + i * ldc + v * kWidth;
      if (Masked && v == Vectors - 1) {
        store_n(to, last, accumulate ? add(load_n(to, last), acc[i][v]) : acc[i][v]);
      } else {
        store(to, accumulate ? add(load(to), acc[i][v]) : acc[i][v]);
      }
    }
  }
}

constexpr auto kTiles = tile_table<kTileRows, kTileVectors>(
    [](auto rows, auto vectors) { return gemm_tile<rows, vectors, false>; });
constexpr auto kMaskedTiles = tile_table<kTileRows, kTileVectors>(
    [](auto rows, auto vectors) { return gemm_tile<rows, vectors, true>; });

// A column-major C takes the tile through this buffer: the tile's rows are C's contiguous direction
// there, and its vectors are not. Squares of it are transposed in registers.
void scatter_tile(const float* tile, int64_t rows, int64_t cols, GemmOutput out) {
  for (int64_t j = 0; j < cols; j += kWidth) {
    for (int64_t i = 0; i < rows; i += kWidth) {
      const int64_t height = min64(rows - i, kWidth), width = min64(cols - j, kWidth);
      Vec r[kWidth];
      for (int ii = 0; ii < kWidth; ++ii) {
        r[ii] = ii < height ? load(tile + (i + ii) * kTileCols + j) : zero();
      }
      transpose(r);
      float* to = out.c + i * out.row_stride + j * out.col_stride;
      for (int64_t jj = 0; jj < width; ++jj, to += out.col_stride) {
        store_n(to, height, out.accumulate ? add(load_n(to, height), r[jj]) : r[jj]);
      }
    }
  }
}

void gemm_pack_a(int64_t m, int64_t k, float alpha, MatrixView a, float* packed) {
  const int64_t panels = ceil_div(m, kTileRows);
  for (int64_t panel = 0; panel < panels; ++panel) {
    const int64_t begin = panel_begin(m, panels, panel);
    const int64_t rows = panel_begin(m, panels, panel + 1) - begin;
    for (int64_t i = 0; i < rows; ++i) {
      const float* from = a.data + (begin + i) * a.row_stride;
      for (int64_t p = 0; p < k; ++p) packed[p * rows + i] = alpha * from[p * a.col_stride];
    }
    packed += rows * k;
  }
}

// One panel of B whose columns are contiguous: squares of kWidth are transposed in registers. With
// scatter_tile it makes the products of im2row 1.8 (conv2) and 2.5 times (conv1) as fast.
void pack_transposed(int64_t cols, int64_t k, const float* from, int64_t col_stride,
                     float* packed) {
  for (int64_t j = 0; j < kTileCols; j += kWidth) {
    for (int64_t p = 0; p < k; p += kWidth) {
      const int64_t depth = min64(k - p, kWidth);
      Vec r[kWidth];
      for (int jj = 0; jj < kWidth; ++jj) {
        const float* at = from + (j + jj) * col_stride + p;
        r[jj] = j + jj >= cols ? zero() : depth == kWidth ? load(at) : load_n(at, depth);
      }
      transpose(r);
      for (int64_t pp = 0; pp < depth; ++pp) store(packed + (p + pp) * kTileCols + j, r[pp]);
    }
  }
}

// B, n <= kBlockN columns from `b` on, in zero-padded panels.
void gemm_pack_b(int64_t n, int64_t k, MatrixView b, float* packed) {
  for (int64_t j = 0; j < n; j += kTileCols, packed += k * kTileCols) {
    const int64_t cols = min64(n - j, kTileCols);
    const float* from = b.data + j * b.col_stride;
    if (b.col_stride == 1) {
      for (int64_t p = 0; p < k; ++p) {
        float* to = packed + p * kTileCols;
        for (int v = 0; v < kTileVectors; ++v) {
          const int64_t rest = cols - v * kWidth;
          const float* part = from + p * b.row_stride + v * kWidth;
          store(to + v * kWidth, rest >= kWidth ? load(part)
                                 : rest > 0     ? load_n(part, rest)
                                                : zero());
        }
      }
      continue;
    }
    if (b.row_stride == 1) {
      pack_transposed(cols, k, from, b.col_stride, packed);
      continue;
    }
    for (int64_t jj = 0; jj < cols; ++jj) {
      const float* column = from + jj * b.col_stride;
      for (int64_t p = 0; p < k; ++p) packed[p * kTileCols + jj] = column[p * b.row_stride];
    }
    for (int64_t jj = cols; jj < kTileCols; ++jj) {
      for (int64_t p = 0; p < k; ++p) packed[p * kTileCols + jj] = 0.0f;
    }
  }
}

// Tiles over packed A; B has panels of stride panel_stride whose lines are ldb apart. Padded says
// that loads behind column n are allowed.
void gemm_panels(int64_t m, int64_t n, int64_t k, const float* packed_a, const float* b,
                 int64_t ldb, int64_t panel_stride, bool padded, GemmOutput out) {
  const int64_t panels = ceil_div(m, kTileRows);
  alignas(64) float tile[kTileRows * kTileCols];
  for (int64_t j = 0; j < n; j += kTileCols, b += panel_stride) {
    const int64_t cols = min64(n - j, kTileCols);
    const int64_t vectors = ceil_div(cols, kWidth);
    const int64_t last = cols - (vectors - 1) * kWidth;
    for (int64_t panel = 0; panel < panels; ++panel) {
      const int64_t begin = panel_begin(m, panels, panel);
      const int64_t rows = panel_begin(m, panels, panel + 1) - begin;
      const float* a = packed_a + begin * k;
      const float* start = out.row_start == nullptr ? nullptr : out.row_start + begin;
      float* c = out.c + begin * out.row_stride + j * out.col_stride;
      const bool masked = last < kWidth && (out.col_stride == 1 || !padded);
      const auto run = (masked ? kMaskedTiles : kTiles)(rows, vectors);
      if (out.col_stride == 1) {
        run(k, a, b, ldb, last, start, out.accumulate, c, out.row_stride);
      } else {
        run(k, a, b, ldb, last, start, false, tile, kTileCols);
        scatter_tile(tile, rows, cols,
                     {c, out.row_stride, out.col_stride, nullptr, out.accumulate});
      }
    }
  }
}

void gemm_packed(int64_t m, int64_t n, int64_t k, const float* packed_a, const float* b,
                 int64_t ldb, GemmOutput out) {
  gemm_panels(m, n, k, packed_a, b, ldb, kTileCols, false, out);
}

constexpr size_t kGemmScratch = kBlockK * (kBlockM + kBlockN + kTileCols);

void gemm(int64_t m, int64_t n, int64_t k, float alpha, MatrixView a, MatrixView b, GemmOutput out,
          float* scratch) {
  float* packed_a = scratch;
  float* packed_b = scratch + kBlockK * kBlockM;
  for (int64_t j = 0; j < n; j += kBlockN) {
    const int64_t cols = min64(n - j, kBlockN);
    for (int64_t p = 0; p < k; p += kBlockK) {
      const int64_t depth = min64(k - p, kBlockK);
      gemm_pack_b(cols, depth,
                  {b.data + p * b.row_stride + j * b.col_stride, b.row_stride, b.col_stride},
                  packed_b);
      for (int64_t i = 0; i < m; i += kBlockM) {
        const int64_t rows = min64(m - i, kBlockM);
        gemm_pack_a(rows, depth, alpha,
                    {a.data + i * a.row_stride + p * a.col_stride, a.row_stride, a.col_stride},
                    packed_a);
        GemmOutput part = out;
        part.c += i * out.row_stride + j * out.col_stride;
        if (p > 0) {
          part.accumulate = true;
          part.row_start = nullptr;
        } else if (out.row_start != nullptr) {
          part.row_start += i;
        }
        gemm_panels(rows, cols, depth, packed_a, packed_b, kTileCols, depth * kTileCols, true,
                    part);
      }
    }
  }
}

}  // namespace
}  // namespace rownet
