// few_images.h: a plan's logits for so few images that most lanes of a block would be empty.
//
// The kernels of the rows engine, one image at a time on one thread: an image of LeNet-5 takes 12
// us, a block of 16 takes 64 us however many of them are wanted.
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

#include "lanes/lane_tensor.h"

namespace rownet {

struct LaneStep;

class FewImages {
 public:
  // Of steps that fit each other and the input.
  FewImages(const LaneTensor& input, const std::vector<LaneStep>& steps);
  ~FewImages();

  size_t bytes() const;
  // Beyond this many images blocks are faster.
  int64_t limit() const { return limit_; }
  void predict(const float* x, int64_t count, const float* parameters, float* logits);

 private:
  struct Stage;
  int64_t limit_;
  int64_t inputs_, outputs_;
  int64_t largest_, most_pooled_;  // floats of a tensor; windows of a pooled plane
  std::vector<Stage> stages_;
  std::vector<float> memory_[2];
  std::vector<uint16_t> argmax_;
};

}  // namespace rownet
