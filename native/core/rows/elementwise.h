// elementwise.h: ReLU and the gathering of images, over threads.
#pragma once

#include <cstdint>

#include "kernel_table.h"

namespace rownet {

// y = max(x, 0); y may be x. NaN stays NaN.
void relu_forward(int64_t n, const float* x, float* y);

// dx = dy where y > 0, else 0; dx may be dy.
void relu_backward(int64_t n, const float* y, const float* dy, float* dx);

// out[i] = images[indices[i]] * scale + shift, for `count` images of `image_size` bytes.
void gather_images(int64_t count, int64_t image_size, const uint8_t* images,
                   const uint32_t* indices, float scale, float shift, float* out);

}  // namespace rownet
