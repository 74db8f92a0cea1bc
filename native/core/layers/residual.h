// residual.h: how the ways of a residual part and meet again. Source: He et al., Deep Residual Learning
// for Image Recognition (2016).
//
//   branch   y = x            dx += dy
//   add      y = f(a + b)     da = db = dy * f'
//
// A tensor is read by branches first and by any other step last, which overwrites its gradient: on the
// way back that one comes first, and the branches add theirs.
//
// Fields of add  with; activation where it is fused
#pragma once

#include "lanes/lane_io_kernel.h"
#include "lanes/lane_op.h"
#include "layers/activations.h"

namespace rownet {
namespace {

void branch_read(const StepReader&, Planned& step) { step.out = step.in; }

void branch_forward(const Planned& step, const LaneBlock& block) {
  copy_lanes(step.in, step.out, block.in, block.out);
}

void branch_backward(const Planned& step, const LaneBlock& block) {
  if (block.din == nullptr) return;
  for_each_line(step.in, step.out, [&](int64_t i, int64_t j, int64_t n) {
    float* const to = block.din + i;
    for (int64_t at = 0; at < n; at += kWidth)
      store(to + at, add(load(to + at), load(block.dout + j + at)));
  });
}

void branch_image(const Planned& step, const LaneImage& image) {
  const int64_t n = step.in.c * step.in.h * step.in.w;
  for (int64_t i = 0; i < n; ++i) image.out[i] = image.in[i];
}

struct AddStep {
  ActivationUse activation;
};

// Sides of one size and two shapes are those in front of a flatten: they are added as rows of features.
void add_read(const StepReader& fields, Planned& step) {
  const LaneTensor &a = step.in, &b = step.other;
  const int64_t size = a.c * a.h * a.w;
  if (size != b.c * b.h * b.w) fields.refuse("its sides differ in size");
  const bool same = a.c == b.c && a.h == b.h;
  step.out = same ? LaneTensor{a.c, a.h, a.w, 0, 0} : LaneTensor{size, 1, 1, 0, 0};
  own_of<AddStep>(step).activation = read_fused_activation(fields);
}

// The sides have no margins, as this step reads none, and are equal in their order.
void add_place(Planned& step, PlanLayout&) { step.in = {step.out.c, step.out.h, step.out.w, 0, 0}; }

void add_forward(const Planned& step, const LaneBlock& block) {
  const ActivationUse a = own_of<AddStep>(step).activation;
  for_each_line(step.in, step.out, [&](int64_t i, int64_t j, int64_t n) {
    for (int64_t at = 0; at < n; at += kWidth) {
      const Vec sum = add(load(block.in + i + at), load(block.other + i + at));
      store(block.out + j + at, finish(a.kind, sum));
    }
    finish_stored(a, n, block.out + j);
  });
}

void add_backward(const Planned& step, const LaneBlock& block) {
  if (block.din == nullptr && block.dother == nullptr) return;
  const ActivationUse a = own_of<AddStep>(step).activation;
  for_each_line(step.in, step.out, [&](int64_t i, int64_t j, int64_t n) {
    activation_backward(a, n, nullptr, block.out + j, block.dout + j, block.dout + j);
    for (int64_t at = 0; at < n; at += kWidth) {
      const Vec g = load(block.dout + j + at);
      if (block.din != nullptr) store(block.din + i + at, g);
      if (block.dother != nullptr) store(block.dother + i + at, g);
    }
  });
}

void add_image(const Planned& step, const LaneImage& image) {
  const int64_t n = step.out.c * step.out.h * step.out.w;
  for (int64_t i = 0; i < n; ++i) image.out[i] = image.in[i] + image.other[i];
  activate(own_of<AddStep>(step).activation, n, image.out, image.out);
}

constexpr LaneOp make_branch_op() {
  LaneOp op{"branch", branch_read, nullptr, nullptr, branch_forward, branch_backward, branch_image};
  op.adds_gradient = true;
  return op;
}

constexpr LaneOp make_add_op() {
  LaneOp op{"add", add_read, add_place, nullptr, add_forward, add_backward, add_image};
  op.has_other = true;
  return op;
}

const LaneOp branch_op = make_branch_op();
const LaneOp add_op = make_add_op();

}  // namespace
}  // namespace rownet
