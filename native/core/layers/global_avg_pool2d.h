// global_avg_pool2d.h: the mean of each channel's pixels, a number a channel.
// Source: Lin et al., Network In Network (2014).
#pragma once

#include "lanes/lane_io_kernel.h"
#include "lanes/lane_op.h"

namespace rownet {
namespace {

inline float share_of_pixel(const Planned& step) {
  return 1.0f / static_cast<float>(step.in.h * step.in.w);
}

void global_avg_pool2d_read(const StepReader&, Planned& step) {
  step.out = {step.in.c, 1, 1, 0, 0};
}

void global_avg_pool2d_forward(const Planned& step, const LaneBlock& block) {
  const Vec share = broadcast(share_of_pixel(step));
  const int64_t to = origin(step.out), plane = plane_vectors(step.out);
  Vec total = zero();
  int64_t line = 0;
  for_each_line(step.in, step.in, [&](int64_t i, int64_t, int64_t n) {
    for (int64_t at = 0; at < n; at += kWidth) total = add(total, load(block.in + i + at));
    const int64_t c = line++ / step.in.h;
    if (line % step.in.h > 0) return;
    store(block.out + (c * plane + to) * kWidth, mul(total, share));
    total = zero();
  });
}

void global_avg_pool2d_backward(const Planned& step, const LaneBlock& block) {
  if (block.din == nullptr) return;
  const Vec share = broadcast(share_of_pixel(step));
  const int64_t from = origin(step.out), plane = plane_vectors(step.out);
  int64_t line = 0;
  for_each_line(step.in, step.in, [&](int64_t i, int64_t, int64_t n) {
    const int64_t c = line++ / step.in.h;
    const Vec g = mul(load(block.dout + (c * plane + from) * kWidth), share);
    for (int64_t at = 0; at < n; at += kWidth) store(block.din + i + at, g);
  });
}

void global_avg_pool2d_image(const Planned& step, const LaneImage& image) {
  const int64_t pixels = step.in.h * step.in.w;
  for (int64_t c = 0; c < step.in.c; ++c) {
    float total = 0.0f;
    for (int64_t i = c * pixels; i < (c + 1) * pixels; ++i) total += image.in[i];
    image.out[c] = total * share_of_pixel(step);
  }
}

const LaneOp global_avg_pool2d_op = {
    "globalAvgPool2d",          global_avg_pool2d_read, nullptr, nullptr, global_avg_pool2d_forward,
    global_avg_pool2d_backward, global_avg_pool2d_image};

}  // namespace
}  // namespace rownet
