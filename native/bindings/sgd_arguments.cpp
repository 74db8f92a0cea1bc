#include "bindings/sgd_arguments.h"

#include <cmath>

namespace rownet::bindings {

SgdArguments read_sgd(Args& args, Span<float> params) {
  SgdArguments sgd{args.floats_or_null("velocities", params.size), {}, {}};
  const auto numbers = args.doubles("segments");
  if (numbers.size % 4 != 0) args.fail_range("expected segments of four numbers each");
  sgd.step.lr = args.number("lr");
  sgd.step.momentum = args.number("momentum");
  sgd.step.nesterov = args.boolean("nesterov");
  // In order and apart, so that no float is updated twice.
  double end = 0.0;
  for (size_t i = 0; i < numbers.size; i += 4) {
    const double* n = numbers.data + i;
    // Written so that NaN fails.
    const bool fits = n[0] >= end && n[1] >= 0.0 &&
                      n[0] + n[1] <= static_cast<double>(params.size) && n[0] == std::floor(n[0]) &&
                      n[1] == std::floor(n[1]);
    if (!fits) args.fail_range("expected segments inside params, in order, without overlap");
    end = n[0] + n[1];
    sgd.segments.push_back({static_cast<int64_t>(n[0]), static_cast<int64_t>(n[1]),
                            static_cast<float>(n[2]), static_cast<float>(n[3])});
  }
  return sgd;
}

}  // namespace rownet::bindings
