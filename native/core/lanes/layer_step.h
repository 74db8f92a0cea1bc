// layer_step.h: one layer on its own: what its operation of lanes makes of floats in [n][c][h][w], which
// is how the engine `rows` runs a layer that has no kernels of its own.
//
// Each thread takes whole blocks: gathered into the lanes layout, through the operation, and out
// again. Between forward and backward nothing is kept but the sums of the blocks and what a join has
// made of the batch: backward gathers a block and takes it forward once more, while it is in L2.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>

#include "lanes/lane_step.h"

namespace rownet {

// Not for use by two threads at once. Same bits at any thread count.
class LayerStep {
 public:
  // Throws std::invalid_argument when the step does not fit its input.
  LayerStep(int64_t c, int64_t h, int64_t w, const LaneStep& step);
  ~LayerStep();

  int64_t input_size() const;
  int64_t output_size() const;
  // Floats that the arenas must hold.
  int64_t parameters() const;
  int64_t buffers() const;
  // Of the working memory, which grows with the largest batch so far.
  size_t bytes() const;
  // Images of the last forward, which a backward may follow; before the first, -1.
  int64_t count() const;

  // y[count, outputs] of x[count, inputs]. Training moves the buffers.
  void forward(const float* x, int64_t count, const float* parameters, float* buffers,
               bool training, Draw draw, float* y);
  // For the gradient dy of the last forward's result, whose arrays are what they were: overwrites dx,
  // unless it is nullptr, and the gradients of all parameters.
  void backward(const float* x, const float* dy, const float* parameters, const float* buffers,
                float* dx, float* gradients);

 private:
  struct Parts;
  std::unique_ptr<Parts> parts_;
};

}  // namespace rownet
