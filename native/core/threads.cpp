#include "threads.h"

#include <algorithm>
#include <atomic>
#include <condition_variable>
#include <memory>
#include <mutex>
#include <stdexcept>
#include <string>
#include <thread>
#include <vector>

#if defined(__x86_64__)
#include <immintrin.h>
#endif
#if defined(__linux__)
#include <sched.h>
#endif

namespace rownet {

namespace {

// A worker that spins answers in under 1 us; one that sleeps on a condition variable in 20 us, on a
// virtual machine in much more. A training step forks up to thirty times with JavaScript in
// between, so a worker waits about half a millisecond before it sleeps: at first with pauses, then
// yielding, so that on a busy machine whoever has work gets the CPU. Without the yields an epoch in
// batches of 16 took 1.4 times as long.
constexpr int kSpins = 2000;
constexpr int kYields = 1000;

inline void pause_cpu() {
#if defined(__x86_64__)
  _mm_pause();
#elif defined(__aarch64__)
  asm volatile("yield");
#endif
}

void relax(int tries) {
  if (tries < kSpins) {
    pause_cpu();
  } else {
    std::this_thread::yield();
  }
}

int machine_threads() {
#if defined(__linux__)
  // The affinity mask counts what this process may use; hardware_concurrency what the machine has.
  cpu_set_t set;
  CPU_ZERO(&set);
  if (sched_getaffinity(0, sizeof set, &set) == 0 && CPU_COUNT(&set) > 0) {
    return std::min(CPU_COUNT(&set), kMaxThreads);
  }
#endif
  return std::clamp(static_cast<int>(std::thread::hardware_concurrency()), 1, kMaxThreads);
}

struct Job {
  int64_t count = 0;
  void (*body)(void*, int64_t, int64_t, int) = nullptr;
  void* context = nullptr;
  int slices = 1;

  void run_slice(int slice) const {
    if (slice >= slices) return;
    const int64_t begin = count * slice / slices;
    const int64_t end = count * (slice + 1) / slices;
    if (begin < end) body(context, begin, end, slice);
  }
};

class Pool {
 public:
  explicit Pool(int threads) : threads_(threads) {
    try {
      for (int i = 1; i < threads; ++i) workers_.emplace_back([this, i] { work(i); });
    } catch (...) {
      stop();
      throw;
    }
  }

  ~Pool() { stop(); }

  int threads() const { return threads_; }

  void run(const Job& job) {
    job_ = job;
    pending_.store(threads_ - 1, std::memory_order_relaxed);
    {
      // Under the lock, so that a worker between its last look and its sleep cannot miss it.
      std::lock_guard<std::mutex> lock(mutex_);
      generation_.fetch_add(1, std::memory_order_release);
    }
    if (sleepers_.load(std::memory_order_acquire) > 0) wake_.notify_all();
    job.run_slice(0);
    for (int tries = 0; pending_.load(std::memory_order_acquire) != 0; tries += tries < kSpins)
      relax(tries);
  }

 private:
  void work(int slice) {
    uint64_t seen = 0;
    for (;;) {
      seen = wait_for_job(seen);
      if (stopping_.load(std::memory_order_acquire)) return;
      job_.run_slice(slice);
      pending_.fetch_sub(1, std::memory_order_release);
    }
  }

  uint64_t wait_for_job(uint64_t seen) {
    for (int tries = 0; tries < kSpins + kYields; ++tries) {
      const uint64_t now = generation_.load(std::memory_order_acquire);
      if (now != seen) return now;
      relax(tries);
    }
    std::unique_lock<std::mutex> lock(mutex_);
    sleepers_.fetch_add(1, std::memory_order_release);
    wake_.wait(lock, [&] { return generation_.load(std::memory_order_acquire) != seen; });
    sleepers_.fetch_sub(1, std::memory_order_release);
    return generation_.load(std::memory_order_acquire);
  }

  void stop() {
    {
      std::lock_guard<std::mutex> lock(mutex_);
      stopping_.store(true, std::memory_order_release);
      generation_.fetch_add(1, std::memory_order_release);
    }
    wake_.notify_all();
    for (std::thread& worker : workers_) worker.join();
    workers_.clear();
  }

  const int threads_;
  Job job_;
  std::atomic<uint64_t> generation_{0};
  std::atomic<int> pending_{0};
  std::atomic<int> sleepers_{0};
  std::atomic<bool> stopping_{false};
  std::mutex mutex_;
  std::condition_variable wake_;
  std::vector<std::thread> workers_;
};

// Never destroyed: a joinable thread in a static destructor would abort the process at its end, and
// a worker_thread that loaded the addon may end while others compute. The addon is linked with
// -z nodelete, so the code outlives every environment.
struct Shared {
  std::mutex mutex;
  std::unique_ptr<Pool> pool;
  std::atomic<int> threads{machine_threads()};
  // Whether somebody has said how many, under the mutex.
  bool chosen = false;
};

Shared& shared() {
  static Shared* instance = new Shared;
  return *instance;
}

void check_thread_count(int count) {
  if (count >= 1 && count <= kMaxThreads) return;
  throw std::invalid_argument("threads: expected 1 to " + std::to_string(kMaxThreads) +
                              " but received " + std::to_string(count));
}

}  // namespace

bool suggest_thread_count(int count) {
  check_thread_count(count);
  Shared& state = shared();
  std::lock_guard<std::mutex> lock(state.mutex);
  if (state.chosen || state.pool != nullptr) return false;
  state.chosen = true;
  state.threads.store(count, std::memory_order_release);
  return true;
}

int thread_count() { return shared().threads.load(std::memory_order_acquire); }

void set_thread_count(int count) {
  check_thread_count(count);
  Shared& state = shared();
  std::lock_guard<std::mutex> lock(state.mutex);
  if (state.pool == nullptr || state.pool->threads() != count) {
    state.pool.reset();
    state.pool = std::make_unique<Pool>(count);
  }
  state.chosen = true;
  state.threads.store(count, std::memory_order_release);
}

void parallel_for_raw(int64_t count, int slices, void (*body)(void*, int64_t, int64_t, int),
                      void* context) {
  if (count <= 0) return;
  Shared& state = shared();
  std::unique_lock<std::mutex> lock(state.mutex, std::try_to_lock);
  if (!lock.owns_lock()) {
    body(context, 0, count, 0);
    return;
  }
  const int threads = state.threads.load(std::memory_order_relaxed);
  if (threads == 1 || slices == 1 || count == 1) {
    body(context, 0, count, 0);
    return;
  }
  if (state.pool == nullptr) state.pool = std::make_unique<Pool>(threads);
  state.pool->run(Job{count, body, context, std::min(slices, threads)});
}

}  // namespace rownet
