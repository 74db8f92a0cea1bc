// wide_forward_kernel.h: convolution 1x1, 3x3 or 5x5 of many channels + bias + activation + 2x2 max-pool, and the
// gradient of its input, at the points of wide_transforms.h.
//
// With t a tile, f a point, U = G w G^T and V = B^T d B:
//   M[f][o][t] = sum over c of U[f][o][c] * V[f][c][t],   y = A^T M A
// The gradient of the input is the same, from the output's gradient, with channels exchanged and kernels turned by
// 180 degrees.
//
// Layout    U [f][o][c]; V [f][t][c][lane] of a few tiles; the rows of A^T M [o][t][i][q][lane]
// Loops     few tiles: their V > row of points > point > block of o; then the rows of A^T M > y
// Registers 4 o x 5 t sums + 5 inputs + 1 weight = 26 of 32; 4 x 3 + 3 + 1 = 16 of 16
// Why fast  a quarter (3x3) or a third (5x5) of the multiplications; V of one point stays in L1 for all o
// Oracle    reference/layers.h, run by test/native/lanes_winograd_test.cpp
#pragma once

#include "isa/tiles.h"
#include "isa/vec.h"
#include "lanes/conv_forward_kernel.h"
#include "lanes/lane_tensor.h"
#include "lanes/wide_transforms.h"
#include "lanes/winograd_forward_kernel.h"

namespace rownet {
namespace {

// A convolution of stride 1 without margins: tile (0, 0) reads from (top, left) on.
struct WideConv {
  WidePixels in;
  int64_t top, left;
  int64_t channels, outputs;
  int64_t oh, ow;
};

// Where tiles go, and what is done with them on the way.
struct WideOutput {
  float* data;  // of the pixel (0, 0) of the first plane
  int64_t row, plane;
  int64_t h, w;
  const float* bias;  // nullptr: none
  Activation activation;
  uint8_t* codes;  // nullptr: nothing is pooled
};

template <int K>
size_t wide_packed_size(int64_t channels, int64_t outputs) {
  return static_cast<size_t>(kWidePoints<K> * channels * outputs);
}

template <int K>
size_t wide_forward_scratch_size(int64_t channels, int64_t outputs) {
  using Line = WideLine<K>;
  // V, a row of points of M, and the rows of A^T M.
  return static_cast<size_t>(
      kWinogradT * kWidth *
          (kWidePoints<K> * channels + Line::kPoints * (1 + Line::kTile) * outputs) +
      (kWidePoints<K> + Line::kPoints) * kWidth);
}

// A vector holds the same tap of kWidth pairs of channels.
template <int K>
void wide_pack(const WeightView& w, int64_t outputs, int64_t channels, float* packed) {
  constexpr int kSide = WideLine<K>::kPoints;
  const int64_t pairs = outputs * channels;
  for (int64_t first = 0; first < pairs; first += kWidth) {
    const int64_t count = pairs - first < kWidth ? pairs - first : kWidth;
    alignas(64) float taps[K][K][kWidth] = {};
    for (int64_t pair = 0; pair < count; ++pair) {
      const float* const from =
          w.data + (first + pair) / channels * w.stride_o + (first + pair) % channels * w.stride_c;
      for (int y = 0; y < K; ++y) {
        for (int x = 0; x < K; ++x) taps[y][x][pair] = from[y * w.stride_y + x * w.stride_x];
      }
    }
    transform_square<K, kSide, WideLine<K>::weights>(
        [&](int i, int j) { return load(taps[i][j]); },
        [&](int i, int j, Vec u) { store_n(packed + (i * kSide + j) * pairs + first, count, u); });
  }
}

constexpr auto kWideTiles = tile_table<kWinogradO, kWinogradT>(
    [](auto outputs, auto count) { return winograd_forward_tile<outputs, count>; });

// y: kTile x kTile outputs of channel o, from (top, left) on.
template <int kTile>
inline void store_tile(const WideOutput& to, int64_t o, int64_t top, int64_t left,
                       const Vec (&y)[kTile][kTile]) {
  const Vec bias = to.bias == nullptr ? zero() : broadcast(to.bias[o]);
  if constexpr (kTile % 2 == 0) {
    if (to.codes != nullptr) {
      for (int i = 0; i < kTile; i += 2) {
        for (int j = 0; j < kTile; j += 2) {
          const int64_t row = (top + i) / 2, column = (left + j) / 2;
          if (row >= to.h || column >= to.w) continue;
          const Max2x2 max = max_2x2(y[i][j], y[i][j + 1], y[i + 1][j], y[i + 1][j + 1]);
          store(to.data + o * to.plane + row * to.row + column * kWidth,
                finish(to.activation, add(max.value, bias)));
          store_codes(to.codes + ((o * to.h + row) * to.w + column) * kWidth, max.code);
        }
      }
      return;
    }
  }
  for (int i = 0; i < kTile && top + i < to.h; ++i) {
    for (int j = 0; j < kTile && left + j < to.w; ++j) {
      store(to.data + o * to.plane + (top + i) * to.row + (left + j) * kWidth,
            finish(to.activation, add(y[i][j], bias)));
    }
  }
}

template <int K>
void wide_forward(const WideConv& s, const float* packed, const WideOutput& to, float* scratch) {
  using Line = WideLine<K>;
  constexpr int kSide = Line::kPoints, kTile = Line::kTile;
  const WideTiles tiles = wide_tiles<K>(s.oh, s.ow);
  const int64_t groups = (tiles.count + kWinogradT - 1) / kWinogradT;
  const int64_t blocks = (s.outputs + kWinogradO - 1) / kWinogradO;
  const int64_t pairs = s.outputs * s.channels, v_stride = (kWinogradT * s.channels + 1) * kWidth;
  float* const v = scratch;
  float* const m = v + kWidePoints<K> * v_stride;
  float* const z = m + kSide * (kWinogradT * s.outputs + 1) * kWidth;
  for (int64_t group = 0; group < groups; ++group) {
    const int64_t first = tiles.count * group / groups;
    const int64_t count = tiles.count * (group + 1) / groups - first;
    for (int64_t c = 0; c < s.channels; ++c) {
      for (int64_t t = 0; t < count; ++t) {
        const int64_t y = (first + t) / tiles.across * kTile + s.top;
        const int64_t x = (first + t) % tiles.across * kTile + s.left;
        to_points<Line::kPatch, kSide, Line::patch>(s.in, c, y, x,
                                                    v + (t * s.channels + c) * kWidth, v_stride);
      }
    }
    const int64_t m_stride = (s.outputs * count + 1) * kWidth;
    for (int i = 0; i < kSide; ++i) {
      for (int j = 0; j < kSide; ++j) {
        const int f = i * kSide + j;
        for (int64_t block = 0; block < blocks; ++block) {
          const int64_t begin = s.outputs * block / blocks;
          kWideTiles(s.outputs * (block + 1) / blocks - begin, count)(
              s.channels, packed + f * pairs + begin * s.channels, v + f * v_stride,
              m + j * m_stride + begin * count * kWidth);
        }
      }
      for (int64_t k = 0; k < s.outputs * count; ++k) {
        Vec row[kSide], y[kTile];
        for (int j = 0; j < kSide; ++j) row[j] = load(m + j * m_stride + k * kWidth);
        Line::outputs(row, y);
        for (int q = 0; q < kTile; ++q) store(z + ((k * kSide + i) * kTile + q) * kWidth, y[q]);
      }
    }
    for (int64_t k = 0; k < s.outputs * count; ++k) {
      Vec y[kTile][kTile];
#pragma GCC unroll 4
      for (int q = 0; q < kTile; ++q) {
        Vec column[kSide], points[kTile];
#pragma GCC unroll 6
        for (int i = 0; i < kSide; ++i) {
          column[i] = load(z + ((k * kSide + i) * kTile + q) * kWidth);
        }
        Line::outputs(column, points);
#pragma GCC unroll 4
        for (int i = 0; i < kTile; ++i) y[i][q] = points[i];
      }
      const int64_t tile = first + k % count;
      store_tile<kTile>(to, k / count, tile / tiles.across * kTile, tile % tiles.across * kTile, y);
    }
  }
}

}  // namespace
}  // namespace rownet
