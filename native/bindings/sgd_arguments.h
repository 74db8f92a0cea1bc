// sgd_arguments.h: the arguments of an update of a whole arena.
#pragma once

#include <vector>

#include "bindings/args.h"
#include "rows/elementwise.h"

namespace rownet::bindings {

struct SgdArguments {
  Span<float> velocities;
  std::vector<SgdSegment> segments;  // in order and apart, inside the parameters
  SgdStep step;
};

// Reads velocities, segments (offset, count, weight decay and gradient scale of each), lr, momentum
// and nesterov.
SgdArguments read_sgd(Args& args, Span<float> params);

}  // namespace rownet::bindings
