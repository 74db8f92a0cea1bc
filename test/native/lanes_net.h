// lanes_net.h: nets for the lanes tests, and the same nets as layers of the double reference.
#pragma once

#include <string>
#include <vector>

#include "compare.h"
#include "lanes/plan.h"
#include "random.h"

namespace rownet::test {

struct LaneNet {
  int64_t c, h, w;
  std::vector<LaneStep> steps;
  int64_t classes;
  // Of the arena; between the parts of two steps lie a few floats that belong to none.
  int64_t arena;
  std::vector<bool> used;

  int64_t input_size() const { return c * h * w; }
  std::string text() const;
};

LaneNet lenet5();
// Up to three convolutions with fused and separate ReLU and pooling, then one or two linear layers.
LaneNet random_net(Random& random);

// Parameters from {-1, 0, 1}, those of the last step 64 times smaller: forward is exact in float on
// small integer inputs, ties among them, and the logits stay where softmax is not just 0 and 1.
// What no step uses is NaN.
Floats lane_parameters(const LaneNet& net, Random& random);

struct LaneResult {
  Doubles logits, gradient;
  // Of the gradient: the sum of the magnitudes of its terms.
  Doubles sums;
  double loss;
  int64_t correct;
  std::vector<int32_t> predictions;
};

// Forward, loss and backward of x[count, c, h, w].
LaneResult reference_step(const LaneNet& net, const Floats& parameters, const Doubles& x,
                          const std::vector<int32_t>& labels, double grad_scale);

}  // namespace rownet::test
