// addon.cpp: what JavaScript sees; typed in lib/native.ts.
#include <napi.h>

#include "bindings/args.h"
#include "bindings/guard.h"
#include "bindings/lane_plan.h"
#include "bindings/layer_step.h"
#include "bindings/operations.h"
#include "bindings/runtime.h"
#include "bindings/update.h"

namespace rownet::bindings {

namespace {

struct Export {
  const char* name;
  Napi::Value (*function)(const Napi::CallbackInfo&);
};

// Beside the operations of the core.
constexpr Export kExports[] = {
    {"info", info},
    {"tables", tables},
    {"fmaBurst", fma_burst},
    {"setThreads", set_threads},
    {"updateSegments", update_segments},
};

// Calls the function whose Export comes as data.
Napi::Value call(const Napi::CallbackInfo& info) {
  const auto* entry = static_cast<const Export*>(info.Data());
  return guarded(info.Env(), entry->name, [&] { return entry->function(info); });
}

Napi::Object init(Napi::Env env, Napi::Object exports) {
  env.SetInstanceData(new Intrinsics(env));
  for (const Export& entry : kExports) {
    exports.Set(entry.name,
                Napi::Function::New(env, call, entry.name, const_cast<Export*>(&entry)));
  }
  define_operations(env, exports);
  exports.Set("LanePlan", LanePlanObject::define(env));
  exports.Set("LayerStep", LayerStepObject::define(env));
  return exports;
}

}  // namespace

}  // namespace rownet::bindings

using rownet::bindings::init;
NODE_API_MODULE(rownet, init)
