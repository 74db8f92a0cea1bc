// window.h: a kh x kw window that slides over a zero-padded [n, c, h, w] tensor.
#pragma once

#include <cstdint>

namespace rownet {

struct Window {
  int64_t n, c, h, w;
  int64_t kh, kw;
  int64_t stride_h, stride_w;
  int64_t pad_h, pad_w;
};

// Output height and width: floor((size + 2 * pad - kernel) / stride) + 1.
// static: kernel files are compiled once per ISA level and must share no code with linkage.
static inline int64_t out_height(const Window& v) {
  return (v.h + 2 * v.pad_h - v.kh) / v.stride_h + 1;
}
static inline int64_t out_width(const Window& v) {
  return (v.w + 2 * v.pad_w - v.kw) / v.stride_w + 1;
}
// Output pixels of one image.
static inline int64_t out_pixels(const Window& v) { return out_height(v) * out_width(v); }
// Input values under one window, over all channels: the length of a row of im2row.
static inline int64_t taps(const Window& v) { return v.c * v.kh * v.kw; }

}  // namespace rownet
