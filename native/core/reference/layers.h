// reference/layers.h: each layer as nested loops over its definition, in double: neither im2row nor
// a matrix product, no cleverness. The oracle of rows/conv2d.h, max_pool2d.h, linear.h and the ReLU
// of elementwise.h; arguments and layouts are theirs, and every output is overwritten.
#pragma once

#include "rows/window.h"

namespace rownet::reference {

void conv2d_forward(const Window& window, int64_t oc, const double* x, const double* weight,
                    const double* bias, double* y);
void conv2d_backward(const Window& window, int64_t oc, const double* x, const double* weight,
                     const double* dy, double* dx, double* dw, double* db);

// argmax: index ky * kw + kx of the first maximum; the first NaN, where the window holds one.
void max_pool2d_forward(const Window& window, const double* x, double* y, int64_t* argmax);
void max_pool2d_backward(const Window& window, const double* dy, const int64_t* argmax, double* dx);

// NaN stays NaN.
void relu_forward(int64_t n, const double* x, double* y);
void relu_backward(int64_t n, const double* y, const double* dy, double* dx);

void linear_forward(int64_t n, int64_t in, int64_t out, const double* x, const double* weight,
                    const double* bias, double* y);
void linear_backward(int64_t n, int64_t in, int64_t out, const double* x, const double* weight,
                     const double* dy, double* dx, double* dw, double* db);

}  // namespace rownet::reference
