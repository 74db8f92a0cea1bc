// max_pool2d.h: max-pooling that is not fused behind a convolution, as a step of lanes.
// rows/max_pool2d.cpp has the layer by layer.
//
// Fields  kernel, stride, padding
#pragma once

#include "lanes/lane_op.h"
#include "lanes/pool_kernel.h"
#include "layers/pool_step.h"
#include "rows/max_pool_kernel.h"

namespace rownet {
namespace {

struct MaxPoolStep {
  LanePool pool;
  size_t codes;
};

void max_pool2d_read(const StepReader& fields, Planned& step) {
  const LanePool s = own_of<MaxPoolStep>(step).pool = read_pool(fields, step);
  // The place of a maximum is kept in a byte.
  if (s.kh > 256 / s.kw) fields.refuse("window of more than 256 values");
}

void max_pool2d_place(Planned& step, PlanLayout& layout) {
  MaxPoolStep& own = own_of<MaxPoolStep>(step);
  own.pool.in = step.in;
  own.pool.out = step.out;
  const int64_t bytes = step.out.c * step.out.h * step.out.w * kWidth;
  own.codes = layout.slice(static_cast<size_t>(bytes + 3) / 4, "codes");
}

void max_pool2d_step_forward(const Planned& step, const LaneBlock& block) {
  const MaxPoolStep& own = own_of<MaxPoolStep>(step);
  lane_max_pool_forward(own.pool, block.in, block.out,
                        reinterpret_cast<uint8_t*>(block.slice + own.codes));
}

void max_pool2d_step_backward(const Planned& step, const LaneBlock& block) {
  if (block.din == nullptr) return;
  const MaxPoolStep& own = own_of<MaxPoolStep>(step);
  lane_max_pool_backward(own.pool, reinterpret_cast<const uint8_t*>(block.slice + own.codes),
                         block.dout, block.din);
}

void max_pool2d_image(const Planned& step, const LaneImage& image) {
  const Window v = window_of(own_of<MaxPoolStep>(step).pool);
  for (int64_t c = 0; c < v.c; ++c) {
    max_pool_forward(v, image.in + c * v.h * v.w, image.out + c * out_pixels(v), image.positions);
  }
}

const LaneOp max_pool2d_op = {"maxPool2d",     max_pool2d_read,         max_pool2d_place,
                              nullptr,         max_pool2d_step_forward, max_pool2d_step_backward,
                              max_pool2d_image};

}  // namespace
}  // namespace rownet
