// few_images.h: a plan's scores for so few images that most lanes of a block would be empty.
//
// By the kernels of the rows engine, one image at a time on one thread: an image of LeNet-5 takes 12
// us, a block of 16 takes 64 us however many of them are wanted.
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

#include "lanes/lane_op.h"

namespace rownet {

class FewImages {
 public:
  FewImages(const LaneTensor& input, const std::vector<Planned>& steps);

  size_t bytes() const;
  // Beyond this many images blocks are faster.
  int64_t limit() const { return limit_; }
  void predict(const std::vector<Planned>& steps, const float* x, int64_t count,
               const float* parameters, const float* buffers, float* scores);

 private:
  int64_t limit_, inputs_, outputs_;
  size_t most_ = 0, most_intermediate_ = 0, most_positions_ = 0;
  // Whether each step reads the one before, so that outputs take two places in turn.
  bool in_a_row_ = true;
  std::vector<std::vector<float>> memory_;
  std::vector<float> intermediate_;
  std::vector<uint16_t> positions_;
};

}  // namespace rownet
