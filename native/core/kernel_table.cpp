#include "kernel_table.h"

#include <atomic>
#include <cstdlib>

namespace rownet {

// Defined by isa/level.cpp, once per level.
#define ROWNET_LEVEL(name, ...) extern const KernelTable kernel_table_##name;
#include "isa/levels.inc"

namespace {

const KernelTable* const tables[] = {
#define ROWNET_LEVEL(name, ...) &kernel_table_##name,
#include "isa/levels.inc"
};

std::atomic<const KernelTable*> table_in_use{nullptr};

}  // namespace

const KernelTable* kernel_table(IsaLevel level) {
  const KernelTable* table = tables[static_cast<size_t>(level)];
  return table->name == nullptr ? nullptr : table;
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
