// winograd_backward_kernel.h: the gradients of the convolution of winograd_forward_kernel.h.
//
// With dM = A dy A^T, and V and U of the forward pass:
//   weight gradient  dU[f][o][c] = sum over t, lanes of dM[f][o][t] * V[f][c][t],   dw = G^T dU G
//   input gradient   dV[f][c][t] = sum over o of U[f][o][c] * dM[f][o][t],   dd = B dV B^T
// A pooling window has one live gradient g, at row r and column q, so that dM of point (i, j) is
// g * A[i][r] * A[j][q]: a factor looked up by the window's code. It is made anew in both products;
// kept in between it would drive g and V from L1 (1.15 times slower).
//
// Layout    dV takes the place of V, [f][t][c][lane]
// Loops     point > weight gradient, input gradient; then the transforms
// Registers weight gradient 4 o x 6 c sums + 6 + 1 = 31 of 32; 4 x 3 + 3 + 1 = 16 of 16
//           input gradient  6 c x 4 t + 6 + 1 = 31 of 32; 3 x 4 + 3 + 1 = 16 of 16
// Oracle    reference/layers.h, run by test/native/lanes_winograd_test.cpp
#pragma once

#include "isa/tiles.h"
#include "isa/vec.h"
#include "lanes/lane_tensor.h"
#include "lanes/winograd_forward_kernel.h"
#include "lanes/winograd_transforms.h"

namespace rownet {
namespace {

constexpr int kWinogradC = kRegisters >= 32 ? 6 : 3;  // input channels in a tile
constexpr int kWinogradDt = 4;                        // windows in an input gradient tile

inline size_t winograd_backward_scratch_size(const LaneConv& s) {
  const int64_t pairs = s.out.c * s.in.c;
  // The gradient without margins; dU of one point as vectors, of all points summed over lanes.
  const int64_t floats =
      (s.out.c * windows(s) + pairs + kWidth) * kWidth + kPoints2 * pairs + kWidth;
  return static_cast<size_t>(floats);
}

// What a window's one live gradient is multiplied by at point (i, j), by its code.
struct PointFactors {
  alignas(16) float of_code[4];

  PointFactors(int i, int j) {
    for (int code = 0; code < 4; ++code) {
      of_code[code] = kWinogradA[i][code / 2] * kWinogradA[j][code % 2];
    }
  }
};

inline Vec gradient_at_point(Table4 factors, const float* g, const uint8_t* codes) {
  return mul(load(g), lookup4(factors, load_codes(codes)));
}

// Sums over windows of dm[o][t] * v[t][c], a vector each, to du[o][c].
template <int O, int C>
void winograd_weight_tile(int64_t total, int64_t channels, const PointFactors& factors,
                          const float* g, const uint8_t* codes, const float* v, float* du) {
  Vec acc[O][C];
#pragma GCC unroll 4
  for (int o = 0; o < O; ++o) {
#pragma GCC unroll 6
    for (int c = 0; c < C; ++c) acc[o][c] = zero();
  }
  const Table4 table = load_table4(factors.of_code);
  const int64_t plane = total * kWidth;
  for (int64_t t = 0; t < plane; t += kWidth, v += channels * kWidth) {
    Vec x[C];
#pragma GCC unroll 6
    for (int c = 0; c < C; ++c) x[c] = load(v + c * kWidth);
#pragma GCC unroll 4
    for (int o = 0; o < O; ++o) {
      const Vec d = gradient_at_point(table, g + o * plane + t, codes + o * plane + t);
#pragma GCC unroll 6
      for (int c = 0; c < C; ++c) acc[o][c] = fma(d, x[c], acc[o][c]);
    }
  }
#pragma GCC unroll 4
  for (int o = 0; o < O; ++o) {
#pragma GCC unroll 6
    for (int c = 0; c < C; ++c) store(du + (o * channels + c) * kWidth, acc[o][c]);
  }
}

// dv[t][c] of C channels and T windows: sums over o of u[o][c] * dm[o][t].
template <int C, int T>
void winograd_input_tile(int64_t outputs, int64_t total, int64_t channels,
                         const PointFactors& factors, const float* u, const float* g,
                         const uint8_t* codes, float* dv) {
  Vec acc[C][T];
#pragma GCC unroll 6
  for (int c = 0; c < C; ++c) {
#pragma GCC unroll 4
    for (int t = 0; t < T; ++t) acc[c][t] = zero();
  }
  const Table4 table = load_table4(factors.of_code);
  const int64_t plane = total * kWidth;
  for (int64_t o = 0; o < outputs; ++o, u += channels, g += plane, codes += plane) {
    Vec w[C];
#pragma GCC unroll 6
    for (int c = 0; c < C; ++c) w[c] = broadcast(u[c]);
#pragma GCC unroll 4
    for (int t = 0; t < T; ++t) {
      const Vec d = gradient_at_point(table, g + t * kWidth, codes + t * kWidth);
#pragma GCC unroll 6
      for (int c = 0; c < C; ++c) acc[c][t] = fma(w[c], d, acc[c][t]);
    }
  }
#pragma GCC unroll 4
  for (int t = 0; t < T; ++t) {
#pragma GCC unroll 6
    for (int c = 0; c < C; ++c) store(dv + (t * channels + c) * kWidth, acc[c][t]);
  }
}

constexpr auto kWinogradWeightTiles = tile_table<kWinogradO, kWinogradC>(
    [](auto outputs, auto inputs) { return winograd_weight_tile<outputs, inputs>; });
constexpr auto kWinogradInputTiles = tile_table<kWinogradC, kWinogradDt>(
    [](auto inputs, auto count) { return winograd_input_tile<inputs, count>; });

// sums[i] = the lanes of vectors[i] added, for i < n; n vectors up to the next multiple of kWidth
// are readable.
inline void sum_lanes(int64_t n, const float* vectors, float* sums) {
  for (int64_t i = 0; i < n; i += kWidth, vectors += kWidth * kWidth) {
    Vec r[kWidth];
    for (int k = 0; k < kWidth; ++k) r[k] = load(vectors + k * kWidth);
    store_n(sums + i, n - i < kWidth ? n - i : kWidth, sum_each(r));
  }
}

// dw[pair][5][5] from du[f][pair].
void winograd_weight_adjoint(int64_t pairs, const float* du, float* dw) {
  constexpr int kTaps = kWinogradKernel * kWinogradKernel;
  for (int64_t first = 0; first < pairs; first += kWidth) {
    const int64_t count = pairs - first < kWidth ? pairs - first : kWidth;
    Vec half[kPoints][kWinogradKernel];
    for (int i = 0; i < kPoints; ++i) {
      Vec u[kPoints];
      for (int j = 0; j < kPoints; ++j)
        u[j] = load_n(du + (i * kPoints + j) * pairs + first, count);
      weight_adjoint(u, half[i]);
    }
    alignas(64) float taps[kTaps][kWidth];
    for (int j = 0; j < kWinogradKernel; ++j) {
      Vec column[kPoints], w[kWinogradKernel];
      for (int i = 0; i < kPoints; ++i) column[i] = half[i][j];
      weight_adjoint(column, w);
      for (int i = 0; i < kWinogradKernel; ++i) store(taps[i * kWinogradKernel + j], w[i]);
    }
    for (int64_t pair = 0; pair < count; ++pair) {
      for (int tap = 0; tap < kTaps; ++tap) dw[(first + pair) * kTaps + tap] = taps[tap][pair];
    }
  }
}

// Adds B dV B^T of one window and channel to the 6x6 patch at din; dv[f * stride].
inline void add_patch(const float* dv, int64_t stride, float* din, int64_t row) {
  Vec half[kPoints][kPoints];
#pragma GCC unroll 6
  for (int i = 0; i < kPoints; ++i) {
    Vec v[kPoints];
#pragma GCC unroll 6
    for (int j = 0; j < kPoints; ++j) v[j] = load(dv + (i * kPoints + j) * stride);
    input_adjoint(v, half[i]);
  }
#pragma GCC unroll 6
  for (int j = 0; j < kPoints; ++j) {
    Vec column[kPoints], d[kPoints];
#pragma GCC unroll 6
    for (int i = 0; i < kPoints; ++i) column[i] = half[i][j];
    input_adjoint(column, d);
#pragma GCC unroll 6
    for (int i = 0; i < kPoints; ++i) {
      float* to = din + i * row + j * kWidth;
      store(to, add(load(to), d[i]));
    }
  }
}

inline void without_margins(const LaneTensor& t, const float* from, float* to) {
  from += origin(t) * kWidth;
  for (int64_t c = 0; c < t.c; ++c) {
    for (int64_t y = 0; y < t.h; ++y) {
      const float* line = from + (c * plane_vectors(t) + y * row_vectors(t)) * kWidth;
      for (int64_t x = 0; x < t.w * kWidth; x += kWidth, to += kWidth) store(to, load(line + x));
    }
  }
}

// dout is masked; saved is V of the forward pass and is overwritten.
void winograd_backward(const LaneConv& s, const uint8_t* codes, const float* dout,
                       const float* packed, float* saved, float* din, float* dw, float* scratch) {
  const int64_t total = windows(s), channels = s.in.c, pairs = s.out.c * channels;
  const int64_t v_stride = total * channels * kWidth;
  const int64_t o_blocks = (s.out.c + kWinogradO - 1) / kWinogradO;
  const int64_t c_blocks = (channels + kWinogradC - 1) / kWinogradC;
  const int64_t t_blocks = (total + kWinogradDt - 1) / kWinogradDt;
  float* const g = scratch;
  without_margins(s.out, dout, g);
  float* const sums = g + s.out.c * total * kWidth;
  float* const du = sums + (pairs + kWidth) * kWidth;
  for (int f = 0; f < kPoints2; ++f) {
    float* const v = saved + f * v_stride;
    const PointFactors factors(f / kPoints, f % kPoints);
    for (int64_t ob = 0; ob < o_blocks; ++ob) {
      const int64_t o = s.out.c * ob / o_blocks, outputs = s.out.c * (ob + 1) / o_blocks - o;
      const int64_t at = o * total * kWidth;
      for (int64_t cb = 0; cb < c_blocks; ++cb) {
        const int64_t c = channels * cb / c_blocks, count = channels * (cb + 1) / c_blocks - c;
        kWinogradWeightTiles(outputs, count)(total, channels, factors, g + at, codes + at,
                                             v + c * kWidth, sums + (o * channels + c) * kWidth);
      }
    }
    sum_lanes(pairs, sums, du + f * pairs);
    if (din == nullptr) continue;
    for (int64_t tb = 0; tb < t_blocks; ++tb) {
      const int64_t t = total * tb / t_blocks, window_count = total * (tb + 1) / t_blocks - t;
      for (int64_t cb = 0; cb < c_blocks; ++cb) {
        const int64_t c = channels * cb / c_blocks, count = channels * (cb + 1) / c_blocks - c;
        kWinogradInputTiles(count, window_count)(
            s.out.c, total, channels, factors, packed + f * pairs + c, g + t * kWidth,
            codes + t * kWidth, v + (t * channels + c) * kWidth);
      }
    }
  }
  winograd_weight_adjoint(pairs, du, dw);
  if (din == nullptr) return;
  const int64_t in_row = row_vectors(s.in) * kWidth, in_plane = plane_vectors(s.in) * kWidth;
  for (int64_t i = 0; i < channels * in_plane; i += kWidth) store(din + i, zero());
  for (int64_t t = 0; t < total; ++t) {
    float* patch = din + 2 * (t / s.out.w) * in_row + 2 * (t % s.out.w) * kWidth;
    for (int64_t c = 0; c < channels; ++c) {
      add_patch(saved + (t * channels + c) * kWidth, v_stride, patch + c * in_plane, in_row);
    }
  }
}

}  // namespace
}  // namespace rownet
