// conv_backward.h: chooses, per convolution, the kernels of its backward pass.
//
//   behind a 2x2 pool, square kernel of 3 or 5, stride 1   sparse_gradient_kernel.h,
//   sparse_rows_kernel.h everything else conv_backward_kernel.h, dense
#pragma once

#include "lanes/conv_backward_kernel.h"
#include "lanes/sparse_gradient_kernel.h"
#include "lanes/sparse_rows_kernel.h"

namespace rownet {
namespace {

inline bool is_sparse(const LaneConv& s) {
  return s.pool && s.kh == s.kw && (s.kh == 5 || s.kh == 3) && s.stride_h == 1 && s.stride_w == 1;
}

inline size_t max_size(size_t a, size_t b) { return a > b ? a : b; }

size_t conv_backward_packed_size(const LaneConv& s) {
  return is_sparse(s) ? patch_table_size(s) : conv_packed_size(input_gradient_conv(s));
}

size_t conv_backward_scratch(const LaneConv& s) {
  if (is_sparse(s)) return rows_weight_gradient_fits(s) ? rows_scratch(s) : 0;
  return static_cast<size_t>(tensor_vectors(dense_tensor(s)) * kWidth);
}

void conv_backward_pack(const LaneConv& s, const float* weight, float* packed) {
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

void conv_backward(const LaneConv& s, const float* in, const float* out, const uint8_t* codes,
                   float* dout, const float* packed, float* din, float* dw, float* db,
                   float* scratch) {
  mask_and_sum(s, out, dout, db);
  if (is_sparse(s)) {
    (s.kh == 5 ? sparse_backward<5> : sparse_backward<3>)(s, in, codes, dout, packed, din, dw,
                                                          scratch);
    return;
  }
  dense_gradient(s, codes, dout, scratch);
  dense_weight_gradient(s, in, scratch, dw);
  if (din != nullptr) conv_forward(input_gradient_conv(s), scratch, packed, nullptr, din, nullptr);
}

}  // namespace
}  // namespace rownet
