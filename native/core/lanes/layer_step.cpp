#include "lanes/layer_step.h"

#include <stdexcept>

#include "lanes/plan_state.h"

namespace rownet {

namespace {

int64_t pixels(const LaneTensor& t) { return t.c * t.h * t.w; }

// A tensor without margins as one line, so that gathering it fills whole vectors.
LaneTensor line_of(const LaneTensor& t) {
  return t.margin_h + t.margin_w > 0 ? t : LaneTensor{1, 1, pixels(t), 0, 0};
}

}  // namespace

struct LayerStep::Parts {
  LanePlan::State plan;
  LaneCall call{};  // of the last forward
  bool training = false;
  size_t input_gradient = 0;  // in a slice
  int64_t count = -1;

  const Planned& step() const { return plan.steps.front(); }

  // Calls body(block) with every block, gathered.
  template <typename Body>
  void for_blocks(const float* x, const Body& body) {
    const LaneTensor in = line_of(step().in);
    plan.for_blocks(call, [&](int64_t, LaneBlock& block, StepClock&) {
      block.training = training;
      block.in = block.slice;
      block.out = block.slice + step().activation;
      block.dout = plan.gradient_of(1, block);
      block.scratch = plan.fresh_scratch(block.slice);
      plan.lanes.gather_ready(in, x + block.first * pixels(in), block.count, block.slice);
      body(block);
    });
  }
};

LayerStep::LayerStep(int64_t c, int64_t h, int64_t w, const LaneStep& step) : parts_(new Parts) {
  LanePlan::State& plan = parts_->plan;
  if (c < 1 || h < 1 || w < 1) throw std::invalid_argument("lanes: empty input");
  plan.input = {c, h, w, 0, 0};
  plan.plan({step}, false, true);
  // Blocks are gathered again after a join, so that they need no slices of their own.
  plan.joints.clear();
  const size_t floats = static_cast<size_t>(tensor_vectors(plan.input) * plan.width);
  parts_->input_gradient = plan.slices.take(floats, {"input's gradient", kNoStep});
}

LayerStep::~LayerStep() = default;

int64_t LayerStep::input_size() const { return pixels(parts_->plan.input); }
int64_t LayerStep::output_size() const { return parts_->plan.outputs; }
int64_t LayerStep::parameters() const { return parts_->plan.parameters; }
int64_t LayerStep::buffers() const { return parts_->plan.buffers; }
size_t LayerStep::bytes() const {
  const LanePlan::State& s = parts_->plan;
  return s.slices.bytes() + s.packed.bytes() + s.partials.bytes() + s.batch.bytes();
}
int64_t LayerStep::count() const { return parts_->count; }

void LayerStep::forward(const float* x, int64_t count, const float* parameters, float* buffers,
                        bool training, Draw draw, float* y) {
  Parts& parts = *parts_;
  const LaneOp& op = *parts.step().op;
  StepContext context{1.0f};
  context.buffers = buffers;
  context.draw = draw;
  // What the last forward has left is lost from here on.
  parts.count = -1;
  parts.call = parts.plan.begin(nullptr, count, parameters, buffers, true, context);
  parts.training = training;
  parts.count = count;
  if (count == 0) return;
  parts.plan.pack(parts.call);
  if (training && op.collect != nullptr) {
    parts.for_blocks(x, [&](LaneBlock& block) { op.collect(parts.step(), block); });
    op.join(parts.step(), parts.plan.batch_of(parts.call));
  }
  const LaneTensor out = line_of(parts.step().out);
  parts.for_blocks(x, [&](LaneBlock& block) {
    op.forward(parts.step(), block);
    parts.plan.lanes.scatter(out, block.out, block.count, y + block.first * pixels(out));
  });
  parts.plan.check();
}

// Nothing moves the buffers here.
void LayerStep::backward(const float* x, const float* dy, const float* parameters,
                         const float* buffers, float* dx, float* gradients) {
  Parts& parts = *parts_;
  const Planned& step = parts.step();
  const LaneOp& op = *step.op;
  parts.call.parameters = parameters;
  parts.call.buffers = buffers;
  parts.call.context.buffers = nullptr;
  const LaneTensor in = line_of(step.in), out = line_of(step.out);
  const auto for_blocks = [&](const auto& body) {
    parts.for_blocks(x, [&](LaneBlock& block) {
      op.forward(step, block);
      parts.plan.lanes.gather_gradients(out, dy + block.first * pixels(out), block.count,
                                        block.dout);
      body(block);
    });
  };
  if (op.collect_backward != nullptr) {
    for_blocks([&](LaneBlock& block) { op.collect_backward(step, block); });
    if (parts.training && parts.count > 0) op.join_backward(step, parts.plan.batch_of(parts.call));
  }
  for_blocks([&](LaneBlock& block) {
    if (dx != nullptr) block.din = block.slice + parts.input_gradient;
    op.backward(step, block);
    if (dx == nullptr) return;
    parts.plan.lanes.scatter(in, block.din, block.count, dx + block.first * pixels(in));
  });
  if (step.parameter_count > 0) {
    parallel_for(parts.call.threads, static_cast<int>(parts.call.threads),
                 [&](int64_t begin, int64_t end, int) {
                   StepClock clock(nullptr);
                   for (int64_t part = begin; part < end; ++part)
                     parts.plan.reduce(parts.call, part, parts.call.threads, gradients, clock);
                 });
  }
  parts.plan.check();
}

}  // namespace rownet
