// loss.h: a loss as rows and lanes ask for it: its value, and the gradient of the scores.
//
// A row of losses.inc names a header that defines one, compiled once a level.
#pragma once

#include <stdint.h>

namespace rownet {

struct LossSum {
  double loss;
  // Images whose first largest score is that of their label. Without labels, of values: those that the
  // loss itself counts as right, if any.
  int64_t correct;
};

// Of a batch: `labels`, a class each, or `values`, as many numbers each as there are scores; image i
// has those at indices[i]. Beside values, labels may be nullptr, and only count.
struct LossTargets {
  const uint8_t* labels;
  const float* values;
  const uint32_t* indices;
  // Of a loss of labels: the share of the target that all classes have alike, from 0 to 1.
  float label_smoothing = 0.0f;
};

struct Loss {
  const char* name;
  bool of_labels;
  // One block: scores[outputs][lane], of which `count` lanes hold an image. dscores, unless nullptr,
  // receives grad_scale times the gradient of the summed loss, 0 in lanes without an image;
  // predictions, unless nullptr, the place of the first largest score of each image.
  LossSum (*block)(int64_t outputs, int64_t count, const float* scores, const LossTargets& targets,
                   float grad_scale, float* dscores, int32_t* predictions);
};

}  // namespace rownet
