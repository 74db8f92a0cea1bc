// wide_transforms.h: how the kernels of wide convolutions (wide_forward_kernel.h, wide_weights_kernel.h) see pixels.
//
// A convolution is wide that has many channels on both sides. Its output is cut into square tiles, and a tile with
// the patch of inputs that it depends on is taken to the points of Winograd's algorithm, where channels are products
// of matrices, point by point:
//
//   kernel   tile   patch   points   multiplications of a tile   by the definition
//   3x3      4x4    6x6     36       36                          144
//   5x5      2x2    6x6     36       36                          100
//   1x1      1x1    1x1     1        1                           1: a point is a pixel
//
// 3x3 and 5x5 have the six points 0, 1, -1, 2, -2 and infinity in each dimension, and so the same transform of a patch:
// winograd_transforms.h has those of 5x5, and this file those of 3x3,
//
//   A^T = 1  1  1  1  1  0    G = 1/4   0     0
//         0  1 -1  2 -2  0       -1/6 -1/6  -1/6
//         0  1  1  4  4  0       -1/6  1/6  -1/6
//         0  1 -1  8 -8  1       1/24  1/12  1/6
//                                1/24 -1/12  1/6
//                                 0     0     1
//
// Source    Lavin & Gray, Fast Algorithms for Convolutional Neural Networks (2015): F(4x4, 3x3)
#pragma once

#include "isa/vec.h"
#include "lanes/lane_tensor.h"
#include "lanes/winograd_transforms.h"

namespace rownet {
namespace {

// The lines of each transform: of a kernel of K, with kTile outputs of a line, from kPatch inputs.
template <int K>
struct WideLine;

template <>
struct WideLine<1> {
  static constexpr int kPoints = 1, kTile = 1, kPatch = 1;
  static void patch(const Vec d[1], Vec v[1]) { v[0] = d[0]; }
  static void outputs(const Vec m[1], Vec y[1]) { y[0] = m[0]; }
  static void gradient(const Vec dy[1], Vec m[1]) { m[0] = dy[0]; }
  static void weights(const Vec w[1], Vec u[1]) { u[0] = w[0]; }
  static void weight_gradient(const Vec u[1], Vec w[1]) { w[0] = u[0]; }
};

template <>
struct WideLine<3> {
  static constexpr int kPoints = 6, kTile = 4, kPatch = 6;
  static void patch(const Vec d[6], Vec v[6]) { input_transform(d, v); }
  // A^T m
  static void outputs(const Vec m[6], Vec y[4]) {
    const Vec sum1 = add(m[1], m[2]), difference1 = sub(m[1], m[2]);
    const Vec sum2 = add(m[3], m[4]), difference2 = sub(m[3], m[4]);
    y[0] = add(m[0], add(sum1, sum2));
    y[1] = fma(broadcast(2.0f), difference2, difference1);
    y[2] = fma(broadcast(4.0f), sum2, sum1);
    y[3] = fma(broadcast(8.0f), difference2, add(difference1, m[5]));
  }
  // A dy
  static void gradient(const Vec dy[4], Vec m[6]) {
    const Vec even = add(dy[0], dy[2]), odd = add(dy[1], dy[3]);
    const Vec even2 = fma(broadcast(4.0f), dy[2], dy[0]);
    const Vec odd2 = fma(broadcast(8.0f), dy[3], add(dy[1], dy[1]));
    m[0] = dy[0];
    m[1] = add(even, odd);
    m[2] = sub(even, odd);
    m[3] = add(even2, odd2);
    m[4] = sub(even2, odd2);
    m[5] = dy[3];
  }
  // G w
  static void weights(const Vec w[3], Vec u[6]) {
    const Vec even = add(w[0], w[2]), even2 = fma(broadcast(4.0f), w[2], w[0]);
    const Vec odd2 = add(w[1], w[1]);
    const Vec sixth = broadcast(-1.0f / 6.0f), small = broadcast(1.0f / 24.0f);
    u[0] = mul(broadcast(0.25f), w[0]);
    u[1] = mul(sixth, add(even, w[1]));
    u[2] = mul(sixth, sub(even, w[1]));
    u[3] = mul(small, add(even2, odd2));
    u[4] = mul(small, sub(even2, odd2));
    u[5] = w[2];
  }
  // G^T u
  static void weight_gradient(const Vec u[6], Vec w[3]) {
    const Vec sixth = broadcast(-1.0f / 6.0f), small = broadcast(1.0f / 24.0f);
    const Vec sum1 = mul(sixth, add(u[1], u[2])), difference1 = mul(sixth, sub(u[1], u[2]));
    const Vec sum2 = mul(small, add(u[3], u[4])), difference2 = mul(small, sub(u[3], u[4]));
    w[0] = fma(broadcast(0.25f), u[0], add(sum1, sum2));
    w[1] = fma(broadcast(2.0f), difference2, difference1);
    w[2] = fma(broadcast(4.0f), sum2, add(sum1, u[5]));
  }
};

template <>
struct WideLine<5> {
  static constexpr int kPoints = 6, kTile = 2, kPatch = 6;
  static void patch(const Vec d[6], Vec v[6]) { input_transform(d, v); }
  static void outputs(const Vec m[6], Vec y[2]) { output_transform(m, y); }
  // A dy
  static void gradient(const Vec dy[2], Vec m[6]) {
    const Vec twice = add(dy[1], dy[1]);
    m[0] = dy[0];
    m[1] = add(dy[0], dy[1]);
    m[2] = sub(dy[0], dy[1]);
    m[3] = add(dy[0], twice);
    m[4] = sub(dy[0], twice);
    m[5] = dy[1];
  }
  static void weights(const Vec w[5], Vec u[6]) { weight_transform(w, u); }
  static void weight_gradient(const Vec u[6], Vec w[5]) { weight_adjoint(u, w); }
};

// Points in both dimensions.
template <int K>
constexpr int kWidePoints = WideLine<K>::kPoints * WideLine<K>::kPoints;

// Planes of pixels as the kernels read them: outside of h x w there are zeros. Strides in floats.
struct WidePixels {
  const float* data;  // of the pixel (0, 0) of the first plane
  int64_t row, plane;
  int64_t h, w;
};

// The N x N pixels from (y, x) on: in place where all are inside, else a copy.
template <int N>
inline const float* square_of(const WidePixels& pixels, int64_t c, int64_t y, int64_t x,
                              float* copy, int64_t* row) {
  const float* const from = pixels.data + c * pixels.plane + y * pixels.row + x * kWidth;
  if (y >= 0 && x >= 0 && y + N <= pixels.h && x + N <= pixels.w) {
    *row = pixels.row;
    return from;
  }
  for (int64_t i = 0; i < N; ++i) {
    for (int64_t j = 0; j < N; ++j) {
      const bool inside = y + i >= 0 && y + i < pixels.h && x + j >= 0 && x + j < pixels.w;
      store(copy + (i * N + j) * kWidth,
            inside ? load(from + i * pixels.row + j * kWidth) : zero());
    }
  }
  *row = N * kWidth;
  return copy;
}

// The points of the N x N pixels from (y, x) on: to[f * stride].
template <int N, int P, void (*Line)(const Vec*, Vec*)>
inline void to_points(const WidePixels& pixels, int64_t c, int64_t y, int64_t x, float* to,
                      int64_t stride) {
  alignas(64) float copy[N * N * kWidth];
  int64_t row = 0;
  const float* const from = square_of<N>(pixels, c, y, x, copy, &row);
  transform_square<N, P, Line>([&](int i, int j) { return load(from + i * row + j * kWidth); },
                               [&](int i, int j, Vec v) { store(to + (i * P + j) * stride, v); });
}

// Tiles of a plane of h x w outputs, line by line.
struct WideTiles {
  int64_t across, count;
};
template <int K>
inline WideTiles wide_tiles(int64_t h, int64_t w) {
  constexpr int64_t kTile = WideLine<K>::kTile;
  const int64_t across = (w + kTile - 1) / kTile;
  return {across, across * ((h + kTile - 1) / kTile)};
}

}  // namespace
}  // namespace rownet
