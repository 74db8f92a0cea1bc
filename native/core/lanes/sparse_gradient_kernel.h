// sparse_gradient_kernel.h: the gradients of a convolution behind a 2x2 max-pool, at stride 1.
//
// Max-pooling leaves one live gradient in each 2x2 window, so three quarters of a dense backward
// pass multiply by zero. The code of a window (0..3, row * 2 + column) says which pixel it is,
// another one in every lane; these kernels use it without a branch.
//
// input gradient   A window's gradient g reaches a (K + 1) x (K + 1) patch of the input; in each lane
//                  the weight for patch pixel (i, j) is w[i - row][j - column]: one of four, looked
//                  up in a table of 4 floats by the code. 36 FMAs a window (K = 5) in place of 100.
// weight gradient  dw[ky][kx] += g * in[row + ky][column + kx]: in each lane one of 2x2 neighbours,
//                  chosen by two blends, first in x, then in y. 25 FMAs in place of 100.
// Oracle           reference/layers.h, run by test/native/lanes_exact_test.cpp
#pragma once

#include "isa/vec.h"
#include "lanes/lane_tensor.h"

namespace rownet {
namespace {

// Patch rows whose sums fit the registers: 3 x 6 of 32, 2 x 6 of 16.
constexpr int kPatchRows = kRegisters >= 32 ? 3 : 2;

// [c][patch row][o][patch column][4]
inline size_t patch_table_size(const LaneConv& s) {
  return static_cast<size_t>(s.in.c * s.out.c * (s.kh + 1) * (s.kw + 1) * 4);
}

void pack_patch_tables(const LaneConv& s, const float* weight, float* table) {
  const int64_t k = s.kh, rows = k + 1;
  for (int64_t c = 0; c < s.in.c; ++c) {
    for (int64_t first = 0; first < rows; first += kPatchRows) {
      for (int64_t o = 0; o < s.out.c; ++o) {
        const float* w = weight + (o * s.in.c + c) * k * k;
        for (int64_t i = first; i < first + kPatchRows && i < rows; ++i) {
          for (int64_t j = 0; j < k + 1; ++j) {
            for (int64_t code = 0; code < 4; ++code) {
              const int64_t ky = i - code / 2, kx = j - code % 2;
              const bool inside = ky >= 0 && ky < k && kx >= 0 && kx < k;
              *table++ = inside ? w[ky * k + kx] : 0.0f;
            }
          }
        }
      }
    }
  }
}

template <int K, int Rows>
inline void patch_rows(const LaneConv& s, const float* g, const uint8_t* codes, const float* table,
                       float* din) {
  const int64_t g_plane = plane_vectors(s.out) * kWidth, codes_plane = s.out.h * s.out.w * kWidth;
  const int64_t row = row_vectors(s.in) * kWidth;
  Vec acc[Rows][K + 1];
#pragma GCC unroll 3
  for (int i = 0; i < Rows; ++i) {
#pragma GCC unroll 6
    for (int j = 0; j < K + 1; ++j) acc[i][j] = load(din + i * row + j * kWidth);
  }
  for (int64_t o = 0; o < s.out.c; ++o, g += g_plane, codes += codes_plane) {
    const Vec gv = load(g);
    const Codes code = load_codes(codes);
#pragma GCC unroll 3
    for (int i = 0; i < Rows; ++i) {
#pragma GCC unroll 6
      for (int j = 0; j < K + 1; ++j, table += 4)
        acc[i][j] = fma(gv, lookup4(load_table4(table), code), acc[i][j]);
    }
  }
#pragma GCC unroll 3
  for (int i = 0; i < Rows; ++i) {
#pragma GCC unroll 6
    for (int j = 0; j < K + 1; ++j) store(din + i * row + j * kWidth, acc[i][j]);
  }
}

template <int K>
void sparse_input_gradient(const LaneConv& s, const uint8_t* codes, const float* dout,
                           const float* tables, float* din) {
  const int64_t in_row = row_vectors(s.in) * kWidth, in_plane = plane_vectors(s.in) * kWidth;
  const int64_t out_row = row_vectors(s.out) * kWidth;
  constexpr int kTail = (K + 1) % kPatchRows;
  for (int64_t i = 0; i < s.in.c * in_plane; i += kWidth) store(din + i, zero());
  dout += origin(s.out) * kWidth;
  for (int64_t c = 0; c < s.in.c; ++c) {
    for (int64_t y = 0; y < s.out.h; ++y) {
      for (int64_t x = 0; x < s.out.w; ++x) {
        const float* table = tables + c * s.out.c * (K + 1) * (K + 1) * 4;
        const float* g = dout + y * out_row + x * kWidth;
        const uint8_t* code = codes + (y * s.out.w + x) * kWidth;
        float* patch = din + c * in_plane + 2 * y * in_row + 2 * x * kWidth;
        int i = 0;
        for (; i + kPatchRows <= K + 1; i += kPatchRows) {
          patch_rows<K, kPatchRows>(s, g, code, table, patch + i * in_row);
          table += s.out.c * kPatchRows * (K + 1) * 4;
        }
        if constexpr (kTail != 0) patch_rows<K, kTail>(s, g, code, table, patch + i * in_row);
      }
    }
  }
}

// Kernel rows whose sums fit the registers.
constexpr int kBlendRows = kRegisters >= 32 ? 5 : 2;

template <int K, int Rows>
inline void blend_rows(const LaneConv& s, const float* in, const uint8_t* codes, const float* g,
                       float* dw) {
  const int64_t in_row = row_vectors(s.in) * kWidth, out_row = row_vectors(s.out) * kWidth;
  Vec acc[Rows][K];
#pragma GCC unroll 5
  for (int i = 0; i < Rows; ++i) {
#pragma GCC unroll 5
    for (int j = 0; j < K; ++j) acc[i][j] = zero();
  }
  for (int64_t y = 0; y < s.out.h; ++y) {
    const float* patch = in + 2 * y * in_row;
    for (int64_t x = 0; x < s.out.w; ++x, patch += 2 * kWidth, codes += kWidth) {
      const Vec gv = load(g + y * out_row + x * kWidth);
      const Codes code = load_codes(codes);
      const Mask right = code_bit(code, 1), lower = code_bit(code, 2);
#pragma GCC unroll 5
      for (int j = 0; j < K; ++j) {
        const float* column = patch + j * kWidth;
        Vec above = blend(right, load(column + kWidth), load(column));
#pragma GCC unroll 5
        for (int i = 0; i < Rows; ++i) {
          column += in_row;
          const Vec below = blend(right, load(column + kWidth), load(column));
          acc[i][j] = fma(gv, blend(lower, below, above), acc[i][j]);
          above = below;
        }
      }
    }
  }
#pragma GCC unroll 5
  for (int i = 0; i < Rows; ++i) {
#pragma GCC unroll 5
    for (int j = 0; j < K; ++j) dw[i * K + j] = sum(acc[i][j]);
  }
}

// For few input channels; with more of them rows_weight_gradient fills its vectors.
template <int K>
void blend_weight_gradient(const LaneConv& s, const float* in, const uint8_t* codes,
                           const float* dout, float* dw) {
  constexpr int kRows = kBlendRows < K ? kBlendRows : K;
  constexpr int kTail = K % kRows;
  const int64_t in_row = row_vectors(s.in) * kWidth, in_plane = plane_vectors(s.in) * kWidth;
  const int64_t out_plane = plane_vectors(s.out) * kWidth, codes_plane = s.out.h * s.out.w * kWidth;
  dout += origin(s.out) * kWidth;
  for (int64_t o = 0; o < s.out.c; ++o) {
    for (int64_t c = 0; c < s.in.c; ++c, dw += K * K) {
      int i = 0;
      for (; i + kRows <= K; i += kRows) {
        blend_rows<K, kRows>(s, in + c * in_plane + i * in_row, codes + o * codes_plane,
                             dout + o * out_plane, dw + i * K);
      }
      if constexpr (kTail != 0) {
        blend_rows<K, kTail>(s, in + c * in_plane + i * in_row, codes + o * codes_plane,
                             dout + o * out_plane, dw + i * K);
      }
    }
  }
}

}  // namespace
}  // namespace rownet
