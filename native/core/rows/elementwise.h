// elementwise.h: ReLU, SGD and the gathering of images, over threads.
#pragma once

#include <cstdint>

#include "kernel_table.h"

namespace rownet {

// y = max(x, 0); y may be x. NaN stays NaN.
void relu_forward(int64_t n, const float* x, float* y);

// dx = dy where y > 0, else 0; dx may be dy.
void relu_backward(int64_t n, const float* y, const float* dy, float* dx);

// See SgdStep in kernel_table.h and sgd_update in elementwise_kernels.h; velocity may be nullptr.
void sgd_update(int64_t n, const SgdStep& step, const float* grad, float* velocity, float* param);

// Floats [offset, offset + count) of an arena, with what differs between weights and biases.
struct SgdSegment {
  int64_t offset, count;
  float weight_decay, grad_scale;
};

// The same over the segments of an arena in one fork; weight_decay and grad_scale of `step` are not
// used.
void sgd_update_segments(const SgdSegment* segments, int64_t segment_count, const SgdStep& step,
                         const float* grads, float* velocities, float* params);

// The same for what of the segments lies in [begin, end) of the arena, on the calling thread; grads
// are those of [begin, end) alone.
void sgd_update_range(int64_t begin, int64_t end, const SgdSegment* segments, int64_t segment_count,
                      const SgdStep& step, const float* grads, float* velocities, float* params);

// out[i] = images[indices[i]] * scale + shift, for `count` images of `image_size` bytes.
void gather_images(int64_t count, int64_t image_size, const uint8_t* images,
                   const uint32_t* indices, float scale, float shift, float* out);

}  // namespace rownet
