#include "rows/max_pool2d.h"

#include "kernel_table.h"
#include "operations.h"
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

namespace {

std::string check_window(const Value* v) {
  const Window& w = v[0].window;
  // Each window holds a pixel then.
  if (w.pad_h > w.kh / 2 || w.pad_w > w.kw / 2)
    return "expected padding of at most half the kernel";
  // A position is kept in 16 bits.
  return w.kh <= 65536 / w.kw ? "" : "expected a window of at most 65536 values";
}

}  // namespace

constexpr OperationTable max_pool2d_operations = {{
    operation<max_pool2d_forward>("maxPool2dForward",
                                  "window x[n,c,h,w] y[n,c,oh,ow] argmax[n,c,oh,ow]", check_window),
    operation<max_pool2d_backward>(
        "maxPool2dBackward", "window dy[n,c,oh,ow] argmax[n,c,oh,ow] dx[n,c,h,w]", check_window),
}};

}  // namespace rownet
