// conv2d.h: convolution (cross-correlation, as in every framework) by im2row and GEMM.
#pragma once

#include "rows/window.h"

namespace rownet {

// y[n, oc, oh, ow] = weight[oc, c * kh * kw] * im2row(x)^T + bias, image by image.
void conv2d_forward(const Window& window, int64_t oc, const float* x, const float* weight,
                    const float* bias, float* y);

// dw = dy * im2row(x), db = dy summed over images and pixels, dx = row2im(dy^T * weight); dx may be
// nullptr. All are overwritten.
void conv2d_backward(const Window& window, int64_t oc, const float* x, const float* weight,
                     const float* dy, float* dx, float* dw, float* db);

}  // namespace rownet
