// wide_conv.h: which convolutions are wide, and their forward and backward pass by
// wide_forward_kernel.h and wide_weights_kernel.h.
#pragma once

#include "lanes/conv_backward_kernel.h"
#include "lanes/wide_forward_kernel.h"
#include "lanes/wide_weights_kernel.h"

namespace rownet {
namespace {

// Few channels do not pay for the transforms, nor do outputs that are much smaller than their tiles.
// 5x5 in front of a pool has kernels of its own for what fits into L2.
template <int K>
bool is_wide_kernel(const LaneConv& s) {
  if (s.kh != K || s.kw != K) return false;
  return K == 1 || 3 * kWidePoints<K> * wide_tiles<K>(s.oh, s.ow).count <= 2 * s.oh * s.ow * K * K;
}
inline bool is_wide(const LaneConv& s) {
  return s.winograd && s.stride_h == 1 && s.stride_w == 1 && !is_dilated(s) && s.in.c >= 8 &&
         s.out.c >= 8 && !is_winograd(s) &&
         (is_wide_kernel<1>(s) || is_wide_kernel<3>(s) || is_wide_kernel<5>(s));
}

// A 1x1 convolution is its products already: forward there is nothing to save.
inline bool is_wide_forward(const LaneConv& s) { return is_wide(s) && s.kh > 1; }

// body(Size<K>()) with the kernel of a wide convolution.
template <typename Body>
inline auto with_wide_kernel(const LaneConv& s, const Body& body) {
  return s.kh == 1 ? body(Size<1>()) : s.kh == 3 ? body(Size<3>()) : body(Size<5>());
}

size_t wide_conv_packed_size(const LaneConv& s) {
  return with_wide_kernel(s, [&](auto k) { return wide_packed_size<k>(s.in.c, s.out.c); });
}

// A pooled gradient, spread out.
inline size_t spread_size(const LaneConv& s) {
  return s.pool ? static_cast<size_t>(s.out.c * s.oh * s.ow * kWidth) : 0;
}

size_t wide_conv_scratch_size(const LaneConv& s) {
  return with_wide_kernel(s, [&](auto k) {
    const size_t sizes[] = {wide_forward_scratch_size<k>(s.in.c, s.out.c),
                            spread_size(s) + wide_forward_scratch_size<k>(s.out.c, s.in.c),
                            spread_size(s) + wide_weights_scratch_size<k>(s.in.c, s.out.c)};
    size_t most = 0;
    for (const size_t size : sizes) most = size > most ? size : most;
    return most;
  });
}

void wide_conv_pack(const LaneConv& s, const float* weight, float* packed) {
  with_wide_kernel(s, [&](auto k) {
    wide_pack<k>({weight, s.in.c * k * k, k * k, k, 1}, s.out.c, s.in.c, packed);
  });
}

// Channels exchanged, kernel turned by 180 degrees.
void wide_conv_backward_pack(const LaneConv& s, const float* weight, float* packed) {
  with_wide_kernel(s, [&](auto k) {
    wide_pack<k>({weight + k * k - 1, k * k, s.in.c * k * k, -k, -1}, s.in.c, s.out.c, packed);
  });
}

// A tensor with its margins.
inline WidePixels whole_pixels(const LaneTensor& t, const float* data) {
  return {data, row_vectors(t) * kWidth, plane_vectors(t) * kWidth, t.h + 2 * t.margin_h,
          t.w + 2 * t.margin_w};
}

inline WideConv wide_conv(const LaneConv& s, const float* in) {
  return {whole_pixels(s.in, in), 0, 0, s.in.c, s.out.c, s.oh, s.ow};
}

// A tensor within its margins.
inline WideOutput tensor_output(const LaneTensor& t, float* data) {
  return {data + origin(t) * kWidth,
          row_vectors(t) * kWidth,
          plane_vectors(t) * kWidth,
          t.h,
          t.w,
          nullptr,
          Activation::kNone,
          nullptr};
}

void wide_conv_forward(const LaneConv& s, const float* in, const float* packed, const float* bias,
                       float* out, uint8_t* codes, float* scratch) {
  WideOutput to = tensor_output(s.out, out);
  to.bias = bias;
  to.activation = s.activation.kind;
  to.codes = s.pool ? codes : nullptr;
  with_wide_kernel(s, [&](auto k) { wide_forward<k>(wide_conv(s, in), packed, to, scratch); });
}

// The gradient of the convolution's own output; `spread` takes it where it was pooled.
inline WidePixels unpooled(const LaneConv& s, const uint8_t* codes, const float* dout,
                           float* spread) {
  const int64_t row = row_vectors(s.out) * kWidth, plane = plane_vectors(s.out) * kWidth;
  dout += origin(s.out) * kWidth;
  if (!s.pool) return {dout, row, plane, s.oh, s.ow};
  const WidePixels pixels = {spread, s.ow * kWidth, s.oh * s.ow * kWidth, s.oh, s.ow};
  for (int64_t o = 0; o < s.out.c; ++o, spread += pixels.plane) {
    for (int64_t y = 0; y < s.oh; ++y) {
      for (int64_t x = 0; x < s.ow; ++x) {
        Vec g = zero();
        if (y / 2 < s.out.h && x / 2 < s.out.w) {
          const Codes code = load_codes(codes + ((o * s.out.h + y / 2) * s.out.w + x / 2) * kWidth);
          g = load(dout + o * plane + y / 2 * row + x / 2 * kWidth);
          g = blend(code_is(code, static_cast<int>(y % 2 * 2 + x % 2)), g, zero());
        }
        store(spread + y * pixels.row + x * kWidth, g);
      }
    }
  }
  return pixels;
}

// dout is masked; din is not computed where it is nullptr.
void wide_conv_backward(const LaneConv& s, const float* in, const uint8_t* codes, const float* dout,
                        const float* packed, float* din, float* dw, float* scratch) {
  const WidePixels dy = unpooled(s, codes, dout, scratch);
  scratch += spread_size(s);
  with_wide_kernel(s, [&](auto k) {
    wide_weight_gradient<k>(wide_conv(s, in), dy, dw, scratch);
    if (din == nullptr) return;
    // Pixel (y, x) of the input meets the outputs from (y + margin - K + 1, x + margin - K + 1) on.
    const WideConv turned = {
        dy, s.in.margin_h - k + 1, s.in.margin_w - k + 1, s.out.c, s.in.c, s.in.h, s.in.w};
    wide_forward<k>(turned, packed, tensor_output(s.in, din), scratch);
  });
}

}  // namespace
}  // namespace rownet
