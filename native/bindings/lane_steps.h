// lane_steps.h: what the classes LanePlan and LayerStep of JavaScript have in common.
#pragma once

#include <napi.h>

#include "bindings/args.h"
#include "lanes/lane_step.h"

namespace rownet::bindings {

struct Extents {
  int64_t c, h, w;
};

// [channels, height, width]
Extents read_extents(const Args& args, Napi::Value input);
// { op, ...fields }: what the fields mean is for the operation to say.
LaneStep read_step(const Args& args, Napi::Value value);
// The argument of a call. Reading a field may run code of the caller, which could detach what another
// one points to: all fields are read before the first array.
Napi::Object fields_of(Args& args);
// An integer that JavaScript holds exactly.
uint64_t whole_number(const Args& args, Napi::Value value, const char* name);

// Tells V8 how much memory an object holds now. To V8 a plan is a small object: without this, a
// program that makes one after another grows by gigabytes before they are collected.
class ReportedMemory {
 public:
  void report(Napi::Env env, size_t bytes);

 private:
  size_t bytes_ = 0;
};

}  // namespace rownet::bindings
