// dropout2d.h: dropout of whole channels of an image: dropout.h, whose element is the channel.
// Source: Tompson et al., Efficient Object Localization Using Convolutional Networks (2015).
//
// Fields  p, place
#pragma once

#include "layers/dropout.h"

namespace rownet {
namespace {

void dropout2d_lanes(const Planned& step, const LaneBlock& block, const LaneTensor& in,
                     const LaneTensor& out, const float* x, float* y) {
  if (!block.training) {
    copy_lanes(in, out, x, y);
    return;
  }
  const DropoutStep& own = own_of<DropoutStep>(step);
  const uint32_t key = draw_key(block.draw, own.place);
  Bits index = first_index(block), lanes = kept(own, key, index);
  int64_t line = 0;
  for_each_line(in, out, [&](int64_t i, int64_t j, int64_t n) {
    if (line > 0 && line % in.h == 0) lanes = kept(own, key, index += kElementFactor);
    ++line;
    for (int64_t at = 0; at < n; at += kWidth)
      store(y + j + at, scale_kept(own, lanes, load(x + i + at)));
  });
}

void dropout2d_forward(const Planned& step, const LaneBlock& block) {
  dropout2d_lanes(step, block, step.in, step.out, block.in, block.out);
}

void dropout2d_backward(const Planned& step, const LaneBlock& block) {
  if (block.din == nullptr) return;
  dropout2d_lanes(step, block, step.out, step.in, block.dout, block.din);
}

const LaneOp dropout2d_op = {"dropout2d",       dropout_read,       nullptr,      nullptr,
                             dropout2d_forward, dropout2d_backward, dropout_image};

}  // namespace
}  // namespace rownet
