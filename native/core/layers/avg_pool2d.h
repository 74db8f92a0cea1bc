// avg_pool2d.h: the mean of each window; zeros of the padding count.
//
// Fields  kernel, stride, padding
#pragma once

#include "lanes/lane_op.h"
#include "lanes/pool_kernel.h"
#include "layers/pool_step.h"

namespace rownet {
namespace {

void avg_pool2d_read(const StepReader& fields, Planned& step) {
  own_of<LanePool>(step) = read_pool(fields, step);
}

void avg_pool2d_place(Planned& step, PlanLayout&) {
  own_of<LanePool>(step).in = step.in;
  own_of<LanePool>(step).out = step.out;
}

void avg_pool2d_forward(const Planned& step, const LaneBlock& block) {
  lane_avg_pool_forward(own_of<LanePool>(step), block.in, block.out);
}

void avg_pool2d_backward(const Planned& step, const LaneBlock& block) {
  if (block.din != nullptr) lane_avg_pool_backward(own_of<LanePool>(step), block.dout, block.din);
}

void avg_pool2d_image(const Planned& step, const LaneImage& image) {
  const LanePool& s = own_of<LanePool>(step);
  const float factor = 1.0f / static_cast<float>(s.kh * s.kw);
  float* out = image.out;
  for (int64_t c = 0; c < s.out.c; ++c) {
    for (int64_t oy = 0; oy < s.out.h; ++oy) {
      const WindowPart y = part_of(oy, s.stride_h, s.pad_h, s.kh, s.in.h);
      for (int64_t ox = 0; ox < s.out.w; ++ox) {
        const WindowPart x = part_of(ox, s.stride_w, s.pad_w, s.kw, s.in.w);
        float total = 0.0f;
        for (int64_t ky = y.begin; ky < y.end; ++ky) {
          const int64_t line = (c * s.in.h + y.first + ky) * s.in.w + x.first;
          for (int64_t kx = x.begin; kx < x.end; ++kx) total += image.in[line + kx];
        }
        *out++ = total * factor;
      }
    }
  }
}

const LaneOp avg_pool2d_op = {"avgPool2d",        avg_pool2d_read,     avg_pool2d_place, nullptr,
                              avg_pool2d_forward, avg_pool2d_backward, avg_pool2d_image};

}  // namespace
}  // namespace rownet
