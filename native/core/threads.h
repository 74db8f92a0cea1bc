// threads.h: fork-join over a fixed set of threads.
#pragma once

#include <cstdint>
#include <type_traits>

namespace rownet {

constexpr int kMaxThreads = 1024;

// Threads that parallel_for uses, the caller included. At first: those of the machine.
int thread_count();

// Throws std::invalid_argument outside [1, kMaxThreads], std::system_error when a thread cannot
// start.
void set_thread_count(int count);

// As set_thread_count, unless a number was set or suggested before, or threads run already; says
// whether it counts. Starts no thread yet.
bool suggest_thread_count(int count);

// Calls body(context, begin, end, slice) on static slices of [0, count), at most `slices` of them
// and at most one a thread, and returns when all are done; 0 <= slice < slices, so a caller can set
// scratch aside for each beforehand. The body must not throw.
// A caller that finds the pool busy (another worker_thread computes) runs everything itself.
void parallel_for_raw(int64_t count, int slices, void (*body)(void*, int64_t, int64_t, int),
                      void* context);

template <typename Body>
void parallel_for(int64_t count, int slices, Body&& body) {
  parallel_for_raw(
      count, slices,
      [](void* context, int64_t begin, int64_t end, int thread) {
        (*static_cast<std::remove_reference_t<Body>*>(context))(begin, end, thread);
      },
      const_cast<void*>(static_cast<const void*>(&body)));
}

// Calls body(begin, count) on parts of [0, n) floats: below a few thousand of them a fork costs more
// than the loop.
template <typename Body>
void parallel_floats(int64_t n, const Body& body) {
  constexpr int64_t kUnit = 4096;
  parallel_for((n + kUnit - 1) / kUnit, thread_count(), [&](int64_t begin, int64_t end, int) {
    const int64_t first = begin * kUnit;
    body(first, (end * kUnit < n ? end * kUnit : n) - first);
  });
}

}  // namespace rownet
