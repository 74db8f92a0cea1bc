// conv2d.h: the convolution as a step of lanes, with what is fused behind it: bias, activation, 2x2
// max-pooling of stride 2. lanes/conv.h has its kernels, rows/conv2d.cpp the layer by layer.
//
// Fields  outChannels, kernel, stride, padding, weight; bias, dilation and groups where they are not
//         none, 1 and 1; activation and pool where they are fused
#pragma once

#include "lanes/conv.h"
#include "lanes/lane_op.h"
#include "layers/activations.h"
#include "rows/conv2d.h"
#include "rows/max_pool_kernel.h"

namespace rownet {
namespace {

struct Conv2dStep {
  LaneConv conv;  // of each group
  int64_t groups, pad_h, pad_w;
  size_t packed, packed_backward, saved, codes;
};

inline Window image_window(const LaneTensor& in, const Conv2dStep& own) {
  const LaneConv& s = own.conv;
  return {1,          in.c,      in.h,      in.w,         s.kh,         s.kw,      s.stride_h,
          s.stride_w, own.pad_h, own.pad_w, s.dilation_h, s.dilation_w, own.groups};
}

void conv2d_read(const StepReader& fields, Planned& step) {
  Conv2dStep& own = own_of<Conv2dStep>(step);
  LaneConv& s = own.conv;
  const LaneTensor& in = step.in;
  const int64_t channels = fields.integer("outChannels", 1);
  fields.pair("kernel", 1, &s.kh, &s.kw);
  fields.pair("stride", 1, &s.stride_h, &s.stride_w);
  fields.pair("padding", 0, &own.pad_h, &own.pad_w);
  s.dilation_h = s.dilation_w = 1;
  if (fields.has("dilation")) fields.pair("dilation", 1, &s.dilation_h, &s.dilation_w);
  own.groups = fields.has("groups") ? fields.integer("groups", 1) : 1;
  s.activation = read_fused_activation(fields);
  s.pool = fields.flag("pool");
  const int64_t span_h = zeros_above(s) + 1, span_w = zeros_left(s) + 1;
  if (own.pad_h >= span_h || own.pad_w >= span_w) fields.refuse("padding is not below the kernel");
  if (in.h + 2 * own.pad_h < span_h || in.w + 2 * own.pad_w < span_w)
    fields.refuse("window does not fit");
  if (in.c % own.groups != 0 || channels % own.groups != 0)
    fields.refuse("groups do not divide the channels");
  s.oh = (in.h + 2 * own.pad_h - span_h) / s.stride_h + 1;
  s.ow = (in.w + 2 * own.pad_w - span_w) / s.stride_w + 1;
  if (s.pool && (s.oh < 2 || s.ow < 2)) fields.refuse("too small to be pooled");
  if (!in_front_of_pool(s.activation) && s.pool)
    fields.refuse("activation does not fit a max-pool");
  const int64_t inputs = in.c / own.groups;
  if (channels > kMaxVectors / (inputs * s.kh) || channels * inputs * s.kh > kMaxVectors / s.kw)
    fields.refuse("too many weights");
  // Of the gradient that conv_backward_kernel.h spreads out.
  const int64_t dense_h = in.h + span_h - 1, dense_w = in.w + span_w - 1;
  if (dense_h > kMaxVectors / dense_w || channels > kMaxVectors / (dense_h * dense_w))
    fields.refuse("gradient too large");
  step.out = {channels, s.pool ? s.oh / 2 : s.oh, s.pool ? s.ow / 2 : s.ow, 0, 0};
  step.margin_h = own.pad_h;
  step.margin_w = own.pad_w;
  if (s.pool) step.intermediate = channels * s.oh * s.ow;
  fields.parameter("weight", channels * inputs * s.kh * s.kw, step);
  if (fields.has("bias")) fields.parameter("bias", channels, step);
}

void conv2d_place(Planned& step, PlanLayout& layout) {
  Conv2dStep& own = own_of<Conv2dStep>(step);
  LaneConv& s = own.conv;
  const size_t groups = static_cast<size_t>(own.groups);
  s.in = step.in;
  s.in.c /= own.groups;
  s.out = step.out;
  s.out.c /= own.groups;
  s.winograd = step.winograd;
  own.packed = layout.shared(groups * conv_packed_size(s), "weights");
  if (step.input_gradient)
    own.packed_backward = layout.shared(groups * conv_backward_packed_size(s), "backward weights");
  own.saved = layout.slice(groups * conv_saved_size(s), "transformed input");
  if (s.pool) {
    const int64_t bytes = step.out.c * step.out.h * step.out.w * kWidth;
    own.codes = layout.slice(static_cast<size_t>(bytes + 3) / 4, "codes");
  }
  layout.scratch(conv_scratch_size(s));
}

void conv2d_pack(const Planned& step, const float* parameters, bool backward, float* shared) {
  const Conv2dStep& own = own_of<Conv2dStep>(step);
  const LaneConv& s = own.conv;
  const size_t packed = backward ? conv_backward_packed_size(s) : conv_packed_size(s);
  const float* weight = parameters + step.parameters[0].begin;
  float* to = shared + (backward ? own.packed_backward : own.packed);
  for (int64_t g = 0; g < own.groups; ++g, to += packed) {
    (backward ? conv_backward_pack : conv_pack)(s, weight, to);
    weight += s.out.c * s.in.c * s.kh * s.kw;
  }
}

// What a group of a convolution works on, and the sizes of its parts of each array.
struct ConvGroup {
  int64_t in, out, codes, weights;
  ConvMemory memory;
};

inline ConvGroup conv_group(const Conv2dStep& own, const LaneBlock& block, int64_t group) {
  const LaneConv& s = own.conv;
  const size_t g = static_cast<size_t>(group);
  float* const saved = block.slice + own.saved + g * conv_saved_size(s);
  return {group * tensor_vectors(s.in) * kWidth,
          group * tensor_vectors(s.out) * kWidth,
          group * s.out.c * s.out.h * s.out.w * kWidth,
          group * s.out.c * s.in.c * s.kh * s.kw,
          {block.shared + own.packed + g * conv_packed_size(s),
           block.shared + own.packed_backward + g * conv_backward_packed_size(s),
           block.backward ? saved : nullptr, block.scratch}};
}

void conv2d_step_forward(const Planned& step, const LaneBlock& block) {
  const Conv2dStep& own = own_of<Conv2dStep>(step);
  const float* const bias = bias_of(step, block.parameters);
  uint8_t* codes = reinterpret_cast<uint8_t*>(block.slice + own.codes);
  for (int64_t g = 0; g < own.groups; ++g) {
    const ConvGroup at = conv_group(own, block, g);
    conv_forward(own.conv, block.in + at.in, at.memory,
                 bias == nullptr ? nullptr : bias + g * own.conv.out.c, block.out + at.out,
                 codes + at.codes);
  }
}

void conv2d_step_backward(const Planned& step, const LaneBlock& block) {
  const Conv2dStep& own = own_of<Conv2dStep>(step);
  const uint8_t* codes = reinterpret_cast<const uint8_t*>(block.slice + own.codes);
  float* const dw = block.sums + step.partial;
  float* const db = step.parameter_count < 2 ? nullptr : dw + step.parameters[0].count;
  for (int64_t g = 0; g < own.groups; ++g) {
    const ConvGroup at = conv_group(own, block, g);
    conv_backward(own.conv, block.in + at.in, block.out + at.out, codes + at.codes,
                  block.dout + at.out, at.memory,
                  block.din == nullptr ? nullptr : block.din + at.in, dw + at.weights,
                  db == nullptr ? nullptr : db + g * own.conv.out.c);
  }
}

void conv2d_image(const Planned& step, const LaneImage& image) {
  const Conv2dStep& own = own_of<Conv2dStep>(step);
  const LaneConv& s = own.conv;
  float* sums = s.pool ? image.intermediate : image.out;
  conv2d_forward(image_window(step.in, own), step.out.c, image.in,
                 image.parameters + step.parameters[0].begin, bias_of(step, image.parameters),
                 sums);
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
