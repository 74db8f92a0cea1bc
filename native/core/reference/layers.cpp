#include "reference/layers.h"

#include <algorithm>
#include <cmath>

namespace rownet::reference {

namespace {

// Calls visit(x_index, weight_index, y_index) for every product of the convolution.
template <typename Visit>
void for_each_product(const Window& v, int64_t oc, const Visit& visit) {
  const int64_t oh = out_height(v), ow = out_width(v);
  for (int64_t n = 0; n < v.n; ++n) {
    for (int64_t o = 0; o < oc; ++o) {
      for (int64_t oy = 0; oy < oh; ++oy) {
        for (int64_t ox = 0; ox < ow; ++ox) {
          const int64_t group_channels = v.c / v.groups;
          for (int64_t i = 0; i < group_channels; ++i) {
            const int64_t c = o / (oc / v.groups) * group_channels + i;
            for (int64_t ky = 0; ky < v.kh; ++ky) {
              for (int64_t kx = 0; kx < v.kw; ++kx) {
                const int64_t iy = oy * v.stride_h + ky * v.dilation_h - v.pad_h;
                const int64_t ix = ox * v.stride_w + kx * v.dilation_w - v.pad_w;
                if (iy < 0 || iy >= v.h || ix < 0 || ix >= v.w) continue;
                visit(((n * v.c + c) * v.h + iy) * v.w + ix,
                      ((o * group_channels + i) * v.kh + ky) * v.kw + kx,
                      ((n * oc + o) * oh + oy) * ow + ox);
              }
            }
          }
        }
      }
    }
  }
}

}  // namespace

void conv2d_forward(const Window& v, int64_t oc, const double* x, const double* weight,
                    const double* bias, double* y) {
  const int64_t pixels = out_pixels(v);
  for (int64_t i = 0; i < v.n * oc * pixels; ++i) y[i] = bias[i / pixels % oc];
  for_each_product(v, oc, [&](int64_t xi, int64_t wi, int64_t yi) { y[yi] += x[xi] * weight[wi]; });
}

void conv2d_backward(const Window& v, int64_t oc, const double* x, const double* weight,
                     const double* dy, double* dx, double* dw, double* db) {
  const int64_t pixels = out_pixels(v);
  std::fill_n(dx, v.n * v.c * v.h * v.w, 0.0);
  std::fill_n(dw, oc * group_taps(v), 0.0);
  std::fill_n(db, oc, 0.0);
  for (int64_t i = 0; i < v.n * oc * pixels; ++i) db[i / pixels % oc] += dy[i];
  for_each_product(v, oc, [&](int64_t xi, int64_t wi, int64_t yi) {
    dx[xi] += dy[yi] * weight[wi];
    dw[wi] += dy[yi] * x[xi];
  });
}

void max_pool2d_forward(const Window& v, const double* x, double* y, int64_t* argmax) {
  const int64_t oh = out_height(v), ow = out_width(v);
  for (int64_t plane = 0; plane < v.n * v.c; ++plane) {
    for (int64_t oy = 0; oy < oh; ++oy) {
      for (int64_t ox = 0; ox < ow; ++ox) {
        double best = -INFINITY;
        int64_t at = -1;
        for (int64_t tap = 0; tap < v.kh * v.kw; ++tap) {
          const int64_t iy = oy * v.stride_h + tap / v.kw, ix = ox * v.stride_w + tap % v.kw;
          const double value = x[(plane * v.h + iy) * v.w + ix];
          if (at < 0 || (!std::isnan(best) && (std::isnan(value) || value > best))) {
            best = value;
            at = tap;
          }
        }
        y[(plane * oh + oy) * ow + ox] = best;
        argmax[(plane * oh + oy) * ow + ox] = at;
      }
    }
  }
}

void max_pool2d_backward(const Window& v, const double* dy, const int64_t* argmax, double* dx) {
  const int64_t oh = out_height(v), ow = out_width(v);
  std::fill_n(dx, v.n * v.c * v.h * v.w, 0.0);
  for (int64_t i = 0; i < v.n * v.c * oh * ow; ++i) {
    const int64_t plane = i / (oh * ow), oy = i / ow % oh, ox = i % ow;
    const int64_t iy = oy * v.stride_h + argmax[i] / v.kw;
    const int64_t ix = ox * v.stride_w + argmax[i] % v.kw;
    dx[(plane * v.h + iy) * v.w + ix] += dy[i];
  }
}

void relu_forward(int64_t n, const double* x, double* y) {
  for (int64_t i = 0; i < n; ++i) y[i] = std::isnan(x[i]) || x[i] > 0.0 ? x[i] : 0.0;
}

void relu_backward(int64_t n, const double* y, const double* dy, double* dx) {
  for (int64_t i = 0; i < n; ++i) dx[i] = y[i] > 0.0 ? dy[i] : 0.0;
}

void linear_forward(int64_t n, int64_t in, int64_t out, const double* x, const double* weight,
                    const double* bias, double* y) {
  for (int64_t i = 0; i < n; ++i) {
    for (int64_t o = 0; o < out; ++o) {
      double sum = bias[o];
      for (int64_t j = 0; j < in; ++j) sum += x[i * in + j] * weight[o * in + j];
      y[i * out + o] = sum;
    }
  }
}

void linear_backward(int64_t n, int64_t in, int64_t out, const double* x, const double* weight,
                     const double* dy, double* dx, double* dw, double* db) {
  std::fill_n(dx, n * in, 0.0);
  std::fill_n(dw, out * in, 0.0);
  std::fill_n(db, out, 0.0);
  for (int64_t i = 0; i < n; ++i) {
    for (int64_t o = 0; o < out; ++o) {
      const double gradient = dy[i * out + o];
      db[o] += gradient;
      for (int64_t j = 0; j < in; ++j) {
        dx[i * in + j] += gradient * weight[o * in + j];
        dw[o * in + j] += gradient * x[i * in + j];
      }
    }
  }
}

}  // namespace rownet::reference
