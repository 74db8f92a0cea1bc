#include "rows/elementwise.h"

#include "threads.h"

namespace rownet {

void relu_forward(int64_t n, const float* x, float* y) {
  const KernelTable& table = kernels();
  parallel_floats(n, [&](int64_t i, int64_t count) { table.relu_forward(count, x + i, y + i); });
}

void relu_backward(int64_t n, const float* y, const float* dy, float* dx) {
  const KernelTable& table = kernels();
  parallel_floats(
      n, [&](int64_t i, int64_t count) { table.relu_backward(count, y + i, dy + i, dx + i); });
}

void gather_images(int64_t count, int64_t image_size, const uint8_t* images,
                   const uint32_t* indices, float scale, float shift, float* out) {
  const KernelTable& table = kernels();
  parallel_for(count, thread_count(), [&](int64_t begin, int64_t end, int) {
    for (int64_t i = begin; i < end; ++i) {
      table.bytes_to_floats(image_size, images + int64_t{indices[i]} * image_size, scale, shift,
                            out + i * image_size);
    }
  });
}

}  // namespace rownet
