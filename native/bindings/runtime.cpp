#include "bindings/runtime.h"

#include <chrono>
#include <cmath>
#include <vector>

#include "bindings/args.h"
#include "kernel_table.h"
#include "threads.h"

#define ROWNET_STRING(x) #x
#define ROWNET_TEXT(x) ROWNET_STRING(x)

namespace rownet::bindings {

namespace {

const char* compiler() {
#if defined(__clang__)
  return "clang " ROWNET_TEXT(__clang_major__) "." ROWNET_TEXT(__clang_minor__);
#elif defined(__GNUC__)
  return "gcc " ROWNET_TEXT(__GNUC__) "." ROWNET_TEXT(__GNUC_MINOR__);
#else
  return "unknown";
#endif
}

}  // namespace

Napi::Value info(const Napi::CallbackInfo& call) {
  const Napi::Env env = call.Env();
  const KernelTable& table = kernels();
  const std::vector<IsaLevel> available = available_isa_levels();
  Napi::Array levels = Napi::Array::New(env, available.size());
  for (size_t i = 0; i < available.size(); ++i) {
    levels.Set(static_cast<uint32_t>(i), isa_level_name(available[i]));
  }
  Napi::Object result = Napi::Object::New(env);
  result.Set("isa", table.name);
  result.Set("isaLevels", levels);
  result.Set("threads", thread_count());
  result.Set("vectorWidth", table.vector_width);
  result.Set("compiler", compiler());
  result.Set("buildType", ROWNET_BUILD_TYPE);
  return result;
}

Napi::Value set_threads(const Napi::CallbackInfo& call) {
  Args args(call, "setThreads");
  const int64_t count = args.size("count", 1);
  if (count > kMaxThreads) {
    args.fail_range("expected count to be an integer from 1 to " + std::to_string(kMaxThreads) +
                    " but received " + std::to_string(count));
  }
  const bool as_default = call.Length() > 1 && args.boolean(args.next(), "asDefault");
  if (as_default)
    return Napi::Boolean::New(call.Env(), suggest_thread_count(static_cast<int>(count)));
  set_thread_count(static_cast<int>(count));
  return Napi::Boolean::New(call.Env(), true);
}

Napi::Value fma_burst(const Napi::CallbackInfo& call) {
  Args args(call, "fmaBurst");
  const int64_t threads = args.size("threads", 1);
  const float seconds = args.number("seconds");
  if (threads > thread_count())
    args.fail_range("expected at most the " + std::to_string(thread_count()) +
                    " threads of setThreads but received " + std::to_string(threads));
  if (!(seconds > 0.0f && seconds <= 60.0f))
    args.fail_range("expected seconds in (0, 60] but received " + std::to_string(seconds));
  const KernelTable& table = kernels();
  using Clock = std::chrono::steady_clock;
  constexpr int64_t kRounds = 100000;
  const int slices = static_cast<int>(threads);
  // One slice a thread, 16 doubles apart so that they do not share a cache line.
  std::vector<double> flop(static_cast<size_t>(slices) * 16, 0.0);
  const auto start = Clock::now();
  parallel_for(threads, slices, [&](int64_t, int64_t, int slice) {
    float sink = 0.0f;
    while (std::chrono::duration<float>(Clock::now() - start).count() < seconds) {
      flop[static_cast<size_t>(slice) * 16] += table.fma_burst(kRounds, &sink);
    }
    // Read, so that the compiler keeps the loop.
    if (std::isnan(sink)) flop[static_cast<size_t>(slice) * 16] = 0.0;
  });
  const double elapsed = std::chrono::duration<double>(Clock::now() - start).count();
  double total = 0.0;
  for (double part : flop) total += part;
  return Napi::Number::New(call.Env(), total / elapsed * 1e-9);
}

}  // namespace rownet::bindings
