// conv_backward_kernel.h: the gradients of a convolution of any shape, dense, in the lanes layout.
//
// The gradient of the convolution's output is spread out into a plane of zeros, `dense`, at the
// distance of the stride and with span - 1 zeros around it, a span being that of the kernel (Dumoulin & Visin, A guide to
// convolution arithmetic, 2016). Then
//   din = dense (*) flipped weights   the forward kernel, stride 1, again
//   dw[o][c][ky][kx] = sum over y, x, lanes of dy[o][y][x] * in[c][y s + ky d][x s + kx d]
// Convolutions that are pooled have faster ones in sparse_*_kernel.h.
//
// Registers dw: 4 channels x 5 kx sums + 4 gradients + 1 input = 25 of 32;
//           2 x 5 + 2 + 1 = 13 of 16
// Padding   smaller than the span, so that every position lies inside `dense`
#pragma once

#include "isa/tiles.h"
#include "isa/vec.h"
#include "lanes/conv_forward_kernel.h"
#include "lanes/lane_tensor.h"

namespace rownet {
namespace {

constexpr int kDwOc = kRegisters >= 32 ? 4 : 2;
constexpr int kDwKx = 5;

inline int64_t zeros_above(const LaneConv& s) { return (s.kh - 1) * s.dilation_h; }
inline int64_t zeros_left(const LaneConv& s) { return (s.kw - 1) * s.dilation_w; }

inline LaneTensor dense_tensor(const LaneConv& s) {
  return {s.out.c, s.in.h + zeros_above(s), s.in.w + zeros_left(s), 0, 0};
}

// The convolution that computes din from `dense`.
inline LaneConv input_gradient_conv(const LaneConv& s) {
  const ActivationUse none{Activation::kNone, 0.0f};
  return {dense_tensor(s), s.in,  s.kh,         s.kw,        1, 1, s.in.h, s.in.w, none,
          false,           false, s.dilation_h, s.dilation_w};
}

// The place in `dense` of the gradient of output pixel (0, 0), in vectors.
inline int64_t dense_origin(const LaneConv& s) {
  const LaneTensor t = dense_tensor(s);
  return (zeros_above(s) - s.in.margin_h) * row_vectors(t) + zeros_left(s) - s.in.margin_w;
}

void dense_gradient(const LaneConv& s, const uint8_t* codes, const float* dout, float* dense) {
  const LaneTensor t = dense_tensor(s);
  const int64_t row = row_vectors(t) * kWidth, plane = plane_vectors(t) * kWidth;
  const int64_t down = s.stride_h * row, right = s.stride_w * kWidth;
  const int64_t out_row = row_vectors(s.out) * kWidth, out_plane = plane_vectors(s.out) * kWidth;
  for (int64_t i = 0; i < t.c * plane; i += kWidth) store(dense + i, zero());
  dense += dense_origin(s) * kWidth;
  dout += origin(s.out) * kWidth;
  for (int64_t o = 0; o < s.out.c; ++o) {
    for (int64_t y = 0; y < s.out.h; ++y) {
      for (int64_t x = 0; x < s.out.w; ++x) {
        const Vec g = load(dout + o * out_plane + y * out_row + x * kWidth);
        if (!s.pool) {
          store(dense + o * plane + y * down + x * right, g);
          continue;
        }
        const Codes code = load_codes(codes + ((o * s.out.h + y) * s.out.w + x) * kWidth);
        float* window = dense + o * plane + 2 * y * down + 2 * x * right;
        store(window, blend(code_is(code, 0), g, zero()));
        store(window + right, blend(code_is(code, 1), g, zero()));
        store(window + down, blend(code_is(code, 2), g, zero()));
        store(window + down + right, blend(code_is(code, 3), g, zero()));
      }
    }
  }
}

// dw of Oc channels at one (c, ky), kx from `kx` on.
template <int Oc, int Kx, bool Dilated>
void dense_dw_tile(const LaneConv& s, const float* in, const float* dense, float* dw,
                   int64_t dw_stride) {
  const LaneTensor t = dense_tensor(s);
  const int64_t row = row_vectors(t) * kWidth, plane = plane_vectors(t) * kWidth;
  const int64_t in_row = row_vectors(s.in) * kWidth, right = s.stride_w * kWidth;
  const int64_t tap = Dilated ? s.dilation_w * kWidth : kWidth;
  Vec acc[Oc][Kx];
#pragma GCC unroll 4
  for (int o = 0; o < Oc; ++o) {
#pragma GCC unroll 5
    for (int k = 0; k < Kx; ++k) acc[o][k] = zero();
  }
  for (int64_t y = 0; y < s.oh; ++y) {
    const float* g = dense + y * s.stride_h * row;
    const float* x = in + y * s.stride_h * in_row;
    for (int64_t i = 0; i < s.ow; ++i, g += right, x += right) {
      Vec gv[Oc];
#pragma GCC unroll 4
      for (int o = 0; o < Oc; ++o) gv[o] = load(g + o * plane);
#pragma GCC unroll 5
      for (int k = 0; k < Kx; ++k) {
        const Vec xv = load(x + k * tap);
#pragma GCC unroll 4
        for (int o = 0; o < Oc; ++o) acc[o][k] = fma(gv[o], xv, acc[o][k]);
      }
    }
  }
#pragma GCC unroll 4
  for (int o = 0; o < Oc; ++o) {
#pragma GCC unroll 5
    for (int k = 0; k < Kx; ++k) dw[o * dw_stride + k] = sum(acc[o][k]);
  }
}

constexpr auto kDenseDwTiles =
    tile_table<kDwOc, kDwKx>([](auto oc, auto kx) { return dense_dw_tile<oc, kx, false>; });
constexpr auto kDilatedDwTiles =
    tile_table<kDwOc, kDwKx>([](auto oc, auto kx) { return dense_dw_tile<oc, kx, true>; });

void dense_weight_gradient(const LaneConv& s, const float* in, const float* dense, float* dw) {
  const int64_t plane = plane_vectors(dense_tensor(s)) * kWidth;
  const int64_t in_row = row_vectors(s.in) * kWidth, in_plane = plane_vectors(s.in) * kWidth;
  const int64_t taps = s.in.c * s.kh * s.kw;
  const int64_t oc_blocks = (s.out.c + kDwOc - 1) / kDwOc, kx_blocks = (s.kw + kDwKx - 1) / kDwKx;
  const auto& tiles = is_dilated(s) ? kDilatedDwTiles : kDenseDwTiles;
  dense += dense_origin(s) * kWidth;
  for (int64_t ob = 0; ob < oc_blocks; ++ob) {
    const int64_t o = s.out.c * ob / oc_blocks, channels = s.out.c * (ob + 1) / oc_blocks - o;
    for (int64_t c = 0; c < s.in.c; ++c) {
      for (int64_t ky = 0; ky < s.kh; ++ky) {
        for (int64_t kb = 0; kb < kx_blocks; ++kb) {
          const int64_t kx = s.kw * kb / kx_blocks, width = s.kw * (kb + 1) / kx_blocks - kx;
          const float* const from =
              in + c * in_plane + ky * s.dilation_h * in_row + kx * s.dilation_w * kWidth;
          tiles(channels, width)(s, from, dense + o * plane,
                                 dw + o * taps + (c * s.kh + ky) * s.kw + kx, taps);
        }
      }
    }
  }
}

// dout becomes the gradient in front of the activation A, and db, unless nullptr, its sum: both from one
// pass over the step's output.
template <typename A>
void mask_and_sum_of(A a, const LaneConv& s, const float* out, float* dout, float* db) {
  const int64_t row = row_vectors(s.out) * kWidth, plane = plane_vectors(s.out) * kWidth;
  out += origin(s.out) * kWidth;
  dout += origin(s.out) * kWidth;
  for (int64_t o = 0; o < s.out.c; ++o) {
    Vec total[2] = {zero(), zero()};
    for (int64_t y = 0; y < s.out.h; ++y) {
      for (int64_t x = 0; x < s.out.w; ++x) {
        const int64_t at = o * plane + y * row + x * kWidth;
        Vec g = load(dout + at);
        if constexpr (!kIsIdentity<A>) {
          g = a.backward(g, zero(), load(out + at));
          store(dout + at, g);
        }
        total[x & 1] = add(total[x & 1], g);
      }
    }
    if (db != nullptr) db[o] = sum(add(total[0], total[1]));
  }
}

void mask_and_sum(const LaneConv& s, const float* out, float* dout, float* db) {
  with_activation(s.activation, [&](auto a) { mask_and_sum_of(a, s, out, dout, db); });
}

}  // namespace
}  // namespace rownet
