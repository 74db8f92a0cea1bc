// linear.h: the fully connected layer.
#pragma once

#include <cstdint>

namespace rownet {

// y[n, out] = x[n, in] * weight[out, in]^T + bias.
void linear_forward(int64_t n, int64_t in, int64_t out, const float* x, const float* weight,
                    const float* bias, float* y);

// dw = dy^T * x, db = dy summed over rows, dx = dy * weight; dx may be nullptr. All are
// overwritten.
void linear_backward(int64_t n, int64_t in, int64_t out, const float* x, const float* weight,
                     const float* dy, float* dx, float* dw, float* db);

}  // namespace rownet
