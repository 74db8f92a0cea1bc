// batch_net.h: nets whose steps are added one by one, to a plan of lanes and to a reference in double over
// the whole batch, for layers that need more than one image.
#pragma once

#include <functional>
#include <vector>

#include "fused_nets.h"
#include "rows/window.h"

namespace rownet::test {

// What goes through the reference.
struct Batch {
  int64_t count;
  PlaneShape shape;
  Doubles values;  // [count, c, h, w]
};

struct Pass {
  const Doubles& parameters;
  Doubles& buffers;
  bool training;
  Draw draw;
};

struct BatchNet {
  PlaneShape input{1, 6, 7}, shape{1, 6, 7};
  std::vector<LaneStep> steps = {};
  std::vector<std::function<Batch(const Batch&, Pass&)>> forward = {};
  int64_t parameters = 0, buffers = 0, places = 0;
  size_t at = 0;  // the tensor that the next step reads

  using Build = std::function<void(BatchNet&)>;

  double take(int64_t count) {
    parameters += count;
    return static_cast<double>(parameters - count);
  }

  BatchNet& conv(int64_t channels, int64_t kernel, int64_t pad, const char* activation, bool pool);
  // Of any geometry, with or without bias.
  BatchNet& convolution(int64_t channels, Window geometry, bool bias, const char* activation,
                        bool pool);
  BatchNet& linear(int64_t outputs, const char* activation, bool with_bias = true);
  BatchNet& activation(const char* name);
  BatchNet& max_pool();
  // Of padded windows whose strides differ from the kernel.
  BatchNet& padded_pool(bool average);
  BatchNet& global_avg_pool();
  BatchNet& softmax();
  // of_rows: batchNorm1d, on all features of an image.
  BatchNet& batch_norm(bool affine, bool of_rows = false, const char* activation = "");
  BatchNet& dropout(double p, bool of_channels = false);
  // f(body + shortcut); both read what the net has come to, and an empty one gives it.
  BatchNet& residual(
      const Build& body, const Build& shortcut = [](BatchNet&) {}, const char* activation = "");

  // Reads tensor `at`.
  void append(LaneStep step);

  LanePlan plan(const char* loss, float label_smoothing = 0.0f) const {
    return LanePlan(input.c, input.h, input.w, steps, {loss, true, label_smoothing});
  }
};

// Within 2e-4 of the largest.
void check_near(const Floats& actual, const Doubles& expected);

}  // namespace rownet::test
