// update_rule.h: how parameters follow their gradients: SGD, Adam and their like. A rule is a header
// here and a row in updates.inc; level.cpp compiles it once a level.
#pragma once

#include <cstdint>

namespace rownet {

// Of a rule; level.cpp checks it.
constexpr int kMostSlots = 4, kMostNumbers = 8;

// What an update takes of one parameter: weight decay and the gradient's factor, and what is the
// same for all.
struct UpdateStep {
  float weight_decay, grad_scale;
  float numbers[kMostNumbers];  // in the order of the rule's names; the learning rate first
};

struct UpdateRule {
  const char* name;
  // Arrays that the rule keeps from step to step, as long as the parameters, and numbers of a step:
  // nullptr behind the last name.
  const char* const* slots;
  const char* const* numbers;
  // How many of its arrays, the first ones, it does not work without; others may be nullptr.
  int needed;
  void (*apply)(int64_t n, const UpdateStep& step, const float* grad, float* const* state,
                float* param);
};

// In a list that ends with nullptr.
static constexpr int count_names(const char* const* names) {
  int count = 0;
  while (names[count] != nullptr) ++count;
  return count;
}

// The rule at the level in use; nullptr for a name that is none.
const UpdateRule* find_update_rule(const char* name);

// Floats [offset, offset + count) of an arena, with what differs from one parameter to the next.
struct UpdateSegment {
  int64_t offset, count;
  float weight_decay, grad_scale;
  float rate = 1.0f;  // factor of the learning rate
};

// An update of an arena of parameters.
struct Update {
  const UpdateRule* rule;
  UpdateStep step;                // its weight_decay and grad_scale are the segments'
  const UpdateSegment* segments;  // in the order of their offsets, apart
  int64_t segment_count;
  float* state[kMostSlots];  // a slot each, at the places of the parameters; nullptr: not used
};

// What of the segments lies in [begin, end) of the arena, on the calling thread; grads are those of
// [begin, end) alone.
void update_range(const Update& update, int64_t begin, int64_t end, const float* grads,
                  float* params);

// All segments, over threads.
void update_segments(const Update& update, const float* grads, float* params);

}  // namespace rownet
