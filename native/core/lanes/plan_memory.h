// plan_memory.h: the memory of a plan: copies of one layout, a slice for each thread, say, or the
// partial sums of each block.
//
// In builds with guards (ROWNET_GUARDS: debug, sanitizers) values that nobody may write stand behind
// each part, a call starts from NaN wherever it has to write before it reads, and afterwards guards
// and zeros are looked at. Other builds have nothing of it.
#pragma once

#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <vector>

#include "lanes/lane_tensor.h"

namespace rownet {

#if defined(ROWNET_GUARDS)
constexpr bool kGuards = true;
#else
constexpr bool kGuards = false;
#endif
// At least as many stand behind a part.
constexpr size_t kGuardFloats = kGuards ? 16 : 0;

// Which floats of a part must stay the zeros that they are from the start: planes of h lines, each
// `left` zeros, `live` numbers and `right` zeros, between `above` lines of zeros and as many below.
struct Zeros {
  int64_t planes, h, live, above, left, right;
};

// What a part is, in messages: "the output of step 1".
struct PartName {
  const char* what;
  size_t step;
};
constexpr size_t kNoStep = SIZE_MAX;

// Cache lines, zeroed when they are taken; growing loses their contents.
class PlanMemory {
 public:
  // `name` says in messages what each copy is.
  explicit PlanMemory(const char* name) : name_(name) {}
  ~PlanMemory() { std::free(data_); }
  PlanMemory(const PlanMemory&) = delete;
  PlanMemory& operator=(const PlanMemory&) = delete;

  // The place of `floats` more in each copy; before the first reserve().
  size_t take(size_t floats, PartName part);
  // The same for floats of which some stay zeros.
  size_t take(const Zeros& zeros, PartName part);

  // Of a copy.
  size_t floats() const { return floats_; }
  size_t bytes() const { return taken_ * sizeof(float); }
  // Throws std::bad_alloc.
  void reserve(int64_t copies);
  float* copy(int64_t index) const { return data_ + floats_ * static_cast<size_t>(index); }

  // NaN over all of `copies` copies but the zeros, and over one part, which holds nothing that is
  // needed. Both do something in builds with guards alone.
  void spoil(int64_t copies);
  void spoil(float* memory, size_t place);
  // Throws std::logic_error naming the first part behind which a guard, or in which a zero, was
  // written; in builds with guards alone.
  void check() const;

 private:
  struct Part {
    PartName name;
    size_t begin, floats;
    Zeros zeros;
  };

  const char* const name_;
  float* data_ = nullptr;
  size_t floats_ = 0, taken_ = 0;
  std::vector<Part> parts_;  // in builds with guards

  size_t end_of(size_t part) const;
};

}  // namespace rownet
