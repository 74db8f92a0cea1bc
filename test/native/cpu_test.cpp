// Which level is chosen, and that forcing one gives its table.
#include "cpu.h"

#include <stdexcept>

#include "harness.h"
#include "kernel_table.h"

namespace rownet::test {

TEST_ONCE(available_levels_rise_from_portable) {
  const std::vector<IsaLevel> levels = available_isa_levels();
  CHECK(!levels.empty());
  CHECK(levels.front() == IsaLevel::portable);
  for (size_t i = 1; i < levels.size(); ++i) CHECK(levels[i - 1] < levels[i]);
  for (IsaLevel available : levels) {
    problem("%s", isa_level_name(available));
    const KernelTable* table = kernel_table(available);
    CHECK(table != nullptr);
    CHECK_EQUAL(std::string(table->name), isa_level_name(available));
    for (const CpuFeature& feature : isa_levels()[static_cast<size_t>(available)].needs)
      CHECK(feature.present);
  }
}

TEST_ONCE(the_cap_chooses_the_highest_level_not_above_it) {
  const std::vector<IsaLevel> levels = available_isa_levels();
  CHECK(choose_isa_level("") == levels.back());
  for (const IsaLevelInfo& cap : isa_levels()) {
    problem("cap %s", cap.name);
    IsaLevel expected = IsaLevel::portable;
    for (IsaLevel available : levels) {
      if (available <= cap.level) expected = available;
    }
    CHECK(choose_isa_level(cap.name) == expected);
  }
}

TEST_ONCE(an_unknown_cap_is_refused) {
  const std::string last = isa_levels().back().name;
  for (const char* cap : {"bogus", "AVX2", "avx", "avx2 ", " "}) {
    problem("cap \"%s\"", cap);
    std::string message;
    try {
      choose_isa_level(cap);
    } catch (const std::invalid_argument& error) {
      message = error.what();
    }
    const std::string begin = "ROWNET_MAX_ISA: expected portable, sse2, avx2";
    const std::string end = " or " + last + " but received \"" + cap +
                            "\". Unset it to use the highest level of this CPU";
    CHECK_EQUAL(message.substr(0, begin.size()), begin);
    CHECK(message.size() >= begin.size() + end.size());
    CHECK_EQUAL(message.substr(message.size() - end.size()), end);
  }
}

TEST(use_isa_level_replaces_the_table) {
  problem("%s", isa_level_name(level()));
  CHECK(&kernels() == kernel_table(level()));
  CHECK_EQUAL(std::string(kernels().name), isa_level_name(level()));
  // What the kernels count on: groups of four lanes, and tiles for sixteen registers.
  CHECK_EQUAL(kernels().vector_width % 4, 0);
  CHECK(kernels().registers >= 16);
}

}  // namespace rownet::test
