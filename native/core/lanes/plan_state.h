// plan_state.h: what a plan holds: its steps, where each of their arrays stands, and the memory.
//
// A slice is the memory of one thread: the tensors of the block it works on, and scratch. Packed
// weights are shared; the partial sums of each block, and its rows for the weight gradients of
// linear layers, outlive the block. From one call to the next nothing outlives but zeros: the
// margins of tensors and the tails of rows.
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

// A step with its geometry and its places in memory (in floats, from the start of the named part).
struct Planned {
  LaneStep step;
  LaneConv conv;
  LanePool pool;
  LaneTensor in, out;
  bool input_gradient;  // a step before this one has parameters
  size_t activation;    // of the output, in a slice's memory
  size_t gradient;      // of the output, in a slice's memory
  size_t codes;         // in a slice's memory; bytes, so a quarter of the floats are used
  size_t saved;         // from forward to backward, in a slice's memory
  size_t packed, packed_backward;  // in the shared packed weights
  size_t partial;                  // of dw and db, in a block's partial sums
  size_t rows, deltas;             // of a linear layer, in the batch's memory, per block
  int64_t row_stride;              // of those rows

  int64_t weights() const {
    return step.kind == LaneStep::Kind::kConv ? step.out_channels * in.c * step.kh * step.kw
                                              : step.in_features * step.out_features;
  }
  int64_t biases() const {
    return step.kind == LaneStep::Kind::kConv ? step.out_channels : step.out_features;
  }
  bool has_parameters() const {
    return step.kind == LaneStep::Kind::kConv || step.kind == LaneStep::Kind::kLinear;
  }
};

// Rows of a linear layer's gradient that an update takes at a time: a multiple of the kernel's
// tile.
constexpr int64_t kUpdateRows = 12;

struct LanePlan::State {
  const LaneKernels& lanes = *kernels().lanes;
  const int64_t width = kernels().vector_width;
  LaneTensor input;
  std::vector<Planned> steps;
  int64_t classes = 0, parameters = 0;
  PlanMemory slices{"slice"}, packed{"packed copy"}, partials{"sums of block"},
      batch{"rows of block"};
  size_t scratch = 0;  // in a slice's memory, behind the tensors
  std::vector<double> block_loss;
  std::vector<int64_t> block_correct;
  std::unique_ptr<FewImages> few_images;

  // plan_layout.cpp
  void plan(const std::vector<LaneStep>& specs, bool winograd);
  LaneTensor output_of(size_t index, const LaneTensor& in, const LaneStep& step) const;
  // In builds with guards it leaves NaN wherever a call has to write before it reads.
  void reserve(int64_t blocks, int64_t threads, bool training);
  // In a slice's memory; in builds with guards it holds NaN.
  float* fresh_scratch(float* memory) {
    slices.spoil(memory, scratch);
    return memory + scratch;
  }
  // Looks at the guards of builds that have them.
  void check() const;

  LossSum loss_of_blocks(int64_t blocks) const;

  // To be asked once a call: another worker_thread may change the number of threads at any time, and
  // the slices are memory for as many as `reserve` was told.
  static int64_t threads_for(int64_t blocks) {
    return std::clamp<int64_t>(blocks, 1, thread_count());
  }
  // Calls body(block, memory of its thread, clock of its thread) for every block.
  template <typename Body>
  void for_blocks(int64_t blocks, int64_t threads, StepTimes* times, const Body& body) {
    const auto run = [&](int64_t begin, int64_t end, int thread) {
      StepClock clock(times == nullptr ? nullptr : times->of(thread));
      for (int64_t block = begin; block < end; ++block) body(block, slices.copy(thread), clock);
    };
    parallel_for(blocks, static_cast<int>(threads), run);
  }

  // plan_steps.cpp
  void pack(const float* parameters_, bool training, StepClock& clock);
  ConvMemory conv_memory(const Planned& p, float* memory, bool training);
  // block_batch: nullptr where no backward pass follows, or no step is linear.
  const float* forward(float* memory, const float* params, bool training, float* block_batch,
                       StepClock& clock);
  void backward(float* memory, const float* params, float* block_batch, float* block_partial,
                StepClock& clock);
  float* delta_of(size_t index, float* memory, float* block_batch);
  void reduce_linear(const Planned& p, int64_t begin, int64_t end, int64_t blocks, float* dw,
                     float* db);
  void reduce_conv(const Planned& p, int64_t begin, int64_t end, int64_t blocks, float* dw,
                   float* db);
  void reduce(int64_t part, int64_t parts, int64_t blocks, float* gradients, StepClock& clock);
  // gradients: room for those of one chunk.
  void reduce_and_update(int64_t part, int64_t parts, int64_t blocks, const Update& update,
                         float* params, float* gradients, StepClock& clock);
};

}  // namespace rownet
