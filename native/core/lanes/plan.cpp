// plan.cpp: the calls of a plan.
//
// A training step packs weights and forks twice: each thread takes whole blocks of images through
// forward, loss and backward, so that a block's tensors (0.8 MB for LeNet-5 on AVX-512) stay in its
// L2; then gradients, and with them the update, are split by rows (products over the batch) or summed
// over blocks. A single block stays on one thread from its gather to the update: what another core
// has touched costs more to fetch than it saves to share. Each step that joins the batch ends a fork
// on the way forward and one on the way back.

#include "lanes/plan.h"

#include <algorithm>
#include <cstring>
#include <optional>
#include <stdexcept>
#include <string>

#include "lanes/plan_state.h"
#include "threads.h"

namespace rownet {

namespace {

const Loss* find_loss(const LaneKernels& lanes, const char* name) {
  for (const Loss* const* loss = lanes.losses; *loss != nullptr; ++loss) {
    if (std::strcmp((*loss)->name, name) == 0) return *loss;
  }
  throw std::invalid_argument(std::string("lanes: unknown loss ") + name);
}

}  // namespace

LanePlan::LanePlan(int64_t c, int64_t h, int64_t w, const std::vector<LaneStep>& steps,
                   PlanOptions options)
    : state_(new State) {
  if (c < 1 || h < 1 || w < 1) throw std::invalid_argument("lanes: empty input");
  state_->loss = find_loss(state_->lanes, options.loss);
  if (!(options.label_smoothing >= 0.0f && options.label_smoothing <= 1.0f))
    throw std::invalid_argument("lanes: expected label smoothing from 0 to 1");
  if (options.label_smoothing > 0.0f && !state_->loss->of_labels)
    throw std::invalid_argument("lanes: only a loss of labels has label smoothing");
  state_->label_smoothing = options.label_smoothing;
  state_->input = {c, h, w, 0, 0};
  state_->plan(steps, options.winograd);
  state_->few_images = std::make_unique<FewImages>(state_->input, state_->steps);
}

LanePlan::~LanePlan() = default;

int64_t LanePlan::channels() const { return state_->input.c; }
int64_t LanePlan::input_size() const { return state_->input.c * state_->input.h * state_->input.w; }
int64_t LanePlan::outputs() const { return state_->outputs; }
const Loss& LanePlan::loss() const { return *state_->loss; }
int64_t LanePlan::parameters() const { return state_->parameters; }
int64_t LanePlan::buffers() const { return state_->buffers; }
size_t LanePlan::bytes() const {
  const State& s = *state_;
  return s.slices.bytes() + s.packed.bytes() + s.partials.bytes() + s.batch.bytes() +
         s.few_images->bytes();
}
int64_t LanePlan::times() const { return static_cast<int64_t>(time_count(state_->steps.size())); }

namespace {

// A step, then body(part, parts, clock, slice) on every thread.
template <typename State, typename Body>
LossSum run_step(State& s, const ByteBatch& batch, const float* parameters,
                 const StepContext& context, const Body& body) {
  LaneCall call = s.begin(&batch, batch.count, parameters, context.buffers, true, context);
  std::optional<StepTimes> timed;
  if (context.seconds != nullptr) timed.emplace(call.threads, time_count(s.steps.size()));
  StepTimes* const times = call.times = timed ? &*timed : nullptr;
  const LossSum sum = s.train(call);
  parallel_for(call.threads, static_cast<int>(call.threads),
               [&](int64_t begin, int64_t end, int slice) {
                 StepClock clock(times == nullptr ? nullptr : times->of(slice));
                 for (int64_t part = begin; part < end; ++part) body(call, part, clock, slice);
               });
  if (timed) {
    std::fill_n(context.seconds, time_count(s.steps.size()), 0.0);
    timed->add_to(context.seconds);
  }
  s.check();
  return sum;
}

}  // namespace

LossSum LanePlan::train_step(const ByteBatch& batch, const float* parameters, float* gradients,
                             const StepContext& context) {
  State& s = *state_;
  return run_step(s, batch, parameters, context,
                  [&](const LaneCall& call, int64_t part, StepClock& clock, int) {
                    s.reduce(call, part, call.threads, gradients, clock);
                  });
}

LossSum LanePlan::train_step(const ByteBatch& batch, const Update& update, float* parameters,
                             const StepContext& context) {
  State& s = *state_;
  return run_step(s, batch, parameters, context,
                  [&](const LaneCall& call, int64_t part, StepClock& clock, int slice) {
                    float* const chunk = s.fresh_scratch(s.slices.copy(slice));
                    s.reduce_and_update(call, part, call.threads, update, parameters, chunk, clock);
                  });
}

LossSum LanePlan::evaluate(const ByteBatch& batch, const float* parameters, const float* buffers,
                           int32_t* predictions) {
  State& s = *state_;
  const LaneCall call = s.begin(&batch, batch.count, parameters, buffers, false, StepContext{});
  s.infer(call, nullptr, [&](int64_t index, const LaneBlock& block, const float* scores) {
    const LossTargets targets{batch.labels, batch.values, batch.indices + block.first,
                              s.label_smoothing};
    const LossSum sum = s.loss->block(s.outputs, block.count, scores, targets, 0.0f, nullptr,
                                      predictions + block.first);
    s.block_loss[static_cast<size_t>(index)] = sum.loss;
    s.block_correct[static_cast<size_t>(index)] = sum.correct;
  });
  return s.loss_of_blocks(call.blocks);
}

void LanePlan::predict(const float* x, int64_t count, const float* parameters, const float* buffers,
                       float* scores) {
  State& s = *state_;
  if (count <= s.few_images->limit()) {
    s.few_images->predict(s.steps, x, count, parameters, buffers, scores);
    return;
  }
  const LaneCall call = s.begin(nullptr, count, parameters, buffers, false, StepContext{});
  s.infer(call, x, [&](int64_t, const LaneBlock& block, const float* lane_scores) {
    for (int64_t i = 0; i < block.count; ++i) {
      for (int64_t j = 0; j < s.outputs; ++j) {
        scores[(block.first + i) * s.outputs + j] = lane_scores[j * s.width + i];
      }
    }
  });
}

}  // namespace rownet
