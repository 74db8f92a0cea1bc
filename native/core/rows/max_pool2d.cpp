#include "rows/max_pool2d.h"

#include "kernel_table.h"
#include "threads.h"

namespace rownet {

void max_pool2d_forward(const Window& v, const float* x, float* y, uint16_t* argmax) {
  const KernelTable& table = kernels();
  const int64_t plane = v.h * v.w, pixels = out_pixels(v);
  parallel_for(v.n * v.c, thread_count(), [&](int64_t begin, int64_t end, int) {
    for (int64_t i = begin; i < end; ++i) {
      table.max_pool_forward(v, x + i * plane, y + i * pixels, argmax + i * pixels);
    }
  });
}

void max_pool2d_backward(const Window& v, const float* dy, const uint16_t* argmax, float* dx) {
  const KernelTable& table = kernels();
  const int64_t plane = v.h * v.w, pixels = out_pixels(v);
  parallel_for(v.n * v.c, thread_count(), [&](int64_t begin, int64_t end, int) {
    for (int64_t i = begin; i < end; ++i) {
      table.max_pool_backward(v, dy + i * pixels, argmax + i * pixels, dx + i * plane);
    }
  });
}

}  // namespace rownet
