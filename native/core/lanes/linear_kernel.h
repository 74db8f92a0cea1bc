// linear_kernel.h: fully connected layers in the lanes layout.
//
// forward  y[o] = w[o, :] * x + b     a tile of kLinearRows outputs; x[i] is loaded once for all
// input    dx[i] = w[:, i] * dy       a tile of kLinearRows inputs
// weight   dw[o, i] = sum over images of dy[o] * x[i]   after the whole batch, GEMM-like: sums of
//          kLinearDwRows outputs x 2 vectors of inputs, over x transposed to [image, in]
//
// Weights are read in place as broadcast scalars: packing them each step would cost as much as a
// tenth of the product.
//
// Registers 12 sums + 1 input, the weight a memory operand; dw 24 + 2 + 1 = 27 of 32, 15 of 16
// Oracle    reference/layers.h, run by test/native/lanes_exact_test.cpp
#pragma once

#include "isa/tiles.h"
#include "isa/vec.h"
#include "layers/activations.h"

namespace rownet {
namespace {

constexpr int kLinearRows = 12;

constexpr int kLinearDwRows = kRegisters >= 32 ? 12 : 6;

// Sum r starts from bias[r] and runs over w[r * row_stride + i * step], i < n; n is above 0.
template <int Rows>
inline void linear_tile(int64_t n, const float* w, int64_t row_stride, int64_t step,
                        const float* bias, Activation activation, const float* x, float* y) {
  Vec acc[Rows];
#pragma GCC unroll 12
  for (int r = 0; r < Rows; ++r) acc[r] = bias == nullptr ? zero() : broadcast(bias[r]);
  // Three rows share a base register: base, base + stride, base + 2 * stride.
  constexpr int kBases = (Rows + 2) / 3;
  const float* base[kBases];
#pragma GCC unroll 4
  for (int q = 0; q < kBases; ++q) base[q] = w + 3 * q * row_stride;
  for (int64_t i = 0;; x += kWidth) {
    const Vec xv = load(x);
#pragma GCC unroll 12
    for (int r = 0; r < Rows; ++r)
      acc[r] = fma(broadcast(base[r / 3][r % 3 * row_stride]), xv, acc[r]);
    // The last step would lead out of the weights.
    if (++i == n) break;
#pragma GCC unroll 4
    for (int q = 0; q < kBases; ++q) base[q] += step;
  }
#pragma GCC unroll 12
  for (int r = 0; r < Rows; ++r) store(y + r * kWidth, finish(activation, acc[r]));
}

constexpr auto kLinearTiles = tile_table<kLinearRows>([](auto rows) { return linear_tile<rows>; });

void lane_linear_forward(int64_t in, int64_t out, ActivationUse activation, const float* weight,
                         const float* bias, const float* x, float* y) {
  const int64_t tiles = (out + kLinearRows - 1) / kLinearRows;
  for (int64_t t = 0; t < tiles; ++t) {
    const int64_t begin = out * t / tiles, rows = out * (t + 1) / tiles - begin;
    kLinearTiles(rows)(in, weight + begin * in, in, 1, bias == nullptr ? nullptr : bias + begin,
                       activation.kind, x, y + begin * kWidth);
  }
  finish_stored(activation, out * kWidth, y);
}

void lane_linear_backward_input(int64_t in, int64_t out, const float* weight, const float* dy,
                                float* dx) {
  const int64_t tiles = (in + kLinearRows - 1) / kLinearRows;
  for (int64_t t = 0; t < tiles; ++t) {
    const int64_t begin = in * t / tiles, rows = in * (t + 1) / tiles - begin;
    kLinearTiles(rows)(out, weight + begin, 1, in, nullptr, Activation::kNone, dy,
                       dx + begin * kWidth);
  }
}

template <int Rows, int Vectors>
void linear_dw_tile(int64_t blocks, const float* dy, const float* x, int64_t ld,
                    int64_t block_stride, int64_t last, float* dw, int64_t in) {
  Vec acc[Rows][Vectors];
#pragma GCC unroll 12
  for (int r = 0; r < Rows; ++r) {
#pragma GCC unroll 2
    for (int v = 0; v < Vectors; ++v) acc[r][v] = zero();
  }
  for (int64_t block = 0; block < blocks; ++block, dy += block_stride, x += block_stride) {
    const float* row = x;
    for (int lane = 0; lane < kWidth; ++lane, row += ld) {
      Vec xv[Vectors];
#pragma GCC unroll 2
      for (int v = 0; v < Vectors; ++v) xv[v] = load(row + v * kWidth);
#pragma GCC unroll 12
      for (int r = 0; r < Rows; ++r) {
        const Vec g = broadcast(dy[r * kWidth + lane]);
#pragma GCC unroll 2
        for (int v = 0; v < Vectors; ++v) acc[r][v] = fma(g, xv[v], acc[r][v]);
      }
    }
  }
#pragma GCC unroll 12
  for (int r = 0; r < Rows; ++r) {
#pragma GCC unroll 2
    for (int v = 0; v < Vectors; ++v) {
      float* to = dw + r * in + v * kWidth;
      if (v == Vectors - 1) {
        store_n(to, last, acc[r][v]);
      } else {
        store(to, acc[r][v]);
      }
    }
  }
}

constexpr auto kLinearDwTiles = tile_table<kLinearDwRows, 2>(
    [](auto rows, auto vectors) { return linear_dw_tile<rows, vectors>; });

void lane_linear_backward_weight(int64_t begin, int64_t end, int64_t in, int64_t blocks,
                                 const float* dy, const float* x, int64_t ld, int64_t block_stride,
                                 float* dw, float* db) {
  const int64_t tiles = (end - begin + kLinearDwRows - 1) / kLinearDwRows;
  for (int64_t t = 0; t < tiles; ++t) {
    const int64_t first = begin + (end - begin) * t / tiles;
    const int64_t rows = begin + (end - begin) * (t + 1) / tiles - first;
    for (int64_t i = 0; i < in; i += 2 * kWidth) {
      const int64_t cols = in - i < 2 * kWidth ? in - i : 2 * kWidth;
      const int64_t vectors = (cols + kWidth - 1) / kWidth;
      kLinearDwTiles(rows, vectors)(blocks, dy + first * kWidth, x + i, ld, block_stride,
                                    cols - (vectors - 1) * kWidth, dw + (first - begin) * in + i,
                                    in);
    }
  }
  if (db == nullptr) return;
  for (int64_t o = begin; o < end; ++o) {
    Vec total = zero();
    for (int64_t block = 0; block < blocks; ++block)
      total = add(total, load(dy + block * block_stride + o * kWidth));
    db[o - begin] = sum(total);
  }
}

}  // namespace
}  // namespace rownet
