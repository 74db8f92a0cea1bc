#include "cpu.h"

#include <algorithm>
#include <stdexcept>

#include "kernel_table.h"

namespace rownet {

namespace {

bool available(const IsaLevelInfo& info) {
  return kernel_table(info.level) != nullptr &&
         std::all_of(info.needs.begin(), info.needs.end(),
                     [](const CpuFeature& feature) { return feature.present; });
}

// "portable, sse2, avx2 or avx512"
std::string level_names() {
  std::string names;
  const size_t count = isa_levels().size();
  for (size_t i = 0; i < count; ++i) {
    names += i == 0 ? "" : i + 1 == count ? " or " : ", ";
    names += isa_levels()[i].name;
  }
  return names;
}

}  // namespace

const std::vector<IsaLevelInfo>& isa_levels() {
  static const std::vector<IsaLevelInfo> levels = {
#define ROWNET_LEVEL(name, ...) {IsaLevel::name, #name, {__VA_ARGS__}},
#include "isa/levels.inc"
  };
  return levels;
}

const char* isa_level_name(IsaLevel level) { return isa_levels()[static_cast<size_t>(level)].name; }

std::vector<IsaLevel> available_isa_levels() {
  std::vector<IsaLevel> levels;
  for (const IsaLevelInfo& info : isa_levels()) {
    if (available(info)) levels.push_back(info.level);
  }
  return levels;
}

IsaLevel choose_isa_level(const std::string& cap) {
  IsaLevel highest = isa_levels().back().level;
  if (!cap.empty()) {
    const auto named = std::find_if(isa_levels().begin(), isa_levels().end(),
                                    [&](const IsaLevelInfo& info) { return cap == info.name; });
    if (named == isa_levels().end()) {
      throw std::invalid_argument("ROWNET_MAX_ISA: expected " + level_names() + " but received \"" +
                                  cap + "\". Unset it to use the highest level of this CPU");
    }
    highest = named->level;
  }
  IsaLevel chosen = IsaLevel::portable;
  for (IsaLevel level : available_isa_levels()) {
    if (level <= highest) chosen = level;
  }
  return chosen;
}

}  // namespace rownet
