// lane_step.h: a step of a net as its caller describes it, and what its operation reads of that.
#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "lanes/lane_op.h"

namespace rownet {

// A step: the name of its operation, as in layers/layers.inc, and its fields by name.
struct LaneStep {
  std::string op;
  std::map<std::string, std::vector<double>> numbers = {};
  std::map<std::string, std::string> texts = {};
};

}  // namespace rownet
