// updates.h: the addon's updates, taken as the reference takes them.
#pragma once

#include <vector>

#include "reference/training.h"
#include "updates/update_rule.h"

namespace rownet::test {

// SGD on some segments; velocity may be nullptr. `step` holds floats; its weight decay and the
// gradient's factor are not used.
inline Update sgd(const reference::SgdStep& step, const std::vector<UpdateSegment>& segments,
                  float* velocity) {
  return {find_update_rule("sgd"),
          {0.0f,
           0.0f,
           {static_cast<float>(step.lr), static_cast<float>(step.momentum),
            step.nesterov ? 1.0f : 0.0f}},
          segments.data(),
          static_cast<int64_t>(segments.size()),
          {velocity}};
}

// SGD on one array.
inline void sgd_update(int64_t n, const reference::SgdStep& step, const float* grad,
                       float* velocity, float* param) {
  const std::vector<UpdateSegment> all = {
      {0, n, static_cast<float>(step.weight_decay), static_cast<float>(step.grad_scale)}};
  update_segments(sgd(step, all, velocity), grad, param);
}

}  // namespace rownet::test
