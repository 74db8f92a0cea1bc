// plan.h: a net as a list of fused steps, and its execution in the lanes layout.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <vector>

#include "rows/softmax_cross_entropy.h"
#include "updates/update_rule.h"

namespace rownet {

// One step of a net. Offsets count floats from the start of the parameter (and gradient) arena.
struct LaneStep {
  enum class Kind { kConv, kPool, kRelu, kLinear };
  Kind kind;
  // Convolution: channels, kernel, stride, padding; pooling: kernel, stride.
  int64_t out_channels, kh, kw, stride_h, stride_w, pad_h, pad_w;
  // Linear.
  int64_t in_features, out_features;
  // Fused behind a convolution (ReLU, 2x2 max-pooling of stride 2) or a linear layer (ReLU).
  bool relu, pool;
  int64_t weight, bias;
};

// Images as bytes, and which of them a batch takes.
struct ByteBatch {
  const uint8_t* images;  // [.., c, h, w]
  const uint8_t* labels;
  const uint32_t* indices;
  int64_t count;
  float scale, shift;  // pixel * scale + shift
};

// Not for use by two threads at once. Same bits at any thread count: images are computed in blocks
// of a vector's width, and sums over blocks run in their order.
class LanePlan {
 public:
  // Throws std::invalid_argument when the steps do not fit each other or the input.
  // winograd: whether convolutions may be computed by Winograd's algorithm where that is faster;
  // their rounding errors are then about four times those of plain sums.
  LanePlan(int64_t c, int64_t h, int64_t w, std::vector<LaneStep> steps, bool winograd = true);
  ~LanePlan();

  int64_t input_size() const;
  int64_t classes() const;
  // Floats that the arena must hold.
  int64_t parameters() const;
  // Of the working memory, which grows with the largest batch so far.
  size_t bytes() const;
  // Numbers in the seconds of a timed step.
  int64_t times() const;

  // Forward, loss and backward. Overwrites the gradient of every parameter with grad_scale times
  // that of the summed loss. labels[indices[i]] < classes() for all i.
  // seconds, unless nullptr, receives the times() of step_clock.h, each added up over the threads.
  // A step's times include packing its weights, its backward also its part of the second fork: the
  // weight gradient of a linear step, the sums over blocks of a convolution.
  LossSum train_step(const ByteBatch& batch, const float* parameters, float grad_scale,
                     float* gradients, double* seconds = nullptr);
  // The same, but updates the parameters in place of keeping the gradients, to the bits that
  // update_segments gives.
  LossSum train_step(const ByteBatch& batch, float* parameters, float grad_scale,
                     const Update& update, double* seconds = nullptr);
  // Forward and loss; predictions[count] receives the index of the first maximum of each image.
  LossSum evaluate(const ByteBatch& batch, const float* parameters, int32_t* predictions);
  // logits[count, classes] of x[count, c, h, w]. A few images are computed one by one
  // (few_images.h): the same image in a larger batch differs in the last bits.
  void predict(const float* x, int64_t count, const float* parameters, float* logits);

 private:
  LossSum step(const ByteBatch& batch, const float* parameters, float grad_scale,
               const Update* update, float* written, double* seconds);

  friend struct LanePlanProbe;  // of the tests, which break a plan's memory
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace rownet
