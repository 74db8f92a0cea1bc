// cpu.h: which instruction set levels this CPU can run, and which one is used.
#pragma once

#include <string>
#include <vector>

namespace rownet {

// Lowest first. A level includes the ones before it.
enum class IsaLevel { kPortable, kSse2, kAvx2, kAvx512 };

const char* isa_level_name(IsaLevel level);

// Levels that this build holds and this CPU, with its operating system, can run; lowest first.
std::vector<IsaLevel> available_isa_levels();

// The highest available level that is not above `cap`. An empty cap means none. Throws
// std::invalid_argument when the cap names no level.
IsaLevel choose_isa_level(const std::string& cap);

}  // namespace rownet
