// lane_kernels.h: the inner loops of the lanes engine, as one table of functions per ISA level.
//
// Each works on one block of images (as many as the vector has floats) on one thread. Arrays of
// vectors are 64-byte aligned and padded by their owner, lanes/plan.cpp.
#pragma once

#include <cstddef>
#include <cstdint>

#include "lanes/lane_tensor.h"

namespace rownet {

// What a convolution's kernels work with besides its tensors; their sizes are asked for below.
struct ConvMemory {
  const float *packed, *packed_backward;
  float *saved, *scratch;
};

struct LaneKernels {
  // images[index] for `count` (<= width) indices, as bytes * scale + shift, into the tensor's
  // interior; lanes from count on repeat the first image, so that they hold ordinary numbers.
  void (*gather_bytes)(const LaneTensor& t, const uint8_t* images, const uint32_t* indices,
                       int64_t count, float scale, float shift, float* out);
  // The same for floats in [n, c, h, w].
  void (*gather_floats)(const LaneTensor& t, const float* images, int64_t count, float* out);
  // lanes[i * width] for i < n to rows: rows[lane * ld + i], all lanes, i up to n rounded up to the
  // width.
  void (*to_rows)(int64_t n, const float* lanes, float* rows, int64_t ld);

  // Floats that a convolution takes for its packed weights, for what its forward pass keeps for the
  // backward pass, and for intermediate results of either.
  size_t (*conv_packed_size)(const LaneConv& s);
  // weight[oc, ic, kh, kw] for conv_forward.
  void (*conv_pack)(const LaneConv& s, const float* weight, float* packed);
  size_t (*conv_saved_size)(const LaneConv& s);
  size_t (*conv_scratch_size)(const LaneConv& s);
  // m.saved is nullptr where no backward pass follows.
  void (*conv_forward)(const LaneConv& s, const float* in, const ConvMemory& m, const float* bias,
                       float* out, uint8_t* codes);

  size_t (*conv_backward_packed_size)(const LaneConv& s);
  void (*conv_backward_pack)(const LaneConv& s, const float* weight, float* packed);
  // dw[oc, ic, kh, kw] and db[oc] of this block are overwritten; din, unless nullptr, too. dout is
  // masked in place (0 where ReLU was 0).
  void (*conv_backward)(const LaneConv& s, const float* in, const float* out, const uint8_t* codes,
                        float* dout, const ConvMemory& m, float* din, float* dw, float* db);

  void (*pool_forward)(const LanePool& s, const float* in, float* out, uint8_t* codes);
  void (*pool_backward)(const LanePool& s, const uint8_t* codes, const float* dout, float* din);
  void (*relu_forward)(const LaneTensor& in_shape, const LaneTensor& out_shape, const float* in,
                       float* out);
  void (*relu_backward)(const LaneTensor& in_shape, const LaneTensor& out_shape, const float* out,
                        const float* dout, float* din);

  // y[out] = weight[out, in] * x[in] + bias, then ReLU where asked.
  void (*linear_forward)(int64_t in, int64_t out, bool relu, const float* weight, const float* bias,
                         const float* x, float* y);
  // dx[in] = weight^T * dy.
  void (*linear_backward_input)(int64_t in, int64_t out, const float* weight, const float* dy,
                                float* dx);
  // dy = 0 where y is not above 0.
  void (*relu_mask)(int64_t n, const float* y, float* dy);
  // Rows [begin, end) of the weight's gradient [out, in] and of the bias's; dw and db receive row
  // `begin` first. Sums over blocks of dy[out, lane] times x[lane, in], whose rows are ld floats
  // apart and padded with zeros to ld. A block's dy and x are block_stride floats from those of the
  // next.
  void (*linear_backward_weight)(int64_t begin, int64_t end, int64_t in, int64_t blocks,
                                 const float* dy, const float* x, int64_t ld, int64_t block_stride,
                                 float* dw, float* db);

  // Softmax of logits[classes, lane]. dlogits = scale * (softmax - onehot) in the first `count`
  // lanes, 0 in the others; sums receives sum exp(z - max) and below, z[label] - max, of each lane;
  // best the index of the first maximum.
  void (*softmax)(int64_t classes, int64_t count, const float* logits, const int32_t* labels,
                  float scale, float* dlogits, float* sums, float* below, int32_t* best);
};

}  // namespace rownet
