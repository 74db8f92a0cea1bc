// conv_forward_kernel.h: convolution + bias + activation + 2x2 max-pooling in the lanes layout.
//
// out[o][y][x] = pool(act(bias[o] + sum over c, ky, kx of
//                          w[o][c][ky][kx] * in[c][y * stride + ky][x * stride + kx]))
//
// Shapes    in [ic][h + margins][w + margins][lane], packed [block of oc][ic][ky][kx][oc in block]
// Tile      4 pixels x kConvOc channels: the 2x2 window where pooling follows, else 4 pixels of a line
// Loops     tile > channel block > c > ky > kx; per tap the weights of the block are broadcast, then
//           each of the 4 inputs feeds all of them
// Registers 24 sums + 6 weights + 1 input = 31 of 32; 12 + 3 + 1 = 16 of 16
// Why fast  a tap costs 4 + 6 loads for 24 FMAs, and the convolution's own output is never stored:
//           only the maximum and a byte that says where it was
// Oracle    reference/layers.h, run by test/native/lanes_exact_test.cpp
#pragma once

#include "isa/tiles.h"
#include "isa/vec.h"
#include "lanes/lane_tensor.h"
#include "layers/activations.h"

namespace rownet {
namespace {

constexpr int kConvOc = kRegisters >= 32 ? 6 : 3;
constexpr int kConvPixels = 4;

// The compiler hoists loads across taps and spills the accumulators for it; a fence it must not
// move them over keeps 16 registers enough (AVX2: 1.15 times faster).
#define ROWNET_FENCE(pointer) asm volatile("" : "+r"(pointer))

inline int64_t conv_blocks(int64_t oc) { return (oc + kConvOc - 1) / kConvOc; }

size_t direct_packed_size(const LaneConv& s) {
  return static_cast<size_t>(s.out.c * s.in.c * s.kh * s.kw);
}

// Element (o, c, ky, kx) is weight[o * stride_o + c * stride_c + ky * stride_y + kx * stride_x].
struct WeightView {
  const float* data;
  int64_t stride_o, stride_c, stride_y, stride_x;
};

void conv_pack_view(const LaneConv& s, WeightView w, float* packed) {
  const int64_t blocks = conv_blocks(s.out.c);
  for (int64_t block = 0; block < blocks; ++block) {
    const int64_t begin = s.out.c * block / blocks, end = s.out.c * (block + 1) / blocks;
    for (int64_t c = 0; c < s.in.c; ++c) {
      for (int64_t ky = 0; ky < s.kh; ++ky) {
        for (int64_t kx = 0; kx < s.kw; ++kx) {
          const float* from = w.data + c * w.stride_c + ky * w.stride_y + kx * w.stride_x;
          for (int64_t o = begin; o < end; ++o) *packed++ = from[o * w.stride_o];
        }
      }
    }
  }
}

void direct_pack(const LaneConv& s, const float* weight, float* packed) {
  conv_pack_view(s, {weight, s.in.c * s.kh * s.kw, s.kh * s.kw, s.kw, 1}, packed);
}

// K: the kernel is K x K, known at compile time; 0: any; -1: any, dilated.
template <int Oc, int Px, int K>
inline __attribute__((always_inline)) void conv_tile(const LaneConv& s, const float* in,
                                                     const int64_t (&at)[Px], const float* w,
                                                     Vec (&acc)[Oc][Px]) {
  const int64_t row = row_vectors(s.in) * kWidth, plane = plane_vectors(s.in) * kWidth;
  const int64_t kh = K <= 0 ? s.kh : K, kw = K <= 0 ? s.kw : K;
  const int64_t right = K < 0 ? s.dilation_w * kWidth : kWidth,
                down = K < 0 ? s.dilation_h * row : row;
  for (int64_t c = 0; c < s.in.c; ++c, in += plane) {
    const float* line = in;
    for (int64_t ky = 0; ky < kh; ++ky, line += down) {
#pragma GCC unroll 5
      for (int64_t kx = 0; kx < kw; ++kx, w += Oc) {
        ROWNET_FENCE(w);
        Vec wv[Oc];
#pragma GCC unroll 6
        for (int o = 0; o < Oc; ++o) wv[o] = broadcast(w[o]);
#pragma GCC unroll 4
        for (int i = 0; i < Px; ++i) {
          const Vec x = load(line + at[i] + kx * right);
#pragma GCC unroll 6
          for (int o = 0; o < Oc; ++o) acc[o][i] = fma(wv[o], x, acc[o][i]);
        }
      }
    }
  }
}

template <int Oc, int Px>
inline void start_tile(const float* bias, Vec (&acc)[Oc][Px]) {
#pragma GCC unroll 6
  for (int o = 0; o < Oc; ++o) {
    const Vec b = bias == nullptr ? zero() : broadcast(bias[o]);
#pragma GCC unroll 4
    for (int i = 0; i < Px; ++i) acc[o][i] = b;
  }
}

struct Max2x2 {
  Vec value;
  Codes code;  // row * 2 + column
};

// The first maximum of a window.
inline Max2x2 max_2x2(Vec a, Vec b, Vec c, Vec d) {
  const Mask b_wins = exceeds(b, a), d_wins = exceeds(d, c);
  const Vec upper = blend(b_wins, b, a), lower = blend(d_wins, d, c);
  const Mask lower_wins = exceeds(lower, upper);
  return {blend(lower_wins, lower, upper),
          blend_codes(lower_wins, blend_codes(d_wins, broadcast_code(3), broadcast_code(2)),
                      blend_codes(b_wins, broadcast_code(1), broadcast_code(0)))};
}

// One 2x2 window of Oc channels. `in` points at the window's first input, out and codes at its
// output.
template <int Oc, int K>
void conv_pool_tile(const LaneConv& s, const float* in, const float* w, const float* bias,
                    float* out, int64_t out_plane, uint8_t* codes, int64_t codes_plane) {
  const int64_t right = s.stride_w * kWidth, down = s.stride_h * row_vectors(s.in) * kWidth;
  const int64_t at[4] = {0, right, down, down + right};
  Vec acc[Oc][4];
  start_tile<Oc, 4>(bias, acc);
  conv_tile<Oc, 4, K>(s, in, at, w, acc);
#pragma GCC unroll 6
  for (int o = 0; o < Oc; ++o) {
    const Max2x2 max = max_2x2(acc[o][0], acc[o][1], acc[o][2], acc[o][3]);
    store(out + o * out_plane, finish(s.activation.kind, max.value));
    store_codes(codes + o * codes_plane, max.code);
  }
}

template <int Oc, int Px, int K>
void conv_line_tile(const LaneConv& s, const float* in, const float* w, const float* bias,
                    float* out, int64_t out_plane, uint8_t*, int64_t) {
  int64_t at[Px];
  for (int i = 0; i < Px; ++i) at[i] = i * s.stride_w * kWidth;
  Vec acc[Oc][Px];
  start_tile<Oc, Px>(bias, acc);
  conv_tile<Oc, Px, K>(s, in, at, w, acc);
#pragma GCC unroll 6
  for (int o = 0; o < Oc; ++o) {
#pragma GCC unroll 4
    for (int i = 0; i < Px; ++i) {
      store(out + o * out_plane + i * kWidth, finish(s.activation.kind, acc[o][i]));
    }
  }
}

// Square kernels whose size the tiles know at compile time; 0 stands for all others, -1 for those with
// gaps.
constexpr int kKnownKernels[] = {0, 3, 5, -1};
inline int known_kernel(const LaneConv& s) {
  if (is_dilated(s)) return 4;
  return s.kh == 5 && s.kw == 5 ? 3 : s.kh == 3 && s.kw == 3 ? 2 : 1;
}
// (channels, known_kernel): pooled, a line's 4 pixels, one pixel
constexpr auto kConvPoolTiles = tile_table<kConvOc, 4>(
    [](auto oc, auto kernel) { return conv_pool_tile<oc, kKnownKernels[kernel - 1]>; });
constexpr auto kConvLineTiles = tile_table<kConvOc, 4>([](auto oc, auto kernel) {
  return conv_line_tile<oc, kConvPixels, kKnownKernels[kernel - 1]>;
});
constexpr auto kConvPixelTiles = tile_table<kConvOc, 4>(
    [](auto oc, auto kernel) { return conv_line_tile<oc, 1, kKnownKernels[kernel - 1]>; });

// bias: nullptr for zeros; codes: not used, and nullptr perhaps, where nothing is pooled.
void direct_forward(const LaneConv& s, const float* in, const float* packed, const float* bias,
                    float* out, uint8_t* codes) {
  const int kernel = known_kernel(s);
  const int64_t blocks = conv_blocks(s.out.c), taps = s.in.c * s.kh * s.kw;
  const int64_t in_row = row_vectors(s.in) * kWidth, out_row = row_vectors(s.out) * kWidth;
  const int64_t out_plane = plane_vectors(s.out) * kWidth, codes_plane = s.out.h * s.out.w * kWidth;
  out += origin(s.out) * kWidth;
  const int64_t step_y = s.pool ? 2 : 1;
  for (int64_t y = 0; y < s.out.h; ++y) {
    const float* in_line = in + y * step_y * s.stride_h * in_row;
    int64_t px = 0;
    for (int64_t x = 0; x < s.out.w; x += px) {
      px = !s.pool && s.out.w - x >= kConvPixels ? kConvPixels : 1;
      const auto& tiles = s.pool              ? kConvPoolTiles
                          : px == kConvPixels ? kConvLineTiles
                                              : kConvPixelTiles;
      const float* from = in_line + x * step_y * s.stride_w * kWidth;
      for (int64_t block = 0; block < blocks; ++block) {
        const int64_t begin = s.out.c * block / blocks, end = s.out.c * (block + 1) / blocks;
        uint8_t* const code =
            s.pool ? codes + begin * codes_plane + (y * s.out.w + x) * kWidth : nullptr;
        tiles(end - begin, kernel)(
            s, from, packed + begin * taps, bias == nullptr ? nullptr : bias + begin,
            out + begin * out_plane + y * out_row + x * kWidth, out_plane, code, codes_plane);
      }
    }
  }
}

}  // namespace
}  // namespace rownet
