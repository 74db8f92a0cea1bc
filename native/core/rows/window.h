// window.h: a kh x kw window that slides over a zero-padded [n, c, h, w] tensor.
#pragma once

#include <cstdint>

namespace rownet {

struct Window {
  int64_t n, c, h, w;
  int64_t kh, kw;
  int64_t stride_h, stride_w;
  int64_t pad_h, pad_w;
  // Distance of its values, 1 in a window without gaps.
  int64_t dilation_h = 1, dilation_w = 1;
  // Of a convolution: its channels fall into so many, each with output channels of its own.
  int64_t groups = 1;
};

// From its first value to its last.
static inline int64_t span_height(const Window& v) { return (v.kh - 1) * v.dilation_h + 1; }
static inline int64_t span_width(const Window& v) { return (v.kw - 1) * v.dilation_w + 1; }

// Output height and width: floor((size + 2 * pad - span) / stride) + 1.
// static: kernel files are compiled once per ISA level and must share no code with linkage.
static inline int64_t out_height(const Window& v) {
  return (v.h + 2 * v.pad_h - span_height(v)) / v.stride_h + 1;
}
static inline int64_t out_width(const Window& v) {
  return (v.w + 2 * v.pad_w - span_width(v)) / v.stride_w + 1;
}
// Output pixels of one image.
static inline int64_t out_pixels(const Window& v) { return out_height(v) * out_width(v); }
// Input values under one window, over all channels: the length of a row of im2row.
static inline int64_t taps(const Window& v) { return v.c * v.kh * v.kw; }
// Those of a group: what an output channel has weights for.
static inline int64_t group_taps(const Window& v) { return v.c / v.groups * v.kh * v.kw; }

}  // namespace rownet
