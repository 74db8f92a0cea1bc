#include "rows/elementwise.h"

#include <algorithm>

#include "threads.h"

namespace rownet {

namespace {

// Floats a slice is made of: below a few thousand a fork costs more than the loop.
constexpr int64_t kUnit = 4096;

template <typename Body>
void parallel_floats(int64_t n, Body&& body) {
  parallel_for((n + kUnit - 1) / kUnit, thread_count(), [&](int64_t begin, int64_t end, int) {
    const int64_t first = begin * kUnit;
    body(first, std::min(end * kUnit, n) - first);
  });
}

}  // namespace

void relu_forward(int64_t n, const float* x, float* y) {
  const KernelTable& table = kernels();
  parallel_floats(n, [&](int64_t i, int64_t count) { table.relu_forward(count, x + i, y + i); });
}

void relu_backward(int64_t n, const float* y, const float* dy, float* dx) {
  const KernelTable& table = kernels();
  parallel_floats(
      n, [&](int64_t i, int64_t count) { table.relu_backward(count, y + i, dy + i, dx + i); });
}

void sgd_update(int64_t n, const SgdStep& step, const float* grad, float* velocity, float* param) {
  const KernelTable& table = kernels();
  parallel_floats(n, [&](int64_t i, int64_t count) {
    table.sgd_update(count, step, grad + i, velocity == nullptr ? nullptr : velocity + i,
                     param + i);
  });
}

void sgd_update_range(int64_t begin, int64_t end, const SgdSegment* segments, int64_t segment_count,
                      const SgdStep& step, const float* grads, float* velocities, float* params) {
  const KernelTable& table = kernels();
  for (int64_t i = 0; i < segment_count; ++i) {
    const SgdSegment& s = segments[i];
    const int64_t from = std::max(begin, s.offset), to = std::min(end, s.offset + s.count);
    if (from >= to) continue;
    SgdStep part = step;
    part.weight_decay = s.weight_decay;
    part.grad_scale = s.grad_scale;
    table.sgd_update(to - from, part, grads + (from - begin),
                     velocities == nullptr ? nullptr : velocities + from, params + from);
  }
}

void sgd_update_segments(const SgdSegment* segments, int64_t segment_count, const SgdStep& step,
                         const float* grads, float* velocities, float* params) {
  if (segment_count == 0) return;
  const int64_t first = segments[0].offset;
  const SgdSegment& last = segments[segment_count - 1];
  parallel_floats(last.offset + last.count - first, [&](int64_t i, int64_t count) {
    sgd_update_range(first + i, first + i + count, segments, segment_count, step, grads + first + i,
                     velocities, params);
  });
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
