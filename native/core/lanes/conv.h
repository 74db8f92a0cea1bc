// conv.h: chooses, per convolution, the kernels of its forward and backward pass.
//
//   1x1, 3x3 or 5x5, stride 1, many channels    wide_forward_kernel.h, wide_weights_kernel.h
//   5x5, stride 1, 2x2 pool, several channels   winograd_forward_kernel.h; with 32
//                                               registers also winograd_backward_kernel.h
//   any other, forward                          conv_forward_kernel.h
//   3x3 or 5x5, stride 1, 2x2 pool, backward    sparse_gradient_kernel.h, sparse_rows_kernel.h
//   any other, backward                         conv_backward_kernel.h
// The channels of a group stand together: a convolution in groups is one convolution after the other.
//
// Winograd's gradients look up a window's gradient at each point, for a tile of 6 channels where
// there are 32 registers. For one of 3, which 16 registers hold, the lookups cost a third of what
// they save: there the sparse gradients are faster (AVX2: 42 us against 53 for a block of LeNet-5's
// conv2).
#pragma once

#include "lanes/conv_backward_kernel.h"
#include "lanes/conv_forward_kernel.h"
#include "lanes/sparse_gradient_kernel.h"
#include "lanes/sparse_rows_kernel.h"
#include "lanes/wide_conv.h"
#include "lanes/winograd_backward_kernel.h"
#include "lanes/winograd_forward_kernel.h"

namespace rownet {
namespace {

// What a convolution's kernels work with besides its tensors; their sizes are asked for below.
struct ConvMemory {
  const float *packed, *packed_backward;
  float *saved, *scratch;
};

constexpr bool kWinogradGradients = kRegisters >= 32;

inline bool has_winograd_gradients(const LaneConv& s) {
  return kWinogradGradients && is_winograd(s);
}

inline bool is_sparse(const LaneConv& s) {
  return s.pool && s.kh == s.kw && (s.kh == 5 || s.kh == 3) && s.stride_h == 1 && s.stride_w == 1 &&
         !is_dilated(s);
}

size_t conv_packed_size(const LaneConv& s) {
  if (is_wide_forward(s)) return wide_conv_packed_size(s);
  return is_winograd(s) ? winograd_packed_size(s) : direct_packed_size(s);
}

void conv_pack(const LaneConv& s, const float* weight, float* packed) {
  if (is_wide_forward(s)) return wide_conv_pack(s, weight, packed);
  (is_winograd(s) ? winograd_pack : direct_pack)(s, weight, packed);
}

// What the forward pass leaves to the backward pass, besides its output.
size_t conv_saved_size(const LaneConv& s) {
  return has_winograd_gradients(s) ? winograd_saved_size(s) : 0;
}

size_t conv_backward_scratch_size(const LaneConv& s) {
  if (has_winograd_gradients(s)) return winograd_backward_scratch_size(s);
  if (is_sparse(s)) return rows_weight_gradient_fits(s) ? rows_scratch_size(s) : 0;
  return static_cast<size_t>(tensor_vectors(dense_tensor(s)) * kWidth);
}

size_t conv_scratch_size(const LaneConv& s) {
  if (is_wide(s)) return wide_conv_scratch_size(s);
  const size_t forward = is_winograd(s) ? winograd_forward_scratch_size(s) : 0;
  const size_t backward = conv_backward_scratch_size(s);
  return forward > backward ? forward : backward;
}

// m.saved is nullptr where no backward pass follows.
void conv_forward(const LaneConv& s, const float* in, const ConvMemory& m, const float* bias,
                  float* out, uint8_t* codes) {
  if (is_wide_forward(s)) {
    wide_conv_forward(s, in, m.packed, bias, out, codes, m.scratch);
  } else if (is_winograd(s)) {
    // Without gradients of its own, V is only needed window by window.
    float* saved = kWinogradGradients ? m.saved : nullptr;
    winograd_forward(s, in, m.packed, bias, out, codes, saved, m.scratch);
  } else {
    direct_forward(s, in, m.packed, bias, out, codes);
  }
  const int64_t row = row_vectors(s.out) * kWidth, plane = plane_vectors(s.out) * kWidth;
  for (int64_t o = 0; o < s.out.c; ++o) {
    for (int64_t y = 0; y < s.out.h; ++y) {
      finish_stored(s.activation, s.out.w * kWidth,
                    out + origin(s.out) * kWidth + o * plane + y * row);
    }
  }
}

size_t conv_backward_packed_size(const LaneConv& s) {
  if (is_wide(s)) return wide_conv_packed_size(s);
  if (has_winograd_gradients(s)) return 0;
  return is_sparse(s) ? patch_table_size(s) : direct_packed_size(input_gradient_conv(s));
}

void conv_backward_pack(const LaneConv& s, const float* weight, float* packed) {
  if (is_wide(s)) return wide_conv_backward_pack(s, weight, packed);
  if (has_winograd_gradients(s)) return;
  if (is_sparse(s)) {
    pack_patch_tables(s, weight, packed);
    return;
  }
  // Channels exchanged, kernel turned by 180 degrees.
  const int64_t kernel = s.kh * s.kw;
  conv_pack_view(input_gradient_conv(s), {weight + kernel - 1, kernel, s.in.c * kernel, -s.kw, -1},
                 packed);
}

template <int K>
void sparse_backward(const LaneConv& s, const float* in, const uint8_t* codes, const float* dout,
                     const float* packed, float* din, float* dw, float* scratch) {
  if (rows_weight_gradient_fits(s)) {
    rows_weight_gradient(s, in, codes, dout, dw, scratch);
  } else {
    blend_weight_gradient<K>(s, in, codes, dout, dw);
  }
  if (din != nullptr) sparse_input_gradient<K>(s, codes, dout, packed, din);
}

// dw[oc, ic, kh, kw] of this block is overwritten; db[oc] and din too, unless nullptr. dout becomes
// the gradient in front of the activation.
void conv_backward(const LaneConv& s, const float* in, const float* out, const uint8_t* codes,
                   float* dout, const ConvMemory& m, float* din, float* dw, float* db) {
  mask_and_sum(s, out, dout, db);
  if (is_wide(s)) {
    wide_conv_backward(s, in, codes, dout, m.packed_backward, din, dw, m.scratch);
  } else if (has_winograd_gradients(s)) {
    winograd_backward(s, codes, dout, m.packed, m.saved, din, dw, m.scratch);
  } else if (is_sparse(s)) {
    (s.kh == 5 ? sparse_backward<5> : sparse_backward<3>)(s, in, codes, dout, m.packed_backward,
                                                          din, dw, m.scratch);
  } else {
    dense_gradient(s, codes, dout, m.scratch);
    dense_weight_gradient(s, in, m.scratch, dw);
    if (din != nullptr) {
      direct_forward(input_gradient_conv(s), m.scratch, m.packed_backward, nullptr, din, nullptr);
    }
  }
}

}  // namespace
}  // namespace rownet
