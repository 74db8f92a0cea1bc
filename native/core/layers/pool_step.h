// pool_step.h: the fields of a pooling: kernel, stride, and padding unless it is 0.
#pragma once

#include "lanes/lane_op.h"
#include "rows/window.h"

namespace rownet {
namespace {

inline LanePool read_pool(const StepReader& fields, Planned& step) {
  LanePool s{};
  const LaneTensor& in = step.in;
  fields.pair("kernel", 1, &s.kh, &s.kw);
  fields.pair("stride", 1, &s.stride_h, &s.stride_w);
  if (fields.has("padding")) fields.pair("padding", 0, &s.pad_h, &s.pad_w);
  if (s.pad_h > s.kh / 2 || s.pad_w > s.kw / 2) fields.refuse("padding above half the kernel");
  if (in.h + 2 * s.pad_h < s.kh || in.w + 2 * s.pad_w < s.kw) fields.refuse("window does not fit");
  const auto length = [](int64_t size, int64_t pad, int64_t kernel, int64_t stride) {
    return (size + 2 * pad - kernel) / stride + 1;
  };
  step.out = {in.c, length(in.h, s.pad_h, s.kh, s.stride_h),
              length(in.w, s.pad_w, s.kw, s.stride_w), 0, 0};
  return s;
}

// Of one image.
inline Window window_of(const LanePool& s) {
  return {1, s.in.c, s.in.h, s.in.w, s.kh, s.kw, s.stride_h, s.stride_w, s.pad_h, s.pad_w};
}

}  // namespace
}  // namespace rownet
