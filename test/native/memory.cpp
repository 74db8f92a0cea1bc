#include "memory.h"

#include <sys/mman.h>
#include <unistd.h>

#include <algorithm>
#include <cstring>
#include <new>

namespace rownet::test {

namespace {

// As a float a signalling NaN: it spoils every sum that it gets into, and every operation makes
// another, quiet NaN of it, so that a lane which was loaded, added to and stored shows. As a
// uint16_t it is the index of no window in the tests.
constexpr uint32_t kGuard = 0xffa5a5a5u;

// Bytes beside an array that are filled and compared.
constexpr size_t kMargin = 256;

// Byte `i` of guarded memory, whose first byte is aligned to a page.
unsigned char guard_byte(size_t i) {
  unsigned char bytes[sizeof kGuard];
  std::memcpy(bytes, &kGuard, sizeof kGuard);
  return bytes[i % sizeof kGuard];
}

size_t page_size() { return static_cast<size_t>(sysconf(_SC_PAGESIZE)); }

}  // namespace

bool is_guard(const float* value) { return std::memcmp(value, &kGuard, sizeof kGuard) == 0; }

GuardedMemory::~GuardedMemory() {
  if (pages_ != nullptr) munmap(pages_ - page_size(), capacity_ + 2 * page_size());
}

unsigned char* GuardedMemory::place(size_t bytes, Side side) {
  const size_t page = page_size();
  if (bytes + kMargin > capacity_) {
    if (pages_ != nullptr) munmap(pages_ - page, capacity_ + 2 * page);
    capacity_ = (2 * bytes + kMargin + page - 1) / page * page;
    void* const all = mmap(nullptr, capacity_ + 2 * page, PROT_NONE,
                           MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    if (all == MAP_FAILED) throw std::bad_alloc();
    pages_ = static_cast<unsigned char*>(all) + page;
    if (mprotect(pages_, capacity_, PROT_READ | PROT_WRITE) != 0) throw std::bad_alloc();
  }
  begin_ = side == Side::kStart ? 0 : capacity_ - bytes;
  end_ = begin_ + bytes;
  // Whole words: the first and last may stand outside the margin, never outside the pages.
  const size_t first = (begin_ < kMargin ? 0 : begin_ - kMargin) / sizeof kGuard;
  const size_t last = (std::min(end_ + kMargin, capacity_) + sizeof kGuard - 1) / sizeof kGuard;
  std::fill(reinterpret_cast<uint32_t*>(pages_) + first, reinterpret_cast<uint32_t*>(pages_) + last,
            kGuard);
  return pages_ + begin_;
}

std::string GuardedMemory::check() const {
  const auto changed = [this](size_t from, size_t to) {
    for (size_t i = from; i < to; ++i) {
      if (pages_[i] != guard_byte(i)) return true;
    }
    return false;
  };
  if (begin_ > 0 && changed(begin_ < kMargin ? 0 : begin_ - kMargin, begin_)) {
    return "bytes before the array were overwritten";
  }
  if (end_ < capacity_ && changed(end_, std::min(end_ + kMargin, capacity_))) {
    return "bytes behind the array were overwritten";
  }
  return "";
}

}  // namespace rownet::test
