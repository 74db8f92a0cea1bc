// operations.h: the operations of the core as functions of JavaScript.
#pragma once

#include <napi.h>

#include "core/operations.h"

namespace rownet::bindings {

// Adds each under its name.
void define_operations(Napi::Env env, Napi::Object exports);

// { loss, correct }
Napi::Value loss_object(Napi::Env env, const LossSum& sum);

}  // namespace rownet::bindings
