// plan.h: a net as a list of fused steps, and its execution in the lanes layout.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <vector>

#include "lanes/lane_step.h"
#include "losses/loss.h"
#include "updates/update_rule.h"

namespace rownet {

// Images, and which of them a batch takes: as bytes, or as floats where there are none. Of the
// targets a plan needs those of its loss.
struct ByteBatch {
  const uint8_t* images;  // [.., c, h, w]
  const uint8_t* labels;
  const uint32_t* indices;
  int64_t count;
  float scale, shift;             // pixel * scale + shift
  const float* values = nullptr;  // [.., outputs]
  const float* floats = nullptr;  // [.., c, h, w]
  // Of each channel, in place of scale and shift.
  const float *scales = nullptr, *shifts = nullptr;
};

// Of a training step, besides batch and parameters.
struct StepContext {
  float grad_scale;          // the gradient is that of grad_scale times the summed loss
  float* buffers = nullptr;  // read, and moved
  Draw draw = {0, 0};
  // Unless nullptr, receives the times() of step_clock.h, each added up over the threads. A step's
  // times include packing its weights, its backward also its part of the last fork: the weight
  // gradient of a linear step, the sums over blocks of others.
  double* seconds = nullptr;
};

struct PlanOptions {
  const char* loss = "crossEntropy";
  // Whether convolutions may be computed by Winograd's algorithm where that is faster; their rounding
  // errors are then about four times those of plain sums.
  bool winograd = true;
  // From 0 to 1; 0 for a loss of values.
  float label_smoothing = 0.0f;
};

// Not for use by two threads at once. Same bits at any thread count: images are computed in blocks
// of a vector's width, and sums over blocks run in their order.
class LanePlan {
 public:
  // Throws std::invalid_argument when the steps do not fit each other or the input.
  LanePlan(int64_t c, int64_t h, int64_t w, const std::vector<LaneStep>& steps,
           PlanOptions options = {});
  ~LanePlan();

  int64_t channels() const;
  int64_t input_size() const;
  int64_t outputs() const;
  const Loss& loss() const;
  // Floats that the arenas must hold.
  int64_t parameters() const;
  int64_t buffers() const;
  // Of the working memory, which grows with the largest batch so far.
  size_t bytes() const;
  // Numbers in the seconds of a timed step.
  int64_t times() const;

  // Forward, loss and backward. Overwrites the gradient of every parameter.
  // labels[indices[i]] < outputs() for all i.
  LossSum train_step(const ByteBatch& batch, const float* parameters, float* gradients,
                     const StepContext& context);
  // The same, but updates the parameters in place of keeping the gradients, to the bits that
  // update_segments gives.
  LossSum train_step(const ByteBatch& batch, const Update& update, float* parameters,
                     const StepContext& context);
  // Forward and loss; predictions[count] receives the index of the first maximum of each image.
  LossSum evaluate(const ByteBatch& batch, const float* parameters, const float* buffers,
                   int32_t* predictions);
  // scores[count, outputs] of x[count, c, h, w]. A few images are computed one by one
  // (few_images.h): the same image in a larger batch differs in the last bits.
  void predict(const float* x, int64_t count, const float* parameters, const float* buffers,
               float* scores);

 private:
  friend class LayerStep;
  friend struct LanePlanProbe;  // of the tests, which break a plan's memory
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace rownet
