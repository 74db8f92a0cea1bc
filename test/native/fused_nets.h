// fused_nets.h: nets of fused steps, their data, and one run of everything that a plan computes,
// for the tests of lanes/plan.h.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "lanes/plan.h"
#include "memory.h"
#include "random.h"

namespace rownet::test {

// Sums of fewer whole numbers than this are exact in float.
constexpr double kExactLimit = 0x1p24;

struct ConvSpec {
  int64_t out_channels, kh, kw;
  int64_t stride_h = 1, stride_w = 1, pad_h = 0, pad_w = 0;
  bool relu = false, pool = false;
};

// A step of these nets; LaneStep has the fields of its kind alone.
struct FusedStep {
  enum class Kind { kConv, kPool, kRelu, kLinear };
  Kind kind;
  int64_t out_channels, kh, kw, stride_h, stride_w, pad_h, pad_w;
  int64_t in_features, out_features;
  bool relu, pool;
  int64_t weight, bias;

  LaneStep fields() const;
};

struct PlaneShape {
  int64_t c, h, w;
  int64_t size() const { return c * h * w; }
};

// Of the last parameters in grained_parameters().
constexpr double kGrain = 0x1p-5;

// Steps are appended in order; parameters get places in the arena with gaps between them, and every
// other step has its bias before its weight.
class FusedNet {
 public:
  FusedNet(int64_t c, int64_t h, int64_t w) : shapes_{{c, h, w}} {}
  FusedNet& conv(const ConvSpec& spec);
  FusedNet& pool(int64_t kh, int64_t kw, int64_t stride_h, int64_t stride_w);
  FusedNet& relu();
  FusedNet& linear(int64_t out_features, bool with_relu = false);

  // One array of parameters in the arena.
  struct Part {
    size_t step;
    bool weight;
    int64_t begin, count;
    int64_t fan_in;
  };

  const std::vector<FusedStep>& steps() const { return steps_; }
  const std::vector<Part>& parts() const { return parts_; }
  // Of step i's input; of the logits behind the last.
  const PlaneShape& shape(size_t i) const { return shapes_[i]; }
  int64_t input_size() const { return shapes_.front().size(); }
  int64_t classes() const { return shapes_.back().size(); }
  int64_t arena() const { return arena_; }
  LanePlan plan(bool winograd = false) const;
  std::string text() const;

  // NaN in the gaps. Weights whose activations neither vanish nor grow with depth.
  Floats real_parameters(Random& random) const;
  // -1, 0 and 1. The last two biases are 0 and 2^20: of two classes the second wins so clearly that
  // its probability is 1, and with label 0 everywhere dlogits is (-1, 1) * grad_scale, exactly.
  Floats whole_parameters(Random& random) const;
  // -1, 0 and 1, mostly 0 where many are added; the last ones times kGrain, so that the softmax of
  // whole numbers is not just 0 and 1.
  Floats grained_parameters(Random& random) const;

 private:
  std::vector<PlaneShape> shapes_;
  std::vector<FusedStep> steps_;
  std::vector<Part> parts_;
  int64_t arena_ = 0;

  int64_t place(bool weight, int64_t count, int64_t fan_in);
  void place_parameters(FusedStep& step, int64_t weights, int64_t biases);
  void append(const FusedStep& step, const PlaneShape& out);
};

struct FusedImages {
  std::vector<uint8_t> bytes, labels;
  float scale, shift;
};

// Bytes up to `highest`, as (byte * scale + shift). Labels below `classes`.
FusedImages random_images(const FusedNet& net, Random& random, int64_t count, int64_t highest,
                          float scale, float shift, int64_t classes);

// `count` indices of `images` images, with repetitions. The last image, at the end of its array, is
// the first of each block of `width`: lanes without an image repeat that one.
std::vector<uint32_t> random_indices(Random& random, int64_t count, int64_t images, int64_t width);

// Image `index` as the floats that both engines make of it.
Floats pixels(const FusedNet& net, const FusedImages& images, uint32_t index);

struct FusedResult {
  // Of train_step; gradients[arena], 0 in the gaps.
  LossSum trained;
  Floats gradients;
  // Of evaluate and predict.
  LossSum evaluated;
  std::vector<int32_t> predictions;
  Floats logits;
};

// Runs plans with every operand beside a guard page, and checks that nothing but the results was
// written: no operand, no byte around the results, no gap between gradients.
class FusedRunner {
 public:
  FusedResult run(LanePlan& plan, const FusedNet& net, const FusedImages& images,
                  const std::vector<uint32_t>& indices, const Floats& parameters, float grad_scale,
                  Side side = Side::kEnd);

 private:
  Guarded<uint8_t> images_, labels_;
  Guarded<uint32_t> indices_;
  Guarded<float> parameters_, gradients_, x_, logits_;
  Guarded<int32_t> predictions_;
};

// Empty when both results have the same bits.
std::string difference_in_bits(const FusedResult& actual, const FusedResult& expected);

// Chosen nets: each kind of step behind each other, odd sizes, padding before and behind pools,
// every backward kernel.
const std::vector<FusedNet>& mixed_nets();
FusedNet fused_lenet5();

}  // namespace rownet::test
