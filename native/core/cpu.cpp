#include "cpu.h"

#include <stdexcept>

namespace rownet {

namespace {

constexpr IsaLevel kAllLevels[] = {IsaLevel::kPortable, IsaLevel::kSse2, IsaLevel::kAvx2,
                                   IsaLevel::kAvx512};

bool cpu_runs(IsaLevel level) {
#if defined(__x86_64__)
  // __builtin_cpu_supports returns a bit mask, and asks the operating system (XGETBV) as well as
  // the CPU.
  switch (level) {
    case IsaLevel::kPortable:
    case IsaLevel::kSse2:
      return true;
    case IsaLevel::kAvx2:
      return __builtin_cpu_supports("avx2") != 0 && __builtin_cpu_supports("fma") != 0;
    case IsaLevel::kAvx512:
      return __builtin_cpu_supports("avx512f") != 0 && __builtin_cpu_supports("avx512bw") != 0 &&
             __builtin_cpu_supports("avx512dq") != 0 && __builtin_cpu_supports("avx512vl") != 0;
  }
  return false;
#else
  return level == IsaLevel::kPortable;
#endif
}

}  // namespace

const char* isa_level_name(IsaLevel level) {
  switch (level) {
    case IsaLevel::kPortable:
      return "portable";
    case IsaLevel::kSse2:
      return "sse2";
    case IsaLevel::kAvx2:
      return "avx2";
    case IsaLevel::kAvx512:
      return "avx512";
  }
  return "portable";
}

std::vector<IsaLevel> available_isa_levels() {
  std::vector<IsaLevel> levels;
  for (IsaLevel level : kAllLevels) {
    if (cpu_runs(level)) levels.push_back(level);
  }
  return levels;
}

IsaLevel choose_isa_level(const std::string& cap) {
  IsaLevel highest = IsaLevel::kAvx512;
  if (!cap.empty()) {
    bool known = false;
    for (IsaLevel level : kAllLevels) {
      if (cap != isa_level_name(level)) continue;
      highest = level;
      known = true;
    }
    if (!known) {
      throw std::invalid_argument(
          "ROWNET_MAX_ISA: expected portable, sse2, avx2 or avx512 but received \"" + cap +
          "\". Unset it to use the highest level of this CPU");
    }
  }
  IsaLevel chosen = IsaLevel::kPortable;
  for (IsaLevel level : available_isa_levels()) {
    if (level <= highest) chosen = level;
  }
  return chosen;
}

}  // namespace rownet
