// update.cpp: an update over the segments of an arena.
#include <algorithm>
#include <cstring>

#include "kernel_table.h"
#include "threads.h"
#include "updates/update_rule.h"

namespace rownet {

const UpdateRule* find_update_rule(const char* name) {
  const KernelTable& table = kernels();
  const UpdateRule* const end = table.updates + table.update_count;
  const UpdateRule* const rule = std::find_if(table.updates, end, [&](const UpdateRule& each) {
    return std::strcmp(each.name, name) == 0;
  });
  return rule == end ? nullptr : rule;
}

void update_range(const Update& update, int64_t begin, int64_t end, const float* grads,
                  float* params) {
  for (int64_t i = 0; i < update.segment_count; ++i) {
    const UpdateSegment& s = update.segments[i];
    const int64_t from = std::max(begin, s.offset), to = std::min(end, s.offset + s.count);
    if (from >= to) continue;
    UpdateStep step = update.step;
    step.weight_decay = s.weight_decay;
    step.grad_scale = s.grad_scale;
    step.numbers[0] *= s.rate;
    float* state[kMostSlots];
    for (int slot = 0; slot < kMostSlots; ++slot)
      state[slot] = update.state[slot] == nullptr ? nullptr : update.state[slot] + from;
    update.rule->apply(to - from, step, grads + (from - begin), state, params + from);
  }
}

void update_segments(const Update& update, const float* grads, float* params) {
  if (update.segment_count == 0) return;
  const int64_t first = update.segments[0].offset;
  const UpdateSegment& last = update.segments[update.segment_count - 1];
  parallel_floats(last.offset + last.count - first, [&](int64_t i, int64_t count) {
    update_range(update, first + i, first + i + count, grads + first + i, params);
  });
}

}  // namespace rownet
