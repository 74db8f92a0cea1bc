// plan.cpp: executes a plan, in blocks of images over threads.
//
// A training step packs weights and forks twice: each thread takes whole blocks of images through
// forward, loss and backward, so that a block's tensors (0.8 MB for LeNet-5 on AVX-512) stay in its
// L2; then gradients, and with them the update, are split by rows (linear layers) or summed over
// blocks (convolutions). A single block stays on one thread from its gather to the update: what
// another core has touched costs more to fetch than it saves to share.

#include "lanes/plan.h"

#include <algorithm>
#include <cmath>
#include <optional>
#include <stdexcept>

#include "lanes/plan_state.h"
#include "threads.h"

namespace rownet {

namespace {

size_t size(int64_t n) { return static_cast<size_t>(n); }

struct LossLanes {
  float sums[64], below[64];
  int32_t best[64], labels[64];
};

// Loss of one block, and its gradient where dlogits is not nullptr.
LossSum block_loss_of(const LaneKernels& lanes, int64_t classes, const ByteBatch& batch,
                      int64_t first, int64_t count, const float* logits, float grad_scale,
                      float* dlogits, int32_t* predictions) {
  LossLanes l{};
  for (int64_t i = 0; i < count; ++i) l.labels[i] = batch.labels[batch.indices[first + i]];
  lanes.softmax(classes, count, logits, l.labels, grad_scale, dlogits, l.sums, l.below, l.best);
  LossSum total{0.0, 0};
  for (int64_t i = 0; i < count; ++i) {
    total.loss += std::log(static_cast<double>(l.sums[i])) - static_cast<double>(l.below[i]);
    total.correct += l.best[i] == l.labels[i];
    if (predictions != nullptr) predictions[first + i] = l.best[i];
  }
  return total;
}

}  // namespace

LanePlan::LanePlan(int64_t c, int64_t h, int64_t w, std::vector<LaneStep> steps, bool winograd)
    : state_(new State) {
  if (c < 1 || h < 1 || w < 1) throw std::invalid_argument("lanes: empty input");
  state_->input = {c, h, w, 0, 0};
  state_->plan(steps, winograd);
  state_->few_images = std::make_unique<FewImages>(state_->input, steps);
}

LanePlan::~LanePlan() = default;

int64_t LanePlan::input_size() const { return state_->input.c * state_->input.h * state_->input.w; }
int64_t LanePlan::classes() const { return state_->classes; }
int64_t LanePlan::parameters() const { return state_->parameters; }
size_t LanePlan::bytes() const {
  const State& s = *state_;
  return s.slices.bytes() + s.packed.bytes() + s.partials.bytes() + s.batch.bytes() +
         s.few_images->bytes();
}
int64_t LanePlan::times() const { return static_cast<int64_t>(time_count(state_->steps.size())); }

LossSum LanePlan::train_step(const ByteBatch& batch, const float* parameters, float grad_scale,
                             float* gradients, double* seconds) {
  return step(batch, parameters, grad_scale, nullptr, gradients, seconds);
}

LossSum LanePlan::train_step(const ByteBatch& batch, float* parameters, float grad_scale,
                             const Update& update, double* seconds) {
  return step(batch, parameters, grad_scale, &update, parameters, seconds);
}

// written: the gradients, or with an update the parameters.
LossSum LanePlan::step(const ByteBatch& batch, const float* parameters, float grad_scale,
                       const Update* update, float* written, double* seconds) {
  State& s = *state_;
  const int64_t blocks = (batch.count + s.width - 1) / s.width, threads = s.threads_for(blocks);
  std::optional<StepTimes> timed;
  if (seconds != nullptr) timed.emplace(threads, time_count(s.steps.size()));
  StepTimes* const times = timed ? &*timed : nullptr;
  const auto clock_of = [&](int thread) {
    return StepClock(times == nullptr ? nullptr : times->of(thread));
  };
  s.reserve(blocks, threads, true);
  StepClock pack_clock = clock_of(0);
  s.pack(parameters, true, pack_clock);
  s.for_blocks(blocks, threads, times, [&](int64_t block, float* memory, StepClock& clock) {
    const int64_t first = block * s.width, count = std::min(s.width, batch.count - first);
    s.lanes.gather_bytes(s.input, batch.images, batch.indices + first, count, batch.scale,
                         batch.shift, memory);
    clock.lap(kGatherTime);
    const float* logits = s.forward(memory, parameters, true, s.batch.copy(block), clock);
    float* dlogits = s.delta_of(s.steps.size() - 1, memory, s.batch.copy(block));
    const LossSum loss = block_loss_of(s.lanes, s.classes, batch, first, count, logits, grad_scale,
                                       dlogits, nullptr);
    s.block_loss[size(block)] = loss.loss;
    s.block_correct[size(block)] = loss.correct;
    clock.lap(kLossTime);
    s.backward(memory, parameters, s.batch.copy(block), s.partials.copy(block), clock);
  });
  parallel_for(threads, static_cast<int>(threads), [&](int64_t begin, int64_t end, int slice) {
    StepClock clock = clock_of(slice);
    for (int64_t part = begin; part < end; ++part) {
      if (update != nullptr) {
        float* const scratch = s.fresh_scratch(s.slices.copy(slice));
        s.reduce_and_update(part, threads, blocks, *update, written, scratch, clock);
      } else {
        s.reduce(part, threads, blocks, written, clock);
      }
    }
  });
  if (timed) {
    std::fill_n(seconds, time_count(s.steps.size()), 0.0);
    timed->add_to(seconds);
  }
  s.check();
  return s.loss_of_blocks(blocks);
}

LossSum LanePlan::evaluate(const ByteBatch& batch, const float* parameters, int32_t* predictions) {
  State& s = *state_;
  const int64_t blocks = (batch.count + s.width - 1) / s.width, threads = s.threads_for(blocks);
  s.reserve(blocks, threads, false);
  StepClock untimed(nullptr);
  s.pack(parameters, false, untimed);
  s.for_blocks(blocks, threads, nullptr, [&](int64_t block, float* memory, StepClock& clock) {
    const int64_t first = block * s.width, count = std::min(s.width, batch.count - first);
    s.lanes.gather_bytes(s.input, batch.images, batch.indices + first, count, batch.scale,
                         batch.shift, memory);
    const float* logits = s.forward(memory, parameters, false, nullptr, clock);
    const LossSum loss =
        block_loss_of(s.lanes, s.classes, batch, first, count, logits, 0.0f, nullptr, predictions);
    s.block_loss[size(block)] = loss.loss;
    s.block_correct[size(block)] = loss.correct;
  });
  s.check();
  return s.loss_of_blocks(blocks);
}

void LanePlan::predict(const float* x, int64_t count, const float* parameters, float* logits) {
  State& s = *state_;
  if (count <= s.few_images->limit()) {
    s.few_images->predict(x, count, parameters, logits);
    return;
  }
  const int64_t blocks = (count + s.width - 1) / s.width, threads = s.threads_for(blocks);
  s.reserve(blocks, threads, false);
  StepClock untimed(nullptr);
  s.pack(parameters, false, untimed);
  s.for_blocks(blocks, threads, nullptr, [&](int64_t block, float* memory, StepClock& clock) {
    const int64_t first = block * s.width, live = std::min(s.width, count - first);
    s.lanes.gather_floats(s.input, x + first * input_size(), live, memory);
    const float* lane_logits = s.forward(memory, parameters, false, nullptr, clock);
    for (int64_t i = 0; i < live; ++i) {
      for (int64_t j = 0; j < s.classes; ++j) {
        logits[(first + i) * s.classes + j] = lane_logits[j * s.width + i];
      }
    }
  });
  s.check();
}

}  // namespace rownet
