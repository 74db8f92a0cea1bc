// Which level is chosen, and that forcing one gives its table.
#include "cpu.h"

#include <stdexcept>

#include "harness.h"
#include "kernel_table.h"

namespace rownet::test {

TEST_ONCE(available_levels_rise_from_portable) {
  const std::vector<IsaLevel> levels = available_isa_levels();
  CHECK(!levels.empty());
  CHECK(levels.front() == IsaLevel::kPortable);
  for (size_t i = 1; i < levels.size(); ++i) CHECK(levels[i - 1] < levels[i]);
#if defined(__x86_64__)
  CHECK(levels.size() >= 2);
#endif
  for (IsaLevel available : levels) {
    problem("%s", isa_level_name(available));
    const KernelTable* table = kernel_table(available);
    CHECK(table != nullptr);
    CHECK_EQUAL(std::string(table->name), isa_level_name(available));
  }
}

TEST_ONCE(the_cap_chooses_the_highest_level_not_above_it) {
  const std::vector<IsaLevel> levels = available_isa_levels();
  CHECK(choose_isa_level("") == levels.back());
  for (IsaLevel cap : {IsaLevel::kPortable, IsaLevel::kSse2, IsaLevel::kAvx2, IsaLevel::kAvx512}) {
    problem("cap %s", isa_level_name(cap));
    IsaLevel expected = IsaLevel::kPortable;
    for (IsaLevel available : levels) {
      if (available <= cap) expected = available;
    }
    CHECK(choose_isa_level(isa_level_name(cap)) == expected);
  }
}

TEST_ONCE(an_unknown_cap_is_refused) {
  for (const char* cap : {"bogus", "AVX2", "avx", "avx2 ", " "}) {
    problem("cap \"%s\"", cap);
    std::string message;
    try {
      choose_isa_level(cap);
    } catch (const std::invalid_argument& error) {
      message = error.what();
    }
    CHECK_EQUAL(message, std::string("ROWNET_MAX_ISA: expected portable, sse2, avx2 or avx512 but "
                                     "received \"") +
                             cap + "\". Unset it to use the highest level of this CPU");
  }
}

TEST(use_isa_level_replaces_the_table) {
  problem("%s", isa_level_name(level()));
  CHECK(&kernels() == kernel_table(level()));
  CHECK_EQUAL(std::string(kernels().name), isa_level_name(level()));
  const int width = level() == IsaLevel::kAvx512 ? 16 : level() == IsaLevel::kAvx2 ? 8 : 4;
  CHECK_EQUAL(kernels().vector_width, width);
}

}  // namespace rownet::test
