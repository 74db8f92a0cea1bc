// addon.cpp: what JavaScript sees; typed in lib/native.ts.
#include <napi.h>

#include "bindings/args.h"
#include "bindings/exports.h"
#include "bindings/guard.h"
#include "bindings/lane_plan.h"

namespace {

using Function = Napi::Value (*)(const Napi::CallbackInfo&);

struct Export {
  const char* name;
  Function function;
};

constexpr Export kExports[] = {
    {"info", rownet::bindings::info},
    {"tables", rownet::bindings::tables},
    {"setThreads", rownet::bindings::set_threads},
    {"fmaBurst", rownet::bindings::fma_burst},
    {"im2row", rownet::bindings::im2row},
    {"row2im", rownet::bindings::row2im},
    {"pool2row", rownet::bindings::pool2row},
    {"row2pool", rownet::bindings::row2pool},
    {"sgemm", rownet::bindings::sgemm},
    {"conv2dForward", rownet::bindings::conv2d_forward},
    {"conv2dBackward", rownet::bindings::conv2d_backward},
    {"maxPool2dForward", rownet::bindings::max_pool2d_forward},
    {"maxPool2dBackward", rownet::bindings::max_pool2d_backward},
    {"reluForward", rownet::bindings::relu_forward},
    {"reluBackward", rownet::bindings::relu_backward},
    {"linearForward", rownet::bindings::linear_forward},
    {"linearBackward", rownet::bindings::linear_backward},
    {"softmaxCrossEntropy", rownet::bindings::softmax_cross_entropy},
    {"updateSegments", rownet::bindings::update_segments},
    {"gatherImages", rownet::bindings::gather_images},
};

// Calls the function whose Export comes as data.
Napi::Value call(const Napi::CallbackInfo& info) {
  const auto* entry = static_cast<const Export*>(info.Data());
  return rownet::bindings::guarded(info.Env(), entry->name, [&] { return entry->function(info); });
}

Napi::Object init(Napi::Env env, Napi::Object exports) {
  env.SetInstanceData(new rownet::bindings::Intrinsics(env));
  for (const Export& entry : kExports) {
    exports.Set(entry.name,
                Napi::Function::New(env, call, entry.name, const_cast<Export*>(&entry)));
  }
  exports.Set("LanePlan", rownet::bindings::LanePlanObject::define(env));
  return exports;
}

}  // namespace

NODE_API_MODULE(rownet, init)
