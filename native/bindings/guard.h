// guard.h: what a call says that the system gives no memory or no threads.
#pragma once

#include <napi.h>

#include <new>
#include <stdexcept>
#include <system_error>

namespace rownet::bindings {

[[noreturn]] void throw_with_code(Napi::Error error, const char* code);
[[noreturn]] void fail_without_memory(Napi::Env env, const char* where);
[[noreturn]] void fail_without_threads(Napi::Env env, const char* where, const char* reason);

// Runs a call; `where` names it in messages.
template <typename Body>
auto guarded(Napi::Env env, const char* where, const Body& body) {
  try {
    return body();
  } catch (const std::bad_alloc&) {
    fail_without_memory(env, where);
  } catch (const std::system_error& error) {
    fail_without_threads(env, where, error.what());
  } catch (const std::invalid_argument& error) {
    // ROWNET_MAX_ISA, which the first call reads.
    throw_with_code(Napi::RangeError::New(env, error.what()), "ERR_ROWNET_RANGE");
  }
}

}  // namespace rownet::bindings
