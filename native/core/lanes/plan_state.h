// plan_state.h: what a plan holds: its steps, where each of their arrays stands, and the memory.
//
// A slice is what one thread works in: the tensors of its block, and scratch. Packed weights are
// shared; a block's sums (of gradients) and its rows (for products over the batch) outlive the
// block. Where a step joins the batch, each block has a slice of its own for the length of a
// training step. From one call to the next nothing outlives but zeros: the margins of tensors and the
// tails of rows.
#pragma once

#include <algorithm>
#include <memory>
#include <vector>

#include "kernel_table.h"
#include "lanes/few_images.h"
#include "lanes/lane_kernels.h"
#include "lanes/plan.h"
#include "lanes/plan_memory.h"
#include "lanes/step_clock.h"
#include "threads.h"

namespace rownet {

// Rows of a product over the batch that an update takes at a time: a multiple of the kernel's tile.
constexpr int64_t kUpdateRows = 12;

inline int64_t parameters_of(const Planned& p) {
  int64_t count = 0;
  for (int i = 0; i < p.parameter_count; ++i) count += p.parameters[i].count;
  return count;
}

// A call: its batch, and what of the arenas it reads and writes.
struct LaneCall {
  const ByteBatch* batch;  // nullptr: floats are predicted
  const float *parameters, *buffers;
  bool training;
  int64_t count, blocks, threads;
  StepContext context;
  StepTimes* times;
};

struct LanePlan::State {
  const LaneKernels& lanes = *kernels().lanes;
  const int64_t width = kernels().vector_width;
  const Loss* loss = nullptr;
  float label_smoothing = 0.0f;
  LaneTensor input;
  std::vector<Planned> steps;
  std::vector<size_t> joints;  // steps that join the batch in training
  int64_t outputs = 0, parameters = 0, buffers = 0;
  PlanMemory slices{"slice"}, packed{"packed copy"}, partials{"sums of block"},
      batch{"rows of block"};
  size_t scratch = 0;  // in a slice's memory, behind the tensors
  std::vector<double> block_loss;
  std::vector<int64_t> block_correct;
  std::unique_ptr<FewImages> few_images;

  // plan_layout.cpp
  // input_gradient: also of the first step.
  void plan(const std::vector<LaneStep>& specs, bool winograd, bool input_gradient = false);
  Planned read_step(const LaneStep& spec, size_t index);
  // Tensor 0 is the input, i + 1 the output of step i.
  LaneTensor& tensor(size_t index) { return index == 0 ? input : steps[index - 1].out; }
  // In builds with guards it leaves NaN wherever a call has to write before it reads.
  void reserve(const LaneCall& call);
  // In a slice's memory; in builds with guards it holds NaN.
  float* fresh_scratch(float* memory) {
    slices.spoil(memory, scratch);
    return memory + scratch;
  }
  // Looks at the guards of builds that have them.
  void check() const;

  // plan_steps.cpp
  LaneCall begin(const ByteBatch* images, int64_t count, const float* params, const float* bufs,
                 bool training, const StepContext& context);
  void pack(const LaneCall& call);
  // Floats at x, or bytes of the call's batch, into the slice.
  void gather(const LaneCall& call, const float* x, const LaneBlock& block);
  LaneBlock block_of(const LaneCall& call, int64_t index, float* slice);
  LaneBatch batch_of(const LaneCall& call);
  // Step `index` of the block: what it reads and writes.
  const Planned& enter(size_t index, LaneBlock& block);
  const float* value_of(size_t tensor, const LaneBlock& block) const {
    return tensor == 0 ? block.slice : block.slice + steps[tensor - 1].activation;
  }
  // Of a tensor that is not the input.
  float* gradient_of(size_t tensor, const LaneBlock& block) const {
    const Planned& p = steps[tensor - 1];
    return (p.keeps_gradient ? block.rows : block.slice) + p.gradient;
  }
  // Steps [begin, end), in their order and in the opposite one.
  void forward(size_t begin, size_t end, LaneBlock& block, StepClock& clock);
  void backward(size_t begin, size_t end, LaneBlock& block, StepClock& clock);
  const float* scores_of(const LaneBlock& block) const {
    return block.slice + steps.back().activation;
  }
  // Forward, loss and backward of all blocks.
  LossSum train(const LaneCall& call);
  LossSum loss_of_blocks(int64_t blocks) const;
  // Part `part` of `parts` of all gradients, from the batch's rows and the blocks' sums.
  void reduce(const LaneCall& call, int64_t part, int64_t parts, float* gradients,
              StepClock& clock);
  // The same, but each gradient goes into the update while it is in L1, and nowhere else: written to
  // the arena and read again, it would move half as many bytes as parameters and state together.
  // chunk: room for what goes at a time.
  void reduce_and_update(const LaneCall& call, int64_t part, int64_t parts, const Update& update,
                         float* params, float* chunk, StepClock& clock);

  // Calls body(index, block, clock of its thread) for every block.
  template <typename Body>
  void for_blocks(const LaneCall& call, const Body& body) {
    const auto run = [&](int64_t begin, int64_t end, int thread) {
      StepClock clock(call.times == nullptr ? nullptr : call.times->of(thread));
      for (int64_t index = begin; index < end; ++index) {
        const bool own = call.training && !joints.empty();
        LaneBlock block = block_of(call, index, slices.copy(own ? index : thread));
        body(index, block, clock);
      }
    };
    parallel_for(call.blocks, static_cast<int>(call.threads), run);
  }

  // Calls body(index, block, scores) for every block, without a backward pass.
  template <typename Body>
  void infer(const LaneCall& call, const float* x, const Body& body) {
    pack(call);
    for_blocks(call, [&](int64_t index, LaneBlock& block, StepClock& clock) {
      gather(call, x, block);
      forward(0, steps.size(), block, clock);
      body(index, block, scores_of(block));
    });
    check();
  }
};

}  // namespace rownet
