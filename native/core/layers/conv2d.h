// conv2d.h: the convolution as a step of lanes, with what is fused behind it: bias, activation, 2x2
// max-pooling of stride 2. lanes/conv.h has its kernels, rows/conv2d.cpp the layer by layer.
//
// Fields  outChannels, kernel, stride, padding, weight, bias; activation and pool where they are fused
#pragma once

#include "lanes/conv.h"
#include "lanes/lane_op.h"
#include "layers/activations.h"
#include "rows/conv2d.h"
#include "rows/max_pool_kernel.h"

namespace rownet {
namespace {

struct Conv2dStep {
  LaneConv conv;
  int64_t pad_h, pad_w;
  size_t packed, packed_backward, saved, codes;
};

inline Window image_window(const LaneTensor& in, const LaneConv& s, int64_t pad_h, int64_t pad_w) {
  return {1, in.c, in.h, in.w, s.kh, s.kw, s.stride_h, s.stride_w, pad_h, pad_w};
}

void conv2d_read(const StepReader& fields, Planned& step) {
  Conv2dStep& own = own_of<Conv2dStep>(step);
  LaneConv& s = own.conv;
  const LaneTensor& in = step.in;
  const int64_t channels = fields.integer("outChannels", 1);
  fields.pair("kernel", 1, &s.kh, &s.kw);
  fields.pair("stride", 1, &s.stride_h, &s.stride_w);
  fields.pair("padding", 0, &own.pad_h, &own.pad_w);
  s.activation = read_fused_activation(fields);
  s.pool = fields.flag("pool");
  if (own.pad_h >= s.kh || own.pad_w >= s.kw) fields.refuse("padding is not below the kernel");
  if (in.h + 2 * own.pad_h < s.kh || in.w + 2 * own.pad_w < s.kw)
    fields.refuse("window does not fit");
  s.oh = (in.h + 2 * own.pad_h - s.kh) / s.stride_h + 1;
  s.ow = (in.w + 2 * own.pad_w - s.kw) / s.stride_w + 1;
  if (s.pool && (s.oh < 2 || s.ow < 2)) fields.refuse("too small to be pooled");
  if (!in_front_of_pool(s.activation) && s.pool)
    fields.refuse("activation does not fit a max-pool");
  if (channels > kMaxVectors / (in.c * s.kh) || channels * in.c * s.kh > kMaxVectors / s.kw)
    fields.refuse("too many weights");
  // Of the gradient that conv_backward_kernel.h spreads out.
  const int64_t dense_h = in.h + s.kh - 1, dense_w = in.w + s.kw - 1;
  if (dense_h > kMaxVectors / dense_w || channels > kMaxVectors / (dense_h * dense_w))
    fields.refuse("gradient too large");
  step.out = {channels, s.pool ? s.oh / 2 : s.oh, s.pool ? s.ow / 2 : s.ow, 0, 0};
  step.margin_h = own.pad_h;
  step.margin_w = own.pad_w;
  if (s.pool) step.intermediate = channels * s.oh * s.ow;
  fields.parameter("weight", channels * in.c * s.kh * s.kw, step);
  fields.parameter("bias", channels, step);
}

void conv2d_place(Planned& step, PlanLayout& layout) {
  Conv2dStep& own = own_of<Conv2dStep>(step);
  LaneConv& s = own.conv;
  s.in = step.in;
  s.out = step.out;
  s.winograd = step.winograd;
  own.packed = layout.shared(conv_packed_size(s), "weights");
  if (step.input_gradient)
    own.packed_backward = layout.shared(conv_backward_packed_size(s), "backward weights");
  own.saved = layout.slice(conv_saved_size(s), "transformed input");
  if (s.pool) {
    const int64_t bytes = s.out.c * s.out.h * s.out.w * kWidth;
    own.codes = layout.slice(static_cast<size_t>(bytes + 3) / 4, "codes");
  }
  layout.scratch(conv_scratch_size(s));
}

void conv2d_pack(const Planned& step, const float* parameters, bool backward, float* shared) {
  const Conv2dStep& own = own_of<Conv2dStep>(step);
  const float* weight = parameters + step.parameters[0].begin;
  if (backward) {
    conv_backward_pack(own.conv, weight, shared + own.packed_backward);
  } else {
    conv_pack(own.conv, weight, shared + own.packed);
  }
}

inline ConvMemory conv_memory(const Conv2dStep& own, const LaneBlock& block) {
  return {block.shared + own.packed, block.shared + own.packed_backward,
          block.backward ? block.slice + own.saved : nullptr, block.scratch};
}

void conv2d_step_forward(const Planned& step, const LaneBlock& block) {
  const Conv2dStep& own = own_of<Conv2dStep>(step);
  uint8_t* codes = reinterpret_cast<uint8_t*>(block.slice + own.codes);
  conv_forward(own.conv, block.in, conv_memory(own, block),
               block.parameters + step.parameters[1].begin, block.out, codes);
}

void conv2d_step_backward(const Planned& step, const LaneBlock& block) {
  const Conv2dStep& own = own_of<Conv2dStep>(step);
  const uint8_t* codes = reinterpret_cast<const uint8_t*>(block.slice + own.codes);
  float* dw = block.sums + step.partial;
  conv_backward(own.conv, block.in, block.out, codes, block.dout, conv_memory(own, block),
                block.din, dw, dw + step.parameters[0].count);
}

void conv2d_image(const Planned& step, const LaneImage& image) {
  const Conv2dStep& own = own_of<Conv2dStep>(step);
  const LaneConv& s = own.conv;
  float* sums = s.pool ? image.intermediate : image.out;
  conv2d_forward(image_window(step.in, s, own.pad_h, own.pad_w), step.out.c, image.in,
                 image.parameters + step.parameters[0].begin,
                 image.parameters + step.parameters[1].begin, sums);
  activate(s.activation, step.out.c * s.oh * s.ow, sums, sums);
  if (!s.pool) return;
  const Window v{1, step.out.c, s.oh, s.ow, 2, 2, 2, 2, 0, 0};
  for (int64_t c = 0; c < v.c; ++c) {
    max_pool_forward(v, sums + c * s.oh * s.ow, image.out + c * out_pixels(v), image.positions);
  }
}

const LaneOp conv2d_op = {"conv2d",    conv2d_read,         conv2d_place,
                          conv2d_pack, conv2d_step_forward, conv2d_step_backward,
                          conv2d_image};

}  // namespace
}  // namespace rownet
