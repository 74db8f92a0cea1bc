// step_clock.h: where the time of a training step goes.
//
// Each thread adds to seconds of its own, which are added up when all are done. An untimed step has
// none, and a lap then is one test of a pointer.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <vector>

namespace rownet {

// Places in an array of seconds: these, then forward and backward of each step.
constexpr size_t kGatherTime = 0, kLossTime = 1, kUpdateTime = 2;
constexpr size_t forward_time(size_t step) { return 3 + 2 * step; }
constexpr size_t backward_time(size_t step) { return 4 + 2 * step; }
constexpr size_t time_count(size_t steps) { return 3 + 2 * steps; }

class StepClock {
 public:
  // seconds: nullptr in a step that is not timed.
  explicit StepClock(double* seconds) : seconds_(seconds) {
    if (seconds_ != nullptr) last_ = Clock::now();
  }

  // Adds the time since the last lap.
  void lap(size_t place) {
    if (seconds_ == nullptr) return;
    const Clock::time_point now = Clock::now();
    seconds_[place] += std::chrono::duration<double>(now - last_).count();
    last_ = now;
  }

 private:
  using Clock = std::chrono::steady_clock;
  double* seconds_;
  Clock::time_point last_;
};

// The seconds of all threads.
class StepTimes {
 public:
  StepTimes(int64_t threads, size_t count)
      : count_(count), stride_(count + kApart), seconds_(stride_ * static_cast<size_t>(threads)) {}

  double* of(int thread) { return seconds_.data() + stride_ * static_cast<size_t>(thread); }

  void add_to(double* totals) const {
    for (size_t first = 0; first < seconds_.size(); first += stride_) {
      for (size_t i = 0; i < count_; ++i) totals[i] += seconds_[first + i];
    }
  }

 private:
  static constexpr size_t kApart = 16;  // two cache lines
  size_t count_, stride_;
  std::vector<double> seconds_;
};

}  // namespace rownet
