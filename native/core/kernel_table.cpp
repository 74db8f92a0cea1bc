#include "kernel_table.h"

#include <atomic>
#include <cstdlib>

namespace rownet {

// Defined by isa/level.cpp, once per level.
extern const KernelTable kernel_table_portable;
#if defined(__x86_64__)
extern const KernelTable kernel_table_sse2;
extern const KernelTable kernel_table_avx2;
extern const KernelTable kernel_table_avx512;
#endif

namespace {

std::atomic<const KernelTable*> table_in_use{nullptr};

}  // namespace

const KernelTable* kernel_table(IsaLevel level) {
  switch (level) {
    case IsaLevel::kPortable:
      return &kernel_table_portable;
#if defined(__x86_64__)
    case IsaLevel::kSse2:
      return &kernel_table_sse2;
    case IsaLevel::kAvx2:
      return &kernel_table_avx2;
    case IsaLevel::kAvx512:
      return &kernel_table_avx512;
#else
    default:
      break;
#endif
  }
  return nullptr;
}

const KernelTable& kernels() {
  const KernelTable* table = table_in_use.load(std::memory_order_acquire);
  if (table == nullptr) {
    const char* cap = std::getenv("ROWNET_MAX_ISA");
    use_isa_level(choose_isa_level(cap == nullptr ? "" : cap));
    table = table_in_use.load(std::memory_order_acquire);
  }
  return *table;
}

void use_isa_level(IsaLevel level) {
  table_in_use.store(kernel_table(level), std::memory_order_release);
}

}  // namespace rownet
