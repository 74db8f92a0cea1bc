// update.h: an update of parameters, as JavaScript describes it (ParameterUpdate in
// lib/kernels/updates.ts).
#pragma once

#include <vector>

#include "bindings/args.h"
#include "updates/update_rule.h"

namespace rownet::bindings {

// The fields of { rule, params, grads, state, segments, numbers }.
struct UpdateFields {
  const UpdateRule* rule;
  UpdateStep step;
  Napi::Value params, grads, segments;
  std::vector<Napi::Value> state;  // as many as the rule has slots
};

struct UpdateArguments {
  Span<float> params, grads;
  std::vector<Span<float>> state;  // a slot each, without memory where it is not used
  std::vector<UpdateSegment> segments;
  Update update;  // points to the above
};

// Reading an object may run code of the caller, which could detach what another argument points to:
// read_update comes before all arrays of a call, take_update among them.
UpdateFields read_update(const Args& args, Napi::Value value);
// Checks the arrays against each other, too.
UpdateArguments take_update(const Args& args, const UpdateFields& fields);

// The function of JavaScript.
Napi::Value update_segments(const Napi::CallbackInfo& info);

}  // namespace rownet::bindings
