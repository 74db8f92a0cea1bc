// lane_plan.h: the class LanePlan that JavaScript sees; typed in lib/native.ts.
#pragma once

#include <napi.h>

#include <memory>

#include "bindings/args.h"
#include "bindings/lane_steps.h"
#include "lanes/plan.h"

namespace rownet::bindings {

class LanePlanObject : public Napi::ObjectWrap<LanePlanObject> {
 public:
  static Napi::Function define(Napi::Env env);
  // new LanePlan([channels, height, width], steps, loss, labelSmoothing?): each step { op, ...its fields }.
  explicit LanePlanObject(const Napi::CallbackInfo& info);

 private:
  Napi::Value train_step(const Napi::CallbackInfo& info);
  Napi::Value evaluate(const Napi::CallbackInfo& info);
  Napi::Value predict(const Napi::CallbackInfo& info);

  void Finalize(Napi::Env env) override;

  std::unique_ptr<LanePlan> plan_;
  ReportedMemory memory_;
};

}  // namespace rownet::bindings
