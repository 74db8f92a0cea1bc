// tables.cpp: what this build knows, for the lists of TypeScript. Chooses no level.
#include "bindings/runtime.h"
#include "kernel_table.h"
#include "lanes/lane_kernels.h"

namespace rownet::bindings {

namespace {

Napi::Array strings(Napi::Env env, const char* const* names) {
  const Napi::Array list = Napi::Array::New(env);
  for (uint32_t i = 0; names[i] != nullptr; ++i) list.Set(i, names[i]);
  return list;
}

Napi::Array levels(Napi::Env env) {
  Napi::Array result = Napi::Array::New(env);
  for (const IsaLevelInfo& info : isa_levels()) {
    Napi::Array flags = Napi::Array::New(env);
    for (const CpuFeature& feature : info.needs) flags.Set(flags.Length(), feature.name);
    const KernelTable* table = kernel_table(info.level);
    Napi::Object level = Napi::Object::New(env);
    level.Set("name", info.name);
    level.Set("cpuFlags", flags);
    level.Set("vectorWidth", table == nullptr ? 0 : table->vector_width);
    result.Set(result.Length(), level);
  }
  return result;
}

Napi::Array updates(Napi::Env env) {
  const KernelTable& table = *kernel_table(IsaLevel::portable);
  Napi::Array result = Napi::Array::New(env);
  for (uint32_t i = 0; i < table.update_count; ++i) {
    const UpdateRule& rule = table.updates[i];
    Napi::Object row = Napi::Object::New(env);
    row.Set("name", rule.name);
    row.Set("slots", strings(env, rule.slots));
    row.Set("needed", rule.needed);
    row.Set("numbers", strings(env, rule.numbers));
    result.Set(i, row);
  }
  return result;
}

Napi::Array activations(Napi::Env env) {
  const KernelTable& table = *kernel_table(IsaLevel::portable);
  Napi::Array result = Napi::Array::New(env);
  for (uint32_t i = 0; i < table.activation_count; ++i) {
    const ActivationRow& activation = table.activations[i];
    Napi::Object row = Napi::Object::New(env);
    row.Set("name", activation.name);
    if (activation.number != nullptr) row.Set("number", activation.number);
    row.Set("monotonic", Napi::Boolean::New(env, activation.monotonic));
    row.Set("fromOutput", Napi::Boolean::New(env, activation.from_output));
    row.Set("inRegisters", Napi::Boolean::New(env, activation.in_registers));
    result.Set(i, row);
  }
  return result;
}

// The names of a list that ends with nullptr.
template <typename Row>
Napi::Array names_of(Napi::Env env, const Row* const* rows) {
  Napi::Array result = Napi::Array::New(env);
  for (uint32_t i = 0; rows[i] != nullptr; ++i) result.Set(i, rows[i]->name);
  return result;
}

}  // namespace

Napi::Value tables(const Napi::CallbackInfo& call) {
  Napi::Object result = Napi::Object::New(call.Env());
  result.Set("levels", levels(call.Env()));
  result.Set("updates", updates(call.Env()));
  result.Set("activations", activations(call.Env()));
  const LaneKernels& lanes = *kernel_table(IsaLevel::portable)->lanes;
  result.Set("operations", names_of(call.Env(), lanes.ops));
  result.Set("losses", names_of(call.Env(), lanes.losses));
  return result;
}

}  // namespace rownet::bindings
