// cpu.h: which instruction set levels this CPU can run, and which one is used.
#pragma once

#include <string>
#include <vector>

namespace rownet {

// Lowest first.
enum class IsaLevel {
#define ROWNET_LEVEL(name, ...) name,
#include "isa/levels.inc"
};

struct CpuFeature {
  const char* name;
  bool present;
};

struct IsaLevelInfo {
  IsaLevel level;
  const char* name;
  std::vector<CpuFeature> needs;
};

// All levels, lowest first: those that this build leaves out and those of other CPUs too.
const std::vector<IsaLevelInfo>& isa_levels();

const char* isa_level_name(IsaLevel level);

// Levels that this build holds and this CPU, with its operating system, can run; lowest first.
std::vector<IsaLevel> available_isa_levels();

// The highest available level that is not above `cap`. An empty cap means none. Throws
// std::invalid_argument when the cap names no level.
IsaLevel choose_isa_level(const std::string& cap);

}  // namespace rownet
