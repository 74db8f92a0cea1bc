// runtime.h: what runs, on how many threads, how fast the machine multiplies and adds (runtime.cpp),
// and what this build knows by name (tables.cpp).
#pragma once

#include <napi.h>

namespace rownet::bindings {

Napi::Value info(const Napi::CallbackInfo& info);
Napi::Value set_threads(const Napi::CallbackInfo& info);
Napi::Value fma_burst(const Napi::CallbackInfo& info);
Napi::Value tables(const Napi::CallbackInfo& info);

}  // namespace rownet::bindings
