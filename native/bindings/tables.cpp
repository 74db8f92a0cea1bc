// tables.cpp: what this build knows, for the lists of TypeScript. Chooses no level.
#include "bindings/exports.h"
#include "kernel_table.h"

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
    row.Set("numbers", strings(env, rule.numbers));
    result.Set(i, row);
  }
  return result;
}

}  // namespace

Napi::Value tables(const Napi::CallbackInfo& call) {
  Napi::Object result = Napi::Object::New(call.Env());
  result.Set("levels", levels(call.Env()));
  result.Set("updates", updates(call.Env()));
  return result;
}

}  // namespace rownet::bindings
