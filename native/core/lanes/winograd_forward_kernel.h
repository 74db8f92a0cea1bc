// winograd_forward_kernel.h: convolution 5x5 + bias + activation + 2x2 max-pool of several channels, by
// Winograd's F(2x2, 5x5): a pooling window is one output tile.
//
// With t the window, f one of the 36 points, U = G w G^T and V = B^T d B:
//   M[f][o][t] = sum over c of U[f][o][c] * V[f][c][t],   y = A^T M A
// 36 multiply-adds a window and pair of channels, where the definition needs 100.
//
// Layout    U [f][o][c]; V [f][t][c][lane], kept for the backward pass (345 KB a block for conv2 of
//           LeNet-5 on AVX-512, in L2)
// Loops     tile of windows: their V > row of points > block of channels; the rows of A^T M are
//           kept, M itself is not
// Registers 4 o x 5 t sums + 5 inputs + 1 weight = 26 of 32; 4 x 3 + 3 + 1 = 16 of 16
// Why fast  beside the fewer multiplications: the transforms are additions, which have ports of
//           their own on some CPUs
// Oracle    reference/layers.h, run by test/native/lanes_winograd_test.cpp
#pragma once

#include "isa/tiles.h"
#include "isa/vec.h"
#include "lanes/conv_forward_kernel.h"
#include "lanes/lane_tensor.h"
#include "lanes/winograd_transforms.h"

namespace rownet {
namespace {

constexpr int kWinogradT = kRegisters >= 32 ? 5 : 3;  // windows in a forward tile
constexpr int kWinogradO = 4;                         // output channels in a tile
constexpr int kPoints2 = kPoints * kPoints;

inline int64_t windows(const LaneConv& s) { return s.out.h * s.out.w; }

// Floats of V of a block.
inline size_t winograd_saved_size(const LaneConv& s) {
  return static_cast<size_t>(kPoints2 * windows(s) * s.in.c * kWidth);
}

// Few channels do not pay for the transforms; a V that leaves L2 does not either.
inline bool is_winograd(const LaneConv& s) {
  return s.winograd && s.pool && s.kh == 5 && s.kw == 5 && s.stride_h == 1 && s.stride_w == 1 &&
         !is_dilated(s) && s.in.c >= 4 && s.out.c >= 4 && windows(s) < 4096 && s.in.c < 4096 &&
         winograd_saved_size(s) <= size_t{1} << 17;
}

inline size_t winograd_packed_size(const LaneConv& s) {
  return static_cast<size_t>(kPoints2 * s.out.c * s.in.c);
}

inline size_t winograd_forward_scratch_size(const LaneConv& s) {
  // V of one tile's windows, where it is not kept, and the rows of A^T M.
  return static_cast<size_t>(kWinogradT * (kPoints2 * s.in.c + 2 * kPoints * s.out.c) * kWidth);
}

// A vector holds the same tap of kWidth pairs of channels.
void winograd_pack(const LaneConv& s, const float* weight, float* packed) {
  constexpr int kTaps = kWinogradKernel * kWinogradKernel;
  const int64_t pairs = s.out.c * s.in.c;
  for (int64_t first = 0; first < pairs; first += kWidth) {
    const int64_t count = pairs - first < kWidth ? pairs - first : kWidth;
    alignas(64) float taps[kTaps][kWidth] = {};
    for (int64_t pair = 0; pair < count; ++pair) {
      for (int tap = 0; tap < kTaps; ++tap) taps[tap][pair] = weight[(first + pair) * kTaps + tap];
    }
    Vec half[kWinogradKernel][kPoints];
    for (int row = 0; row < kWinogradKernel; ++row) {
      Vec w[kWinogradKernel];
      for (int i = 0; i < kWinogradKernel; ++i) w[i] = load(taps[row * kWinogradKernel + i]);
      weight_transform(w, half[row]);
    }
    for (int j = 0; j < kPoints; ++j) {
      Vec column[kWinogradKernel], u[kPoints];
      for (int row = 0; row < kWinogradKernel; ++row) column[row] = half[row][j];
      weight_transform(column, u);
      for (int i = 0; i < kPoints; ++i) {
        store_n(packed + (i * kPoints + j) * pairs + first, count, u[i]);
      }
    }
  }
}

// V of one window and channel: v[f * stride].
inline void transform_patch(const float* in, int64_t row, float* v, int64_t stride) {
  transform_square<kPoints, kPoints, input_transform>(
      [&](int i, int j) { return load(in + i * row + j * kWidth); },
      [&](int i, int j, Vec point) { store(v + (i * kPoints + j) * stride, point); });
}

// m[o][t] of O channels and T windows: u[o][c], v[t][c].
template <int O, int T>
inline void winograd_forward_tile(int64_t channels, const float* u, const float* v, float* m) {
  Vec acc[O][T];
#pragma GCC unroll 4
  for (int o = 0; o < O; ++o) {
#pragma GCC unroll 5
    for (int t = 0; t < T; ++t) acc[o][t] = zero();
  }
  const int64_t window = channels * kWidth;
  for (int64_t c = 0; c < channels; ++c, ++u, v += kWidth) {
    Vec x[T];
#pragma GCC unroll 5
    for (int t = 0; t < T; ++t) x[t] = load(v + t * window);
#pragma GCC unroll 4
    for (int o = 0; o < O; ++o) {
      const Vec w = broadcast(u[o * channels]);
#pragma GCC unroll 5
      for (int t = 0; t < T; ++t) acc[o][t] = fma(w, x[t], acc[o][t]);
    }
  }
#pragma GCC unroll 4
  for (int o = 0; o < O; ++o) {
#pragma GCC unroll 5
    for (int t = 0; t < T; ++t) store(m + (o * T + t) * kWidth, acc[o][t]);
  }
}

// Row i of A^T M of O channels and T windows, for all points of that row: z[o][t][i][2].
template <int O, int T>
void winograd_forward_row(int64_t channels, int64_t pairs, int64_t v_stride, const float* u,
                          const float* v, float* z) {
  alignas(64) float m[kPoints][O * T * kWidth];
  for (int j = 0; j < kPoints; ++j) {
    winograd_forward_tile<O, T>(channels, u + j * pairs, v + j * v_stride, m[j]);
  }
  for (int k = 0; k < O * T; ++k) {
    Vec row[kPoints], y[2];
#pragma GCC unroll 6
    for (int j = 0; j < kPoints; ++j) row[j] = load(m[j] + k * kWidth);
    output_transform(row, y);
    store(z + k * 2 * kPoints * kWidth, y[0]);
    store(z + k * 2 * kPoints * kWidth + kWidth, y[1]);
  }
}

constexpr auto kWinogradRows = tile_table<kWinogradO, kWinogradT>(
    [](auto outputs, auto count) { return winograd_forward_row<outputs, count>; });

// Maximum of a window, where it was, bias and activation, from rows z[6][2] of A^T M.
inline void pool_window(const float* z, Vec bias, Activation activation, float* out,
                        uint8_t* codes) {
  Vec left[kPoints], right[kPoints], l[2], r[2];
#pragma GCC unroll 6
  for (int i = 0; i < kPoints; ++i) {
    left[i] = load(z + 2 * i * kWidth);
    right[i] = load(z + (2 * i + 1) * kWidth);
  }
  output_transform(left, l);
  output_transform(right, r);
  const Max2x2 max = max_2x2(l[0], r[0], l[1], r[1]);
  const Vec best = add(max.value, bias);
  store(out, finish(activation, best));
  store_codes(codes, max.code);
}

// saved receives V; nullptr where no backward pass follows.
void winograd_forward(const LaneConv& s, const float* in, const float* packed, const float* bias,
                      float* out, uint8_t* codes, float* saved, float* scratch) {
  const int64_t total = windows(s), channels = s.in.c, pairs = s.out.c * channels;
  const int64_t in_row = row_vectors(s.in) * kWidth, in_plane = plane_vectors(s.in) * kWidth;
  const int64_t out_row = row_vectors(s.out) * kWidth, out_plane = plane_vectors(s.out) * kWidth;
  const int64_t tiles = (total + kWinogradT - 1) / kWinogradT;
  const int64_t blocks = (s.out.c + kWinogradO - 1) / kWinogradO;
  const int64_t v_stride = (saved != nullptr ? total : kWinogradT) * channels * kWidth;
  float* const z = scratch;
  float* const own_v = scratch + kWinogradT * 2 * kPoints * s.out.c * kWidth;
  out += origin(s.out) * kWidth;
  for (int64_t tile = 0; tile < tiles; ++tile) {
    const int64_t first = total * tile / tiles, count = total * (tile + 1) / tiles - first;
    float* const v = saved != nullptr ? saved + first * channels * kWidth : own_v;
    for (int64_t t = 0; t < count; ++t) {
      const int64_t y = (first + t) / s.out.w, x = (first + t) % s.out.w;
      const float* patch = in + 2 * y * in_row + 2 * x * kWidth;
      for (int64_t c = 0; c < channels; ++c) {
        transform_patch(patch + c * in_plane, in_row, v + (t * channels + c) * kWidth, v_stride);
      }
    }
    for (int64_t i = 0; i < kPoints; ++i) {
      for (int64_t block = 0; block < blocks; ++block) {
        const int64_t begin = s.out.c * block / blocks, end = s.out.c * (block + 1) / blocks;
        kWinogradRows(end - begin, count)(
            channels, pairs, v_stride, packed + i * kPoints * pairs + begin * channels,
            v + i * kPoints * v_stride, z + (begin * count * kPoints + i) * 2 * kWidth);
      }
    }
    for (int64_t o = 0; o < s.out.c; ++o) {
      const Vec b = bias == nullptr ? zero() : broadcast(bias[o]);
      for (int64_t t = 0; t < count; ++t) {
        const int64_t window = first + t, y = window / s.out.w, x = window % s.out.w;
        pool_window(z + (o * count + t) * 2 * kPoints * kWidth, b, s.activation.kind,
                    out + o * out_plane + y * out_row + x * kWidth,
                    codes + (o * total + window) * kWidth);
      }
    }
  }
}

}  // namespace
}  // namespace rownet
