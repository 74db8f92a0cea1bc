// layer_step.h: the class LayerStep that JavaScript sees; typed in lib/native.ts.
#pragma once

#include <napi.h>

#include <memory>

#include "bindings/args.h"
#include "bindings/lane_steps.h"
#include "lanes/layer_step.h"

namespace rownet::bindings {

class LayerStepObject : public Napi::ObjectWrap<LayerStepObject> {
 public:
  static Napi::Function define(Napi::Env env);
  // new LayerStep([channels, height, width], step): the step { op, ...its fields }.
  explicit LayerStepObject(const Napi::CallbackInfo& info);

 private:
  Napi::Value forward(const Napi::CallbackInfo& info);
  Napi::Value backward(const Napi::CallbackInfo& info);

  void Finalize(Napi::Env env) override;

  std::unique_ptr<LayerStep> step_;
  ReportedMemory memory_;
};

}  // namespace rownet::bindings
