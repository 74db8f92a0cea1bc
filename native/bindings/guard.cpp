#include "bindings/guard.h"

#include <string>

namespace rownet::bindings {

void throw_with_code(Napi::Error error, const char* code) {
  error.Value().Set("code", Napi::String::New(error.Env(), code));
  throw error;
}

void fail_without_memory(Napi::Env env, const char* where) {
  throw_with_code(
      Napi::RangeError::New(env, std::string(where) +
                                     ": expected memory to work in but the system gives no more. "
                                     "Hint: fewer images at a time, or fewer threads"),
      "ERR_ROWNET_RESOURCE");
}

void fail_without_threads(Napi::Env env, const char* where, const char* reason) {
  throw_with_code(
      Napi::RangeError::New(env, std::string(where) +
                                     ": expected threads but the system gives no more (" + reason +
                                     "). Hint: fewer of them, such as setThreads(2)"),
      "ERR_ROWNET_RESOURCE");
}

}  // namespace rownet::bindings
