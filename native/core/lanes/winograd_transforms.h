// winograd_transforms.h: the small matrices of Winograd's F(2x2, 5x5), on vectors.
//
// A 2x2 window of a 5x5 convolution needs 100 multiplications by the definition, and 36 by
//
//   y = A^T [ (G w G^T) .* (B^T d B) ] A        d a 6x6 patch, w 5x5, y 2x2
//
// which multiplies polynomials by their values at six points, 0, 1, -1, 2, -2 and infinity:
//
//   A^T = 1  1  1  1  1  0    B^T = 4  0 -5  0  1  0    G = 1/4   0     0     0     0
//         0  1 -1  2 -2  1          0 -4 -4  1  1  0       -1/6 -1/6  -1/6  -1/6  -1/6
//                                   0  4 -4 -1  1  0       -1/6  1/6  -1/6   1/6  -1/6
//                                   0 -2 -1  2  1  0       1/24  1/12  1/6   1/3   2/3
//                                   0  2 -1 -2  1  0       1/24 -1/12  1/6  -1/3   2/3
//                                   0  4  0 -5  0  1        0     0     0     0     1
//
// Error     about four times that of the plain sum in float32 (6e-7 against 1.4e-7 for six
//           channels of standard normal inputs)
// Adjoints  of y: dM = A dy A^T; of d: B dM B^T; of w: G^T dU G
// Source    Winograd, Arithmetic Complexity of Computations (1980); Lavin & Gray, Fast Algorithms
//           for Convolutional Neural Networks (2015)
#pragma once

#include "isa/vec.h"

namespace rownet {
namespace {

constexpr int kPoints = 6;  // in one dimension
constexpr int kWinogradKernel = 5;

// The rows of A: the value at each point of a polynomial of two coefficients.
constexpr float kWinogradA[kPoints][2] = {{1, 0}, {1, 1}, {1, -1}, {1, 2}, {1, -2}, {0, 1}};

// Line over the columns of N x N vectors, then over the rows of that: P x P. from(i, j) is a vector; to(i, j, vector)
// takes one.
template <int N, int P, void (*Line)(const Vec*, Vec*), typename From, typename To>
inline __attribute__((always_inline)) void transform_square(const From& from, const To& to) {
  Vec half[P][N];
#pragma GCC unroll 6
  for (int j = 0; j < N; ++j) {
    Vec column[N], points[P];
#pragma GCC unroll 6
    for (int i = 0; i < N; ++i) column[i] = from(i, j);
    Line(column, points);
#pragma GCC unroll 6
    for (int i = 0; i < P; ++i) half[i][j] = points[i];
  }
#pragma GCC unroll 6
  for (int i = 0; i < P; ++i) {
    Vec row[P];
    Line(half[i], row);
#pragma GCC unroll 6
    for (int j = 0; j < P; ++j) to(i, j, row[j]);
  }
}

// B^T d
inline void input_transform(const Vec d[6], Vec v[6]) {
  const Vec two = broadcast(2.0f), four = broadcast(4.0f);
  const Vec minus_two = broadcast(-2.0f), minus_four = broadcast(-4.0f);
  const Vec minus_five = broadcast(-5.0f);
  const Vec even = fma(minus_four, d[2], d[4]), odd = fma(minus_four, d[1], d[3]);
  const Vec even2 = sub(d[4], d[2]), odd2 = sub(d[3], d[1]);
  v[0] = fma(four, d[0], fma(minus_five, d[2], d[4]));
  v[1] = add(even, odd);
  v[2] = sub(even, odd);
  v[3] = fma(two, odd2, even2);
  v[4] = fma(minus_two, odd2, even2);
  v[5] = fma(four, d[1], fma(minus_five, d[3], d[5]));
}

// B v
inline void input_adjoint(const Vec v[6], Vec d[6]) {
  const Vec two = broadcast(2.0f), four = broadcast(4.0f);
  const Vec minus_four = broadcast(-4.0f), minus_five = broadcast(-5.0f);
  const Vec sum1 = add(v[1], v[2]), difference1 = sub(v[2], v[1]);
  const Vec sum2 = add(v[3], v[4]), difference2 = sub(v[4], v[3]);
  d[0] = mul(four, v[0]);
  d[1] = fma(four, add(difference1, v[5]), mul(two, difference2));
  d[2] = sub(fma(minus_five, v[0], mul(minus_four, sum1)), sum2);
  d[3] = sub(fma(minus_five, v[5], mul(broadcast(-2.0f), difference2)), difference1);
  d[4] = add(v[0], add(sum1, sum2));
  d[5] = v[5];
}

// A^T m
inline void output_transform(const Vec m[6], Vec y[2]) {
  y[0] = add(m[0], add(add(m[1], m[2]), add(m[3], m[4])));
  y[1] = add(m[5], fma(broadcast(2.0f), sub(m[3], m[4]), sub(m[1], m[2])));
}

// G w
inline void weight_transform(const Vec w[5], Vec u[6]) {
  const Vec even = add(add(w[0], w[2]), w[4]), odd = add(w[1], w[3]);
  const Vec even2 = fma(broadcast(16.0f), w[4], fma(broadcast(4.0f), w[2], w[0]));
  const Vec odd2 = fma(broadcast(8.0f), w[3], mul(broadcast(2.0f), w[1]));
  const Vec sixth = broadcast(-1.0f / 6.0f), small = broadcast(1.0f / 24.0f);
  u[0] = mul(broadcast(0.25f), w[0]);
  u[1] = mul(sixth, add(even, odd));
  u[2] = mul(sixth, sub(even, odd));
  u[3] = mul(small, add(even2, odd2));
  u[4] = mul(small, sub(even2, odd2));
  u[5] = w[4];
}

// G^T u
inline void weight_adjoint(const Vec u[6], Vec w[5]) {
  const Vec sixth = broadcast(-1.0f / 6.0f), small = broadcast(1.0f / 24.0f);
  const Vec sum1 = mul(sixth, add(u[1], u[2])), difference1 = mul(sixth, sub(u[1], u[2]));
  const Vec sum2 = mul(small, add(u[3], u[4])), difference2 = mul(small, sub(u[3], u[4]));
  w[0] = fma(broadcast(0.25f), u[0], add(sum1, sum2));
  w[1] = fma(broadcast(2.0f), difference2, difference1);
  w[2] = fma(broadcast(4.0f), sum2, sum1);
  w[3] = fma(broadcast(8.0f), difference2, difference1);
  w[4] = fma(broadcast(16.0f), sum2, add(sum1, u[5]));
}

}  // namespace
}  // namespace rownet
