// lane_plan.h: the class LanePlan that JavaScript sees; typed in lib/native.ts.
#pragma once

#include <napi.h>

#include <memory>

#include "bindings/args.h"
#include "lanes/plan.h"

namespace rownet::bindings {

class LanePlanObject : public Napi::ObjectWrap<LanePlanObject> {
 public:
  static Napi::Function define(Napi::Env env);
  // new LanePlan([channels, height, width], steps, loss): each step { op, ...its fields }.
  explicit LanePlanObject(const Napi::CallbackInfo& info);

 private:
  Napi::Value train_step(const Napi::CallbackInfo& info);
  Napi::Value evaluate(const Napi::CallbackInfo& info);
  Napi::Value predict(const Napi::CallbackInfo& info);

  void Finalize(Napi::Env env) override;
  // Tells V8 how much memory the plan holds now. To V8 a plan is a small object: without this, a
  // program that makes one after another grows by gigabytes before they are collected.
  void report_memory(Napi::Env env);

  std::unique_ptr<LanePlan> plan_;
  size_t reported_ = 0;
};

}  // namespace rownet::bindings
