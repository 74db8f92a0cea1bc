// activation_step.h: an activation that is not fused behind another step.
//
// Fields  activation
#pragma once

#include "lanes/lane_io_kernel.h"
#include "lanes/lane_op.h"
#include "layers/activations.h"

namespace rownet {
namespace {

struct ActivationStep {
  ActivationUse activation;
};

void activation_read(const StepReader& fields, Planned& step) {
  const ActivationUse activation = read_activation(fields);
  if (activation.kind == Activation::kNone) fields.refuse("no activation");
  own_of<ActivationStep>(step).activation = activation;
  step.out = {step.in.c, step.in.h, step.in.w, 0, 0};
}

void activation_step_forward(const Planned& step, const LaneBlock& block) {
  const ActivationUse a = own_of<ActivationStep>(step).activation;
  for_each_line(step.in, step.out, [&](int64_t i, int64_t j, int64_t n) {
    activate(a, n, block.in + i, block.out + j);
  });
}

void activation_step_backward(const Planned& step, const LaneBlock& block) {
  if (block.din == nullptr) return;
  const ActivationUse a = own_of<ActivationStep>(step).activation;
  for_each_line(step.in, step.out, [&](int64_t i, int64_t j, int64_t n) {
    activation_backward(a, n, block.in + i, block.out + j, block.dout + j, block.din + i);
  });
}

void activation_image(const Planned& step, const LaneImage& image) {
  activate(own_of<ActivationStep>(step).activation, step.in.c * step.in.h * step.in.w, image.in,
           image.out);
}

const LaneOp activation_op = {"activation",    activation_read,         nullptr,
                              nullptr,         activation_step_forward, activation_step_backward,
                              activation_image};

}  // namespace
}  // namespace rownet
