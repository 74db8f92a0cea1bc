#include "reference/windows.h"

#include <vector>

namespace rownet::reference {

namespace {

Window per_channel(Window v) {
  v.n *= v.c;
  v.c = 1;
  return v;
}

}  // namespace

void for_each_entry(const Window& v, const std::function<void(int64_t, int64_t, int64_t)>& visit) {
  int64_t row = 0;
  for (int64_t n = 0; n < v.n; ++n) {
    for (int64_t oy = 0; oy < out_height(v); ++oy) {
      for (int64_t ox = 0; ox < out_width(v); ++ox, ++row) {
        int64_t tap = 0;
        for (int64_t c = 0; c < v.c; ++c) {
          for (int64_t ky = 0; ky < v.kh; ++ky) {
            for (int64_t kx = 0; kx < v.kw; ++kx, ++tap) {
              const int64_t y = oy * v.stride_h + ky * v.dilation_h - v.pad_h;
              const int64_t x = ox * v.stride_w + kx * v.dilation_w - v.pad_w;
              const bool inside = y >= 0 && y < v.h && x >= 0 && x < v.w;
              visit(row, tap, inside ? ((n * v.c + c) * v.h + y) * v.w + x : -1);
            }
          }
        }
      }
    }
  }
}

void im2row(const Window& v, const double* x, double* rows) {
  for_each_entry(v, [&](int64_t row, int64_t tap, int64_t pixel) {
    rows[row * taps(v) + tap] = pixel < 0 ? 0.0 : x[pixel];
  });
}

void row2im(const Window& v, const double* rows, double* x, bool average) {
  const int64_t size = v.n * v.c * v.h * v.w;
  std::vector<double> entries(static_cast<size_t>(size), 0.0);
  for (int64_t i = 0; i < size; ++i) x[i] = 0.0;
  for_each_entry(v, [&](int64_t row, int64_t tap, int64_t pixel) {
    if (pixel < 0) return;
    x[pixel] += rows[row * taps(v) + tap];
    entries[static_cast<size_t>(pixel)] += 1.0;
  });
  if (!average) return;
  for (int64_t i = 0; i < size; ++i) {
    const double count = entries[static_cast<size_t>(i)];
    if (count > 0.0) x[i] /= count;
  }
}

void pool2row(const Window& v, const double* x, double* rows) { im2row(per_channel(v), x, rows); }

void row2pool(const Window& v, const double* rows, double* x, bool average) {
  row2im(per_channel(v), rows, x, average);
}

}  // namespace rownet::reference
