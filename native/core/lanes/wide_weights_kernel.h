// wide_weights_kernel.h: the gradient of the weights of a convolution 1x1, 3x3 or 5x5 of many channels, at the points of
// wide_transforms.h.
//
// With dM = A dy A^T of each tile, and V as in the forward pass:
//   dU[f][o][c] = sum over t, lanes of dM[f][o][t] * V[f][c][t],   dw = G^T dU G
//
// Layout    V in panels [f][c / 4][t][c % 4][lane] and dM in panels [f][o / kLaneRows][t][o % kLaneRows][lane] of a
//           chunk of tiles; dU in squares of kWidth pairs
//           [f][o / kLaneRows][c / 4][o % kLaneRows][c % 4]
// Loops     chunk: its V and dM > point > block of o > block of c > t
// Registers kLaneRows o x 4 c sums, as many as a vector has lanes: their lanes are then added into one vector.
//           16 + 4 + 1 = 21 of 32 (AVX-512); 8 + 4 + 1 = 13 of 16 (AVX2)
// Why fast  a quarter (3x3) or a third (5x5) of the multiplications, and for each kernel the channels of both sides make
//           a square of sums, where the definition's few taps leave the multipliers waiting
// Oracle    reference/layers.h, run by test/native/lanes_winograd_test.cpp
#pragma once

#include "isa/vec.h"
#include "lanes/wide_forward_kernel.h"
#include "lanes/wide_transforms.h"

namespace rownet {
namespace {

constexpr int kLaneRows = kWidth / 4;
// Tiles whose sums are made before their lanes are added.
template <int K>
constexpr int kWideChunk = K == 1 ? 32 : 8;

inline int64_t filled_up(int64_t channels, int64_t to) { return (channels + to - 1) / to * to; }

// Floats of dU of one point.
inline int64_t wide_squares(const WideConv& s) {
  return filled_up(s.outputs, kLaneRows) * filled_up(s.channels, 4);
}

template <int K>
size_t wide_weights_scratch_size(int64_t channels, int64_t outputs) {
  const int64_t c = filled_up(channels, 4), o = filled_up(outputs, kLaneRows);
  return static_cast<size_t>(kWidePoints<K> * ((kWideChunk<K> * (c + o) + 2) * kWidth + c * o));
}

// Where a channel of a tile stands among panels of kRows channels.
template <int kRows>
inline int64_t place(int64_t channel, int64_t tile, int64_t chunk) {
  return ((channel / kRows * chunk + tile) * kRows + channel % kRows) * kWidth;
}

// Adds the sums over `count` tiles and the lanes to a square of dU.
inline void wide_weights_tile(int64_t count, const float* m, const float* v, float* du) {
  Vec acc[kWidth];
#pragma GCC unroll 16
  for (int i = 0; i < kWidth; ++i) acc[i] = zero();
  for (int64_t t = 0; t < count; ++t, m += kLaneRows * kWidth, v += 4 * kWidth) {
    Vec x[4];
#pragma GCC unroll 4
    for (int c = 0; c < 4; ++c) x[c] = load(v + c * kWidth);
#pragma GCC unroll 4
    for (int o = 0; o < kLaneRows; ++o) {
      const Vec g = load(m + o * kWidth);
#pragma GCC unroll 4
      for (int c = 0; c < 4; ++c) acc[o * 4 + c] = fma(g, x[c], acc[o * 4 + c]);
    }
  }
  store(du, add(load(du), sum_each(acc)));
}

// dw[o][c][K][K] from dU.
template <int K>
void wide_weights_from_points(const WideConv& s, const float* du, float* dw) {
  constexpr int kSide = WideLine<K>::kPoints;
  const int64_t squares = wide_squares(s), across = filled_up(s.channels, 4) / 4;
  for (int64_t at = 0; at < squares; at += kWidth) {
    const int64_t o = at / kWidth / across * kLaneRows, c = at / kWidth % across * 4;
    alignas(64) float taps[K][K][kWidth];
    transform_square<kSide, K, WideLine<K>::weight_gradient>(
        [&](int i, int j) { return load(du + (i * kSide + j) * squares + at); },
        [&](int i, int j, Vec w) { store(taps[i][j], w); });
    for (int64_t lane = 0; lane < kWidth; ++lane) {
      if (o + lane / 4 >= s.outputs || c + lane % 4 >= s.channels) continue;
      float* const to = dw + ((o + lane / 4) * s.channels + c + lane % 4) * K * K;
      for (int tap = 0; tap < K * K; ++tap) to[tap] = taps[tap / K][tap % K][lane];
    }
  }
}

// dy: s.oh x s.ow pixels of each output channel; dw is overwritten.
template <int K>
void wide_weight_gradient(const WideConv& s, const WidePixels& dy, float* dw, float* scratch) {
  using Line = WideLine<K>;
  constexpr int kSide = Line::kPoints, kTile = Line::kTile;
  const WideTiles tiles = wide_tiles<K>(s.oh, s.ow);
  const int64_t channels = filled_up(s.channels, 4), outputs = filled_up(s.outputs, kLaneRows);
  constexpr int64_t kChunk = kWideChunk<K>;
  const int64_t v_stride = (kChunk * channels + 1) * kWidth;
  const int64_t m_stride = (kChunk * outputs + 1) * kWidth;
  const int64_t squares = wide_squares(s);
  float* const v = scratch;
  float* const m = v + kWidePoints<K> * v_stride;
  float* const du = m + kWidePoints<K> * m_stride;
  for (int64_t i = 0; i < kWidePoints<K> * squares; i += kWidth) store(du + i, zero());
  const auto top_of = [&](int64_t tile) { return tile / tiles.across * kTile; };
  const auto left_of = [&](int64_t tile) { return tile % tiles.across * kTile; };
  for (int64_t first = 0; first < tiles.count; first += kWideChunk<K>) {
    const int64_t left = tiles.count - first;
    const int64_t count = left < kWideChunk<K> ? left : kWideChunk<K>;
    for (int64_t c = 0; c < s.channels; ++c) {
      for (int64_t t = 0; t < count; ++t) {
        to_points<Line::kPatch, kSide, Line::patch>(s.in, c, top_of(first + t) + s.top,
                                                    left_of(first + t) + s.left,
                                                    v + place<4>(c, t, kChunk), v_stride);
      }
    }
    for (int64_t o = 0; o < s.outputs; ++o) {
      for (int64_t t = 0; t < count; ++t) {
        to_points<kTile, kSide, Line::gradient>(dy, o, top_of(first + t), left_of(first + t),
                                                m + place<kLaneRows>(o, t, kChunk), m_stride);
      }
    }
    for (int f = 0; f < kWidePoints<K>; ++f) {
      float* square = du + f * squares;
      for (int64_t o = 0; o < outputs; o += kLaneRows) {
        for (int64_t c = 0; c < channels; c += 4, square += kWidth) {
          wide_weights_tile(count, m + f * m_stride + o * kChunk * kWidth,
                            v + f * v_stride + c * kChunk * kWidth, square);
        }
      }
    }
  }
  wide_weights_from_points<K>(s, du, dw);
}

}  // namespace
}  // namespace rownet
