// softmax.h: exp(x - max) / sum(exp(x - max)) over all features of an image.
//
//   backward  dx = y * (dy - sum(dy * y))
#pragma once

#include "isa/exp.h"
#include "lanes/lane_io_kernel.h"
#include "lanes/lane_op.h"

namespace rownet {
namespace {

void softmax_read(const StepReader&, Planned& step) {
  step.out = {step.in.c * step.in.h * step.in.w, 1, 1, 0, 0};
}

// As a row of features, whatever an image in front of a flatten was.
void softmax_place(Planned& step, PlanLayout&) { step.in = {step.out.c, 1, 1, 0, 0}; }

void softmax_forward(const Planned& step, const LaneBlock& block) {
  Vec max = load(block.in);
  for_each_line(step.in, step.out, [&](int64_t i, int64_t, int64_t) {
    const Vec x = load(block.in + i);
    max = blend(exceeds(x, max), x, max);
  });
  Vec total = zero();
  for_each_line(step.in, step.out, [&](int64_t i, int64_t j, int64_t) {
    const Vec e = exp_nonpositive(sub(load(block.in + i), max));
    total = add(total, e);
    store(block.out + j, e);
  });
  for_each_line(step.in, step.out, [&](int64_t, int64_t j, int64_t) {
    store(block.out + j, div(load(block.out + j), total));
  });
}

void softmax_backward(const Planned& step, const LaneBlock& block) {
  if (block.din == nullptr) return;
  Vec total = zero();
  for_each_line(step.in, step.out, [&](int64_t, int64_t j, int64_t) {
    total = fma(load(block.dout + j), load(block.out + j), total);
  });
  for_each_line(step.in, step.out, [&](int64_t i, int64_t j, int64_t) {
    store(block.din + i, mul(load(block.out + j), sub(load(block.dout + j), total)));
  });
}

void softmax_image(const Planned& step, const LaneImage& image) {
  const int64_t n = step.out.c;
  float max = image.in[0], total = 0.0f;
  for (int64_t i = 1; i < n; ++i) {
    // NaN is taken, and kept.
    if (image.in[i] > max || image.in[i] != image.in[i]) max = image.in[i];
  }
  for (int64_t i = 0; i < n; i += kWidth) {
    const int64_t rest = n - i < kWidth ? n - i : kWidth;
    store_n(image.out + i, rest, exp_nonpositive(sub(load_n(image.in + i, rest), broadcast(max))));
  }
  for (int64_t i = 0; i < n; ++i) total += image.out[i];
  for (int64_t i = 0; i < n; ++i) image.out[i] /= total;
}

const LaneOp softmax_op = {"softmax",       softmax_read,     softmax_place, nullptr,
                           softmax_forward, softmax_backward, softmax_image};

}  // namespace
}  // namespace rownet
