// linear.h: the fully connected layer as a step of lanes, with bias and activation.
// lanes/linear_kernel.h has its kernels, rows/linear.cpp the layer by layer. A convolution whose
// window is its whole input is one too.
//
// Fields  inFeatures, outFeatures, weight; bias and activation where there are some
#pragma once

#include "lanes/lane_io_kernel.h"
#include "lanes/lane_op.h"
#include "lanes/linear_kernel.h"
#include "layers/activations.h"
#include "rows/linear.h"

namespace rownet {
namespace {

struct LinearStep {
  int64_t in, out;
  ActivationUse activation;
  // The weight's gradient is one product over the batch: inputs stand in rows, an image each.
  size_t rows;
  int64_t row_stride;
};

void linear_read(const StepReader& fields, Planned& step) {
  LinearStep& own = own_of<LinearStep>(step);
  own.in = fields.integer("inFeatures", 1);
  own.out = fields.integer("outFeatures", 1);
  own.activation = read_fused_activation(fields);
  if (own.in != step.in.c * step.in.h * step.in.w)
    fields.refuse("features differ from the input's size");
  step.out = {own.out, 1, 1, 0, 0};
  step.keeps_gradient = true;
  fields.parameter("weight", own.in * own.out, step);
  if (fields.has("bias")) fields.parameter("bias", own.out, step);
  step.units = own.out;
}

void linear_place(Planned& step, PlanLayout& layout) {
  LinearStep& own = own_of<LinearStep>(step);
  const int64_t live = (own.in + kWidth - 1) / kWidth * kWidth;
  own.row_stride = (live + 2 * kWidth - 1) / (2 * kWidth) * (2 * kWidth);
  own.rows = layout.rows(live, own.row_stride, "input rows");
}

void linear_step_forward(const Planned& step, const LaneBlock& block) {
  const LinearStep& own = own_of<LinearStep>(step);
  if (block.backward) to_rows(own.in, block.in, block.rows + own.rows, own.row_stride);
  lane_linear_forward(own.in, own.out, own.activation, block.parameters + step.parameters[0].begin,
                      bias_of(step, block.parameters), block.in, block.out);
}

void linear_step_backward(const Planned& step, const LaneBlock& block) {
  const LinearStep& own = own_of<LinearStep>(step);
  activation_backward(own.activation, own.out * kWidth, nullptr, block.out, block.dout, block.dout);
  if (block.din == nullptr) return;
  lane_linear_backward_input(own.in, own.out, block.parameters + step.parameters[0].begin,
                             block.dout, block.din);
}

void linear_reduce(const Planned& step, const LaneBatch& batch, int64_t begin, int64_t end,
                   float* dw, float* db) {
  const LinearStep& own = own_of<LinearStep>(step);
  lane_linear_backward_weight(begin, end, own.in, batch.blocks, batch.rows + step.gradient,
                              batch.rows + own.rows, own.row_stride, batch.rows_stride, dw, db);
}

void linear_image(const Planned& step, const LaneImage& image) {
  const LinearStep& own = own_of<LinearStep>(step);
  linear_forward(1, own.in, own.out, image.in, image.parameters + step.parameters[0].begin,
                 bias_of(step, image.parameters), image.out);
  activate(own.activation, own.out, image.out, image.out);
}

const LaneOp linear_op = {"linear",     linear_read,         linear_place,
                          nullptr,      linear_step_forward, linear_step_backward,
                          linear_image, linear_reduce};

}  // namespace
}  // namespace rownet
