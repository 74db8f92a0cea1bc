// lane_tensor.h: the layout of the lanes engine, [channel][y][x][lane].
//
// A block holds as many images as a vector has floats, image i in lane i. Every operation on a
// pixel is then one vertical vector operation, weights are broadcast scalars, and 1, 6 or 16
// channels fill the vectors as well as 64 would. A margin of zeros around each plane, as wide as
// the padding of the convolution that reads it, lets kernels run without a branch at the border.
#pragma once

#include <cstdint>

namespace rownet {

// Sizes in pixels; memory is counted in vectors (kernels multiply by the width).
struct LaneTensor {
  int64_t c, h, w;
  int64_t margin_h, margin_w;
};

static inline int64_t row_vectors(const LaneTensor& t) { return t.w + 2 * t.margin_w; }
static inline int64_t plane_vectors(const LaneTensor& t) {
  return (t.h + 2 * t.margin_h) * row_vectors(t);
}
static inline int64_t tensor_vectors(const LaneTensor& t) { return t.c * plane_vectors(t); }
// Of the pixel (0, 0) of a plane.
static inline int64_t origin(const LaneTensor& t) {
  return t.margin_h * row_vectors(t) + t.margin_w;
}

// Whether it has channels of one pixel each: the features of a row.
static inline bool is_table(const LaneTensor& t) {
  return t.h == 1 && t.w == 1 && t.margin_h == 0 && t.margin_w == 0;
}

// A row of layers/activations.inc, counted from 1; kNone, 0, is none.
enum class Activation : int;

// An activation with the number that it takes.
struct ActivationUse {
  Activation kind;
  float number;
};

// One convolution, or a group of one, with what is fused behind it: bias, activation, 2x2 max-pooling of stride 2.
struct LaneConv {
  LaneTensor in, out;  // out is what leaves the fused step: pooled where pool is set
  int64_t kh, kw, stride_h, stride_w;
  int64_t oh, ow;  // of the convolution itself
  ActivationUse activation;
  bool pool;
  bool winograd;  // allowed, where it pays
  int64_t dilation_h = 1, dilation_w = 1;
};

static inline bool is_dilated(const LaneConv& s) { return s.dilation_h != 1 || s.dilation_w != 1; }

// One pooling that is not fused; of a maximum, the window has at most 256 values.
struct LanePool {
  LaneTensor in, out;
  int64_t kh, kw, stride_h, stride_w;
  int64_t pad_h, pad_w;  // at most half of the kernel, so that each window holds a pixel
};

}  // namespace rownet
