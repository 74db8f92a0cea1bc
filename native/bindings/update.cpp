#include "bindings/update.h"

#include <cmath>
#include <string>

namespace rownet::bindings {

namespace {

// A list of as many values as there are names.
Napi::Array list_of(const Args& args, Napi::Value value, const char* name,
                    const char* const* names) {
  const auto count = static_cast<uint32_t>(count_names(names));
  if (!value.IsArray() || value.As<Napi::Array>().Length() != count) {
    args.fail_type(name, ("a list of " + std::to_string(count)).c_str());
  }
  return value.As<Napi::Array>();
}

std::vector<UpdateSegment> read_segments(const Args& args, Span<double> numbers, size_t params) {
  if (numbers.size % 5 != 0) args.fail_range("expected segments of five numbers each");
  std::vector<UpdateSegment> segments;
  // In order and apart, so that no float is updated twice.
  double end = 0.0;
  for (size_t i = 0; i < numbers.size; i += 5) {
    const double* n = numbers.data + i;
    // Written so that NaN fails.
    const bool fits = n[0] >= end && n[1] >= 0.0 && n[0] + n[1] <= static_cast<double>(params) &&
                      n[0] == std::floor(n[0]) && n[1] == std::floor(n[1]);
    if (!fits) args.fail_range("expected segments inside params, in order, without overlap");
    end = n[0] + n[1];
    segments.push_back({static_cast<int64_t>(n[0]), static_cast<int64_t>(n[1]),
                        static_cast<float>(n[2]), static_cast<float>(n[3]),
                        static_cast<float>(n[4])});
  }
  return segments;
}

}  // namespace

UpdateFields read_update(const Args& args, Napi::Value value) {
  if (!value.IsObject()) {
    args.fail_type("update", "an object { rule, params, grads, state, segments, numbers }");
  }
  const Napi::Object object = value.As<Napi::Object>();
  const std::string rule = args.text(object.Get("rule"), "rule");
  UpdateFields fields{};
  fields.rule = find_update_rule(rule.c_str());
  if (fields.rule == nullptr)
    args.fail_range("expected a rule of tables().updates but received " + rule);
  fields.params = object.Get("params");
  fields.grads = object.Get("grads");
  fields.segments = object.Get("segments");
  const Napi::Array state = list_of(args, object.Get("state"), "state", fields.rule->slots);
  for (uint32_t i = 0; fields.rule->slots[i] != nullptr; ++i) fields.state.push_back(state.Get(i));
  const Napi::Array numbers = list_of(args, object.Get("numbers"), "numbers", fields.rule->numbers);
  for (uint32_t i = 0; fields.rule->numbers[i] != nullptr; ++i)
    fields.step.numbers[i] = args.number(numbers.Get(i), fields.rule->numbers[i]);
  return fields;
}

UpdateArguments take_update(const Args& args, const UpdateFields& fields) {
  UpdateArguments taken{};
  const UpdateRule& rule = *fields.rule;
  taken.update.rule = &rule;
  taken.update.step = fields.step;
  taken.params = args.array<float>(fields.params, "params");
  const size_t size = taken.params.size;
  taken.grads = args.array<float>(fields.grads, "grads", size);
  taken.segments = read_segments(args, args.array<double>(fields.segments, "segments"), size);
  taken.update.segments = taken.segments.data();
  taken.update.segment_count = static_cast<int64_t>(taken.segments.size());
  args.disjoint("params", taken.params, {taken.grads});
  for (size_t slot = 0; slot < fields.state.size(); ++slot) {
    const char* const name = rule.slots[slot];
    const bool optional = slot >= static_cast<size_t>(rule.needed);
    const auto state = args.array<float>(fields.state[slot], name, size, optional);
    args.disjoint(name, state, {taken.params, taken.grads});
    for (const Span<float>& other : taken.state) args.disjoint(name, state, {other});
    taken.update.state[slot] = state.data;
    taken.state.push_back(state);
  }
  return taken;
}

Napi::Value update_segments(const Napi::CallbackInfo& info) {
  Args args(info, "updateSegments");
  const UpdateArguments taken = take_update(args, read_update(args, args.next()));
  rownet::update_segments(taken.update, taken.grads.data, taken.params.data);
  return info.Env().Undefined();
}

}  // namespace rownet::bindings
