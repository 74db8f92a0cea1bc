#include "lanes/plan_memory.h"

#include <algorithm>
#include <cstring>
#include <limits>
#include <new>
#include <stdexcept>
#include <string>

#include "scratch.h"

namespace rownet {

namespace {

size_t size(int64_t n) { return static_cast<size_t>(n); }

size_t floats_in(const Zeros& z) {
  return size(z.planes * (z.h + 2 * z.above) * (z.left + z.live + z.right));
}

// A NaN that no computation gives; compared by its bits.
constexpr uint32_t kGuardBits = 0x7fe5a5a5u;

bool is_guard(const float* at) {
  uint32_t bits;
  std::memcpy(&bits, at, sizeof bits);
  return bits == kGuardBits;
}

void put_guards(float* begin, float* end) {
  for (; begin != end; ++begin) std::memcpy(begin, &kGuardBits, sizeof kGuardBits);
}

// Calls body(begin, end, live) for the runs of a part's floats, in their order.
template <typename Body>
void for_runs(const Zeros& z, float* at, const Body& body) {
  const int64_t line = z.left + z.live + z.right;
  const auto run = [&](int64_t floats, bool live) {
    body(at, at + floats, live);
    at += floats;
  };
  for (int64_t plane = 0; plane < z.planes; ++plane) {
    run(z.above * line, false);
    for (int64_t y = 0; y < z.h; ++y) {
      run(z.left, false);
      run(z.live, true);
      run(z.right, false);
    }
    run(z.above * line, false);
  }
}

void fill_live(const Zeros& zeros, float* at) {
  for_runs(zeros, at, [](float* begin, float* end, bool live) {
    if (live) std::fill(begin, end, std::numeric_limits<float>::quiet_NaN());
  });
}

std::string text(const PartName& name) {
  return std::string("the ") + name.what +
         (name.step == kNoStep ? "" : " of step " + std::to_string(name.step));
}

}  // namespace

size_t PlanMemory::take(size_t floats, PartName part) {
  return take({1, 1, static_cast<int64_t>(floats), 0, 0, 0}, part);
}

size_t PlanMemory::take(const Zeros& zeros, PartName part) {
  const size_t begin = floats_, floats = floats_in(zeros);
  floats_ += cache_lines(floats + kGuardFloats);
  if constexpr (kGuards) parts_.push_back({part, begin, floats, zeros});
  return begin;
}

// Of a part with the guards behind it.
size_t PlanMemory::end_of(size_t part) const {
  return part + 1 < parts_.size() ? parts_[part + 1].begin : floats_;
}

void PlanMemory::reserve(int64_t copies) {
  const size_t floats = floats_of({static_cast<int64_t>(floats_), copies});
  if (floats <= taken_) return;
  void* data = std::aligned_alloc(64, floats * sizeof(float));
  if (data == nullptr) throw std::bad_alloc();
  std::free(data_);
  data_ = static_cast<float*>(data);
  std::fill_n(data_, floats, 0.0f);
  taken_ = floats;
  if constexpr (kGuards) {
    for (int64_t index = 0; index < copies; ++index) {
      for (size_t i = 0; i < parts_.size(); ++i) {
        put_guards(copy(index) + parts_[i].begin + parts_[i].floats, copy(index) + end_of(i));
      }
    }
  }
}

void PlanMemory::spoil(int64_t copies) {
  if constexpr (kGuards) {
    for (int64_t index = 0; index < copies; ++index) {
      for (const Part& part : parts_) fill_live(part.zeros, copy(index) + part.begin);
    }
  }
}

void PlanMemory::spoil(float* memory, size_t place) {
  if constexpr (kGuards) {
    for (const Part& part : parts_) {
      if (part.begin == place) fill_live(part.zeros, memory + place);
    }
  }
}

void PlanMemory::check() const {
  if constexpr (kGuards) {
    if (floats_ == 0) return;
    const int64_t copies = static_cast<int64_t>(taken_ / floats_);
    for (int64_t index = 0; index < copies; ++index) {
      const auto fail = [&](const char* what, const Part& part, const float* at) {
        const float* const begin = copy(index) + part.begin;
        throw std::logic_error("lanes: expected " + std::string(what) + " " + text(part.name) +
                               " in " + name_ + " " + std::to_string(index) + " but float " +
                               std::to_string(at - begin) + " is " + std::to_string(*at));
      };
      for (size_t i = 0; i < parts_.size(); ++i) {
        const Part& part = parts_[i];
        const float* const end = copy(index) + end_of(i);
        for (const float* at = copy(index) + part.begin + part.floats; at != end; ++at) {
          if (!is_guard(at)) fail("an untouched guard behind", part, at);
        }
        for_runs(part.zeros, copy(index) + part.begin,
                 [&](const float* begin, const float* last, bool live) {
                   if (live) return;
                   // NaN is no zero either.
                   const float* at =
                       std::find_if(begin, last, [](float v) { return !(v == 0.0f); });
                   if (at != last) fail("zeros around", part, at);
                 });
      }
    }
  }
}

}  // namespace rownet
