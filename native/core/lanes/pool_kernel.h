// pool_kernel.h: maximum and mean over windows in the lanes layout, where they are not fused, and their
// adjoints. A window may reach into the padding around its input: what is there is left out of a
// maximum, and 0 in a mean.
#pragma once

#include "isa/vec.h"
#include "lanes/lane_tensor.h"

namespace rownet {
namespace {

// The part [begin, end) of a window's lines, or of its columns, that lies inside; `first` is where the
// window begins, which may be outside.
struct WindowPart {
  int64_t first, begin, end;
};

inline WindowPart part_of(int64_t at, int64_t stride, int64_t pad, int64_t kernel, int64_t size) {
  const int64_t first = at * stride - pad, rest = size - first;
  return {first, first < 0 ? -first : 0, rest < kernel ? rest : kernel};
}

// Calls op(corner, out, y, x) for each window: where it begins in a tensor like `in`, which may be
// outside, and its pixel in one like `out`, both in floats.
template <typename Op>
inline void for_each_window(const LanePool& s, Op&& op) {
  for (int64_t c = 0; c < s.out.c; ++c) {
    const int64_t plane = c * plane_vectors(s.in) + origin(s.in);
    for (int64_t oy = 0; oy < s.out.h; ++oy) {
      const WindowPart y = part_of(oy, s.stride_h, s.pad_h, s.kh, s.in.h);
      int64_t to = c * plane_vectors(s.out) + origin(s.out) + oy * row_vectors(s.out);
      for (int64_t ox = 0; ox < s.out.w; ++ox, ++to) {
        const WindowPart x = part_of(ox, s.stride_w, s.pad_w, s.kw, s.in.w);
        op((plane + y.first * row_vectors(s.in) + x.first) * kWidth, to * kWidth, y, x);
      }
    }
  }
}

void lane_max_pool_forward(const LanePool& s, const float* in, float* out, uint8_t* codes) {
  const int64_t row = row_vectors(s.in) * kWidth;
  for_each_window(s, [&](int64_t corner, int64_t to, WindowPart y, WindowPart x) {
    Vec best = load(in + corner + y.begin * row + x.begin * kWidth);
    Codes code = broadcast_code(static_cast<int>(y.begin * s.kw + x.begin));
    for (int64_t ky = y.begin; ky < y.end; ++ky) {
      for (int64_t kx = x.begin; kx < x.end; ++kx) {
        const Vec value = load(in + corner + ky * row + kx * kWidth);
        const Mask wins = exceeds(value, best);
        best = blend(wins, value, best);
        code = blend_codes(wins, broadcast_code(static_cast<int>(ky * s.kw + kx)), code);
      }
    }
    store(out + to, best);
    store_codes(codes, code);
    codes += kWidth;
  });
}

inline void clear(const LanePool& s, float* din) {
  for (int64_t i = 0; i < tensor_vectors(s.in) * kWidth; i += kWidth) store(din + i, zero());
}

void lane_max_pool_backward(const LanePool& s, const uint8_t* codes, const float* dout,
                            float* din) {
  const int64_t row = row_vectors(s.in) * kWidth;
  clear(s, din);
  for_each_window(s, [&](int64_t corner, int64_t from, WindowPart y, WindowPart x) {
    const Vec g = load(dout + from);
    const Codes code = load_codes(codes);
    codes += kWidth;
    for (int64_t ky = y.begin; ky < y.end; ++ky) {
      for (int64_t kx = x.begin; kx < x.end; ++kx) {
        float* to = din + corner + ky * row + kx * kWidth;
        store(to, add(load(to), blend(code_is(code, static_cast<int>(ky * s.kw + kx)), g, zero())));
      }
    }
  });
}

void lane_avg_pool_forward(const LanePool& s, const float* in, float* out) {
  const int64_t row = row_vectors(s.in) * kWidth;
  const Vec factor = broadcast(1.0f / static_cast<float>(s.kh * s.kw));
  for_each_window(s, [&](int64_t corner, int64_t to, WindowPart y, WindowPart x) {
    Vec total = zero();
    for (int64_t ky = y.begin; ky < y.end; ++ky) {
      for (int64_t kx = x.begin; kx < x.end; ++kx)
        total = add(total, load(in + corner + ky * row + kx * kWidth));
    }
    store(out + to, mul(total, factor));
  });
}

void lane_avg_pool_backward(const LanePool& s, const float* dout, float* din) {
  const int64_t row = row_vectors(s.in) * kWidth;
  const Vec factor = broadcast(1.0f / static_cast<float>(s.kh * s.kw));
  clear(s, din);
  for_each_window(s, [&](int64_t corner, int64_t from, WindowPart y, WindowPart x) {
    const Vec g = mul(load(dout + from), factor);
    for (int64_t ky = y.begin; ky < y.end; ++ky) {
      for (int64_t kx = x.begin; kx < x.end; ++kx) {
        float* to = din + corner + ky * row + kx * kWidth;
        store(to, add(load(to), g));
      }
    }
  });
}

}  // namespace
}  // namespace rownet
