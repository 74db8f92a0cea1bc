// plan_steps.cpp: blocks through a plan's steps, forward and backward, and the gradients of a batch.
#include <algorithm>

#include "lanes/plan_state.h"

namespace rownet {

namespace {

size_t size(int64_t n) { return static_cast<size_t>(n); }

// Numbers that share out the gradients of a step: rows of a product, else each of them.
int64_t units_of(const Planned& p) { return p.op->reduce == nullptr ? parameters_of(p) : p.units; }

// Calls body(first, count, begin) for the parts of numbers [begin, end) of a step's parameters that
// stand together: `count` from `first` on are those from `begin` on in the arena.
template <typename Body>
void for_ranges(const Planned& p, int64_t begin, int64_t end, const Body& body) {
  int64_t start = 0;
  for (int i = 0; i < p.parameter_count; ++i) {
    const ArenaRange& range = p.parameters[i];
    const int64_t first = std::max(begin, start), last = std::min(end, start + range.count);
    if (first < last) body(first, last - first, range.begin + first - start);
    start += range.count;
  }
}

// sums[i] = number begin + i of a step's gradients, summed over blocks in their order.
void add_blocks(const Planned& p, const LaneBatch& all, int64_t begin, int64_t end, float* sums) {
  for (int64_t i = begin; i < end; ++i) {
    float sum = 0.0f;
    for (int64_t block = 0; block < all.blocks; ++block)
      sum += all.sums[block * all.sums_stride + static_cast<int64_t>(p.partial) + i];
    sums[i - begin] = sum;
  }
}

}  // namespace

LaneCall LanePlan::State::begin(const ByteBatch* images, int64_t count, const float* params,
                                const float* bufs, bool training, const StepContext& context) {
  const int64_t blocks = (count + width - 1) / width;
  // Asked for once: another worker_thread may change the number of threads at any time, and the
  // slices are memory for as many as `reserve` was told.
  const int64_t threads = std::clamp<int64_t>(blocks, 1, thread_count());
  const LaneCall call{images, params, bufs, training, count, blocks, threads, context, nullptr};
  reserve(call);
  return call;
}

LaneBlock LanePlan::State::block_of(const LaneCall& call, int64_t index, float* slice) {
  LaneBlock block{};
  block.parameters = call.parameters;
  block.buffers = call.buffers;
  block.training = block.backward = call.training;
  block.first = index * width;
  block.count = std::min(width, call.count - block.first);
  block.draw = call.context.draw;
  block.slice = slice;
  block.shared = packed.copy(0);
  block.sums = call.training ? partials.copy(index) : nullptr;
  block.rows = call.training ? batch.copy(index) : nullptr;
  return block;
}

LaneBatch LanePlan::State::batch_of(const LaneCall& call) {
  return {call.parameters,
          call.context.buffers,
          call.blocks,
          call.count,
          packed.copy(0),
          partials.copy(0),
          batch.copy(0),
          static_cast<int64_t>(partials.floats()),
          static_cast<int64_t>(batch.floats())};
}

void LanePlan::State::pack(const LaneCall& call) {
  StepClock clock(call.times == nullptr ? nullptr : call.times->of(0));
  for (size_t i = 0; i < steps.size(); ++i) {
    const Planned& p = steps[i];
    if (p.op->pack == nullptr) continue;
    p.op->pack(p, call.parameters, false, packed.copy(0));
    clock.lap(forward_time(i));
    if (call.training && p.input_gradient) {
      p.op->pack(p, call.parameters, true, packed.copy(0));
      clock.lap(backward_time(i));
    }
  }
}

void LanePlan::State::gather(const LaneCall& call, const float* x, const LaneBlock& block) {
  if (call.batch == nullptr) {
    lanes.gather_ready(input, x + block.first * input.c * input.h * input.w, block.count,
                       block.slice);
    return;
  }
  const ByteBatch& images = *call.batch;
  const Scaling scaling{images.scale, images.shift, images.scales, images.shifts};
  const uint32_t* const indices = images.indices + block.first;
  if (images.images == nullptr) {
    lanes.gather_floats(input, images.floats, indices, block.count, scaling, block.slice);
  } else {
    lanes.gather_bytes(input, images.images, indices, block.count, scaling, block.slice);
  }
}

const Planned& LanePlan::State::enter(size_t index, LaneBlock& block) {
  const Planned& p = steps[index];
  block.in = value_of(p.from, block);
  if (p.op->has_other) block.other = value_of(p.with, block);
  block.out = block.slice + p.activation;
  if (block.backward) {
    block.dout = gradient_of(index + 1, block);
    block.din = p.input_gradient ? gradient_of(p.from, block) : nullptr;
    block.dother = p.other_gradient ? gradient_of(p.with, block) : nullptr;
  }
  block.scratch = fresh_scratch(block.slice);
  return p;
}

void LanePlan::State::forward(size_t begin, size_t end, LaneBlock& block, StepClock& clock) {
  for (size_t i = begin; i < end; ++i) {
    const Planned& p = enter(i, block);
    p.op->forward(p, block);
    clock.lap(forward_time(i));
  }
}

void LanePlan::State::backward(size_t begin, size_t end, LaneBlock& block, StepClock& clock) {
  for (size_t i = end; i-- > begin;) {
    const Planned& p = enter(i, block);
    p.op->backward(p, block);
    clock.lap(backward_time(i));
  }
}

LossSum LanePlan::State::train(const LaneCall& call) {
  // Of no images there is no mean: buffers stay where they are.
  if (call.blocks == 0) return {0.0, 0};
  pack(call);
  bool gathered = false;
  size_t begin = 0;
  const auto to_step = [&](size_t end, LaneBlock& block, StepClock& clock) {
    if (!gathered) {
      gather(call, nullptr, block);
      clock.lap(kGatherTime);
    }
    forward(begin, end, block, clock);
  };
  for (size_t joint : joints) {
    for_blocks(call, [&](int64_t, LaneBlock& block, StepClock& clock) {
      to_step(joint, block, clock);
      const Planned& p = enter(joint, block);
      p.op->collect(p, block);
      clock.lap(forward_time(joint));
    });
    steps[joint].op->join(steps[joint], batch_of(call));
    gathered = true;
    begin = joint;
  }
  // Back to before step `end`, or to the joint where the batch is joined again.
  size_t end = steps.size(), left = joints.size();
  const auto back = [&](LaneBlock& block, StepClock& clock) {
    const size_t joint = left == 0 ? 0 : joints[left - 1];
    backward(left == 0 ? 0 : joint + 1, end, block, clock);
    if (left == 0) return;
    const Planned& p = enter(joint, block);
    p.op->collect_backward(p, block);
    clock.lap(backward_time(joint));
  };
  for_blocks(call, [&](int64_t index, LaneBlock& block, StepClock& clock) {
    to_step(end, block, clock);
    const ByteBatch& images = *call.batch;
    const LossTargets targets{images.labels, images.values, images.indices + block.first,
                              label_smoothing};
    const LossSum sum =
        loss->block(outputs, block.count, scores_of(block), targets, call.context.grad_scale,
                    gradient_of(steps.size(), block), nullptr);
    block_loss[size(index)] = sum.loss;
    block_correct[size(index)] = sum.correct;
    clock.lap(kLossTime);
    back(block, clock);
  });
  while (left > 0) {
    const Planned& p = steps[joints[left - 1]];
    p.op->join_backward(p, batch_of(call));
    end = joints[left - 1] + 1;
    --left;
    for_blocks(call, [&](int64_t, LaneBlock& block, StepClock& clock) { back(block, clock); });
  }
  return loss_of_blocks(call.blocks);
}

LossSum LanePlan::State::loss_of_blocks(int64_t blocks) const {
  LossSum total{0.0, 0};
  for (int64_t block = 0; block < blocks; ++block) {
    total.loss += block_loss[size(block)];
    total.correct += block_correct[size(block)];
  }
  return total;
}

void LanePlan::State::reduce(const LaneCall& call, int64_t part, int64_t parts, float* gradients,
                             StepClock& clock) {
  const LaneBatch all = batch_of(call);
  for (size_t i = 0; i < steps.size(); ++i) {
    const Planned& p = steps[i];
    if (p.parameter_count == 0) continue;
    const int64_t total = units_of(p);
    const int64_t begin = total * part / parts, end = total * (part + 1) / parts;
    if (p.op->reduce != nullptr) {
      const int64_t row = p.parameters[0].count / total;
      p.op->reduce(p, all, begin, end, gradients + p.parameters[0].begin + begin * row,
                   p.parameter_count < 2 ? nullptr : gradients + p.parameters[1].begin + begin);
    } else {
      for_ranges(p, begin, end, [&](int64_t first, int64_t count, int64_t place) {
        add_blocks(p, all, first, first + count, gradients + place);
      });
    }
    clock.lap(backward_time(i));
  }
}

void LanePlan::State::reduce_and_update(const LaneCall& call, int64_t part, int64_t parts,
                                        const Update& update, float* params, float* chunk,
                                        StepClock& clock) {
  const LaneBatch all = batch_of(call);
  const auto apply = [&](int64_t begin, int64_t count, const float* gradients) {
    update_range(update, begin, begin + count, gradients, params);
  };
  for (size_t i = 0; i < steps.size(); ++i) {
    const Planned& p = steps[i];
    if (p.parameter_count == 0) continue;
    const bool rows = p.op->reduce != nullptr;
    const int64_t total = units_of(p), last = total * (part + 1) / parts;
    const int64_t most = rows ? kUpdateRows : total;
    for (int64_t begin = total * part / parts, end = begin; begin < last; begin = end) {
      end = std::min(begin + most, last);
      if (rows) {
        const int64_t row = p.parameters[0].count / total;
        float* const db = p.parameter_count < 2 ? nullptr : chunk + (end - begin) * row;
        p.op->reduce(p, all, begin, end, chunk, db);
        clock.lap(backward_time(i));
        apply(p.parameters[0].begin + begin * row, (end - begin) * row, chunk);
        if (db != nullptr) apply(p.parameters[1].begin + begin, end - begin, db);
      } else {
        add_blocks(p, all, begin, end, chunk);
        clock.lap(backward_time(i));
        for_ranges(p, begin, end, [&](int64_t first, int64_t count, int64_t place) {
          apply(place, count, chunk + first - begin);
        });
      }
      clock.lap(kUpdateTime);
    }
  }
}

}  // namespace rownet
