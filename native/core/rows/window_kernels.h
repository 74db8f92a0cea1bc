// window_kernels.h: im2row and pool2row's shared inner loops, one image at a time.
//
// im2row    rows[p, tap] = image[c, y * stride + ky * dilation - pad, x * stride + kx * dilation - pad], 0
//           outside;
//           p = (y, x) counts output pixels, tap = (c, ky, kx) values under the window
// im2col    the same matrix transposed, cols[tap, p]: for stride 1 each line is made of pieces of
// the
//           image's lines, so it is copied and added a vector at a time
// row2im, col2im  the adjoints: every entry is added to the pixel that it was read from
// Source    Chellapilla, Puri & Simard, High Performance Convolutional Neural Networks for Document
//           Processing (2006)
#pragma once

#include <string.h>

#include "isa/vec.h"
#include "kernel_table.h"

namespace rownet {
namespace {

// Outputs x of one line for which x * stride + offset lies in [0, size): [begin, end).
struct Span {
  int64_t begin, end;
};

inline Span inside(int64_t outputs, int64_t stride, int64_t offset, int64_t size) {
  int64_t begin = offset < 0 ? (-offset + stride - 1) / stride : 0;
  int64_t end = size > offset ? (size - offset + stride - 1) / stride : 0;
  if (begin > outputs) begin = outputs;
  if (end > outputs) end = outputs;
  if (end < begin) end = begin;
  return {begin, end};
}

inline void fill_zero(float* to, int64_t n) {
  for (int64_t i = 0; i < n; ++i) to[i] = 0.0f;
}

// Pieces are short (10 to 28 floats in LeNet-5): a call of memcpy costs more than the copy. The
// last vector of a piece overlaps the one before it, since a masked store is slow on AVX2, and on
// AVX-512 counts as wide as a whole one: it then meets the load of the next line, which waits (3
// times slower).
inline void copy_floats(float* to, const float* from, int64_t n) {
  if (n >= kWidth) {
    for (int64_t i = 0; i + kWidth < n; i += kWidth) store(to + i, load(from + i));
    store(to + n - kWidth, load(from + n - kWidth));
  } else if (n >= kHalf) {
    store_half(to, load_half(from));
    store_half(to + n - kHalf, load_half(from + n - kHalf));
  } else {
    for (int64_t i = 0; i < n; ++i) to[i] = from[i];
  }
}

// The last vector is summed before any is stored, so that its overlap is not added twice.
inline void add_floats(float* to, const float* from, int64_t n) {
  if (n >= kWidth) {
    const Vec last = add(load(to + n - kWidth), load(from + n - kWidth));
    for (int64_t i = 0; i + kWidth < n; i += kWidth)
      store(to + i, add(load(to + i), load(from + i)));
    store(to + n - kWidth, last);
  } else if (n >= kHalf) {
    const Half last = add_half(load_half(to + n - kHalf), load_half(from + n - kHalf));
    store_half(to, add_half(load_half(to), load_half(from)));
    store_half(to + n - kHalf, last);
  } else {
    for (int64_t i = 0; i < n; ++i) to[i] += from[i];
  }
}

void im2col(const Window& v, const float* image, float* cols, int64_t ld) {
  const int64_t oh = out_height(v), ow = out_width(v);
  // Then every piece lies inside the image: no spans, no zeros (2 times faster in LeNet-5).
  const bool unpadded_lines = v.stride_w == 1 && v.pad_h == 0 && v.pad_w == 0;
  for (int64_t c = 0; c < v.c; ++c) {
    for (int64_t ky = 0; ky < v.kh; ++ky) {
      for (int64_t kx = 0; kx < v.kw; ++kx, cols += ld) {
        if (unpadded_lines) {
          const float* from = image + (c * v.h + ky * v.dilation_h) * v.w + kx * v.dilation_w;
          for (int64_t y = 0; y < oh; ++y)
            copy_floats(cols + y * ow, from + y * v.stride_h * v.w, ow);
          continue;
        }
        const int64_t left = kx * v.dilation_w - v.pad_w;
        const Span xs = inside(ow, v.stride_w, left, v.w);
        for (int64_t y = 0; y < oh; ++y) {
          const int64_t iy = y * v.stride_h + ky * v.dilation_h - v.pad_h;
          float* to = cols + y * ow;
          if (iy < 0 || iy >= v.h) {
            fill_zero(to, ow);
            continue;
          }
          const float* from = image + (c * v.h + iy) * v.w + left;
          fill_zero(to, xs.begin);
          if (v.stride_w == 1) {
            copy_floats(to + xs.begin, from + xs.begin, xs.end - xs.begin);
          } else {
            for (int64_t x = xs.begin; x < xs.end; ++x) to[x] = from[x * v.stride_w];
          }
          fill_zero(to + xs.end, ow - xs.end);
        }
      }
    }
  }
}

// Channels run inside taps: two taps add to the same line of the image, and a load that follows the
// store of an overlapping piece at once waits for it (2 times slower with channels outside).
void col2im(const Window& v, const float* cols, int64_t ld, float* image) {
  const int64_t oh = out_height(v), ow = out_width(v);
  for (int64_t ky = 0; ky < v.kh; ++ky) {
    const int64_t above = ky * v.dilation_h - v.pad_h;
    const Span ys = inside(oh, v.stride_h, above, v.h);
    for (int64_t kx = 0; kx < v.kw; ++kx) {
      const int64_t left = kx * v.dilation_w - v.pad_w;
      const Span xs = inside(ow, v.stride_w, left, v.w);
      const int64_t count = xs.end - xs.begin;
      for (int64_t c = 0; c < v.c; ++c) {
        const float* from = cols + ((c * v.kh + ky) * v.kw + kx) * ld + ys.begin * ow + xs.begin;
        const int64_t iy = ys.begin * v.stride_h + above;
        float* to = image + (c * v.h + iy) * v.w + xs.begin * v.stride_w + left;
        for (int64_t y = ys.begin; y < ys.end; ++y, from += ow, to += v.stride_h * v.w) {
          if (v.stride_w == 1) {
            add_floats(to, from, count);
          } else {
            for (int64_t x = 0; x < count; ++x) to[x * v.stride_w] += from[x];
          }
        }
      }
    }
  }
}

void im2row(const Window& v, const float* image, float* rows) {
  const int64_t oh = out_height(v), ow = out_width(v);
  for (int64_t y = 0; y < oh; ++y) {
    for (int64_t x = 0; x < ow; ++x) {
      const int64_t ix = x * v.stride_w - v.pad_w;
      const Span xs = inside(v.kw, v.dilation_w, ix, v.w);
      for (int64_t c = 0; c < v.c; ++c) {
        for (int64_t ky = 0; ky < v.kh; ++ky, rows += v.kw) {
          const int64_t iy = y * v.stride_h + ky * v.dilation_h - v.pad_h;
          if (iy < 0 || iy >= v.h) {
            fill_zero(rows, v.kw);
            continue;
          }
          const float* from = image + (c * v.h + iy) * v.w + ix;
          fill_zero(rows, xs.begin);
          for (int64_t kx = xs.begin; kx < xs.end; ++kx) rows[kx] = from[kx * v.dilation_w];
          fill_zero(rows + xs.end, v.kw - xs.end);
        }
      }
    }
  }
}

void row2im(const Window& v, const float* rows, float* image) {
  const int64_t oh = out_height(v), ow = out_width(v);
  for (int64_t y = 0; y < oh; ++y) {
    for (int64_t x = 0; x < ow; ++x) {
      const int64_t ix = x * v.stride_w - v.pad_w;
      const Span xs = inside(v.kw, v.dilation_w, ix, v.w);
      for (int64_t c = 0; c < v.c; ++c) {
        for (int64_t ky = 0; ky < v.kh; ++ky, rows += v.kw) {
          const int64_t iy = y * v.stride_h + ky * v.dilation_h - v.pad_h;
          if (iy < 0 || iy >= v.h) continue;
          float* to = image + (c * v.h + iy) * v.w + ix;
          for (int64_t kx = xs.begin; kx < xs.end; ++kx) to[kx * v.dilation_w] += rows[kx];
        }
      }
    }
  }
}

}  // namespace
}  // namespace rownet
