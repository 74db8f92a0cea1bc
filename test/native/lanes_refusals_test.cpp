// Steps that do not fit: each is refused by name, before any memory of their size is asked for.
#include <limits>
#include <stdexcept>

#include "fused_nets.h"
#include "harness.h"

namespace rownet::test {

namespace {

constexpr int64_t kHuge = (int64_t{1} << 31) - 1;

LaneStep conv(int64_t oc, int64_t kh, int64_t kw, int64_t stride_h = 1, int64_t stride_w = 1,
              int64_t pad_h = 0, int64_t pad_w = 0, bool pool = false) {
  using Kind = FusedStep::Kind;
  return FusedStep{Kind::kConv, oc, kh, kw,   stride_h, stride_w, pad_h,
                   pad_w,       0,  0,  true, pool,     0,        kHuge}
      .fields();
}
LaneStep pool(int64_t kh, int64_t kw, int64_t stride_h = 1, int64_t stride_w = 1) {
  using Kind = FusedStep::Kind;
  return FusedStep{Kind::kPool, 0, kh, kw, stride_h, stride_w, 0, 0, 0, 0, false, false, 0, 0}
      .fields();
}
LaneStep linear(int64_t in, int64_t out, int64_t weight = 0, int64_t bias = kHuge) {
  using Kind = FusedStep::Kind;
  return FusedStep{Kind::kLinear, 0, 0, 0, 0, 0, 0, 0, in, out, false, false, weight, bias}
      .fields();
}
LaneStep with(LaneStep step, const char* name, std::vector<double> values) {
  step.numbers[name] = std::move(values);
  return step;
}
LaneStep without(LaneStep step, const char* name) {
  step.numbers.erase(name);
  return step;
}
LaneStep with_text(LaneStep step, const char* name, const char* text) {
  step.texts[name] = text;
  return step;
}
LaneStep batch_norm(double features, double eps = 1e-5) {
  return {"batchNorm2d",
          {{"features", {features}},
           {"eps", {eps}},
           {"momentum", {0.1}},
           {"runningMean", {0}},
           {"runningVar", {features}}}};
}
LaneStep branch(double from) { return {"branch", {{"from", {from}}}}; }
LaneStep sum(double from, double with) { return {"add", {{"from", {from}}, {"with", {with}}}}; }
LaneStep dropout(double p) { return {"dropout", {{"p", {p}}, {"place", {0}}}}; }

std::string refusal(int64_t c, int64_t h, int64_t w, const std::vector<LaneStep>& steps) {
  try {
    LanePlan plan(c, h, w, steps);
  } catch (const std::invalid_argument& error) {
    return error.what();
  }
  return "";
}

struct Refused {
  PlaneShape input;
  std::vector<LaneStep> steps;
  std::string message;
};

}  // namespace

TEST_ONCE(lanes_refuse_what_does_not_fit) {
  const double nan = std::numeric_limits<double>::quiet_NaN();
  const auto low = [](const char* name, const char* least, const char* received) {
    return std::string("lanes: step 0: expected \"") + name + "\" from " + least +
           " to 2147483647 but received " + received;
  };
  const std::vector<Refused> list = {
      {{1, 4, 4}, {}, "lanes: no steps"},
      {{0, 4, 4}, {pool(1, 1)}, "lanes: empty input"},
      {{1, 0, 4}, {pool(1, 1)}, "lanes: empty input"},
      {{1, 4, 0}, {pool(1, 1)}, "lanes: empty input"},
      {{1, 4, -4}, {pool(1, 1)}, "lanes: empty input"},
      {{1, 4, 4}, {{"conv3d"}}, "lanes: step 0: unknown operation \"conv3d\""},
      // Fields
      {{1, 4, 4},
       {without(conv(1, 3, 3), "stride")},
       "lanes: step 0: conv2d needs the field \"stride\""},
      {{1, 4, 4},
       {with(conv(1, 3, 3), "dilations", {2, 2})},
       "lanes: step 0: conv2d has no field \"dilations\""},
      {{1, 4, 4}, {with(conv(1, 3, 3), "dilation", {2, 2})}, "lanes: step 0: window does not fit"},
      {{1, 4, 4}, {with(conv(1, 3, 3), "dilation", {0, 1})}, low("dilation", "1", "0.000000")},
      {{2, 4, 4},
       {with(conv(3, 3, 3), "groups", {2})},
       "lanes: step 0: groups do not divide the channels"},
      {{3, 4, 4},
       {with(conv(4, 3, 3), "groups", {2})},
       "lanes: step 0: groups do not divide the channels"},
      {{1, 4, 4},
       {with_text(pool(2, 2), "activation", "relu")},
       "lanes: step 0: maxPool2d has no field \"activation\""},
      {{1, 4, 4},
       {with(pool(2, 2), "kernel", {2})},
       "lanes: step 0: expected 2 numbers as \"kernel\" but received 1"},
      {{1, 4, 4}, {with(pool(2, 2), "kernel", {2.5, 2})}, low("kernel", "1", "2.500000")},
      {{1, 4, 4}, {with(pool(2, 2), "stride", {nan, 2})}, low("stride", "1", "nan")},
      {{1, 4, 4},
       {with_text(conv(1, 3, 3), "activation", "relux")},
       "lanes: step 0: unknown activation"},
      {{1, 4, 4}, {{"activation"}}, "lanes: step 0: no activation"},
      // Normalization and dropout
      {{3, 4, 4}, {batch_norm(2)}, "lanes: step 0: features differ from the input's channels"},
      {{3, 4, 4}, {batch_norm(3, -1e-5)}, "lanes: step 0: eps is below 0"},
      {{3, 4, 4}, {batch_norm(3, nan)}, "lanes: step 0: eps is below 0"},
      {{3, 4, 4}, {dropout(1.0)}, "lanes: step 0: p is not from 0 to below 1"},
      {{3, 4, 4}, {dropout(-0.5)}, "lanes: step 0: p is not from 0 to below 1"},
      {{3, 4, 4}, {dropout(nan)}, "lanes: step 0: p is not from 0 to below 1"},
      // Convolutions
      {{1, 4, 4}, {conv(0, 3, 3)}, low("outChannels", "1", "0.000000")},
      {{1, 4, 4}, {conv(1, 5, 3)}, "lanes: step 0: window does not fit"},
      {{1, 4, 4}, {conv(1, 3, 5)}, "lanes: step 0: window does not fit"},
      {{1, 4, 4}, {conv(1, 7, 3, 1, 1, 1, 0)}, "lanes: step 0: window does not fit"},
      {{1, 4, 4}, {conv(1, 3, 3, 0, 1)}, low("stride", "1", "0.000000")},
      {{1, 4, 4}, {conv(1, 3, 3, 1, -1)}, low("stride", "1", "-1.000000")},
      {{1, 4, 4}, {conv(1, 0, 3)}, low("kernel", "1", "0.000000")},
      {{1, 4, 4}, {conv(1, 3, 3, 1, 1, 3, 0)}, "lanes: step 0: padding is not below the kernel"},
      {{1, 4, 4}, {conv(1, 3, 2, 1, 1, 0, 2)}, "lanes: step 0: padding is not below the kernel"},
      {{1, 4, 4}, {conv(1, 4, 3, 1, 1, 0, 0, true)}, "lanes: step 0: too small to be pooled"},
      {{1, 4, 4}, {conv(1, 3, 4, 1, 1, 0, 0, true)}, "lanes: step 0: too small to be pooled"},
      // Pooling
      {{1, 4, 4}, {pool(5, 1)}, "lanes: step 0: window does not fit"},
      {{1, 4, 4}, {pool(1, 5)}, "lanes: step 0: window does not fit"},
      {{1, 4, 4}, {pool(2, 2, 0, 1)}, low("stride", "1", "0.000000")},
      {{1, 4, 4}, {pool(2, 2, 1, 0)}, low("stride", "1", "0.000000")},
      {{1, 4, 4}, {pool(0, 2)}, low("kernel", "1", "0.000000")},
      {{1, 4, 4}, {pool(2, 0)}, low("kernel", "1", "0.000000")},
      {{1, 16, 17}, {pool(16, 17)}, "lanes: step 0: window of more than 256 values"},
      {{1, 257, 1}, {pool(257, 1)}, "lanes: step 0: window of more than 256 values"},
      {{1, 1, 257}, {pool(1, 257)}, "lanes: step 0: window of more than 256 values"},
      // Linear layers
      {{1, 4, 4}, {linear(15, 2)}, "lanes: step 0: features differ from the input's size"},
      {{2, 4, 4}, {linear(16, 2)}, "lanes: step 0: features differ from the input's size"},
      {{1, 4, 4}, {linear(16, 0)}, low("outFeatures", "1", "0.000000")},
      {{1, 4, 4}, {linear(16, -3)}, low("outFeatures", "1", "-3.000000")},
      {{1, 4, 4}, {linear(16, 2, -1, 0)}, low("weight", "0", "-1.000000")},
      {{1, 4, 4}, {linear(16, 2, 0, -1)}, low("bias", "0", "-1.000000")},
      {{1, 4, 4},
       {linear(16, 2), conv(2, 2, 2, 1, 1, 1, 1)},
       "lanes: step 1: padding behind a linear step"},
      // The step that is wrong is named.
      {{1, 6, 6},
       {conv(2, 3, 3), pool(2, 2, 2, 2), linear(9, 2)},
       "lanes: step 2: features differ from the input's size"},
      {{1, 6, 6}, {conv(2, 3, 3), conv(2, 5, 5)}, "lanes: step 1: window does not fit"},
      {{1, 6, 6},
       {conv(2, 6, 6), conv(2, 3, 3, 1, 1, 3, 3)},
       "lanes: step 1: padding is not below the kernel"},
      // What steps read
      {{1, 4, 4}, {with(pool(1, 1), "from", {1})}, "lanes: step 0: \"from\" is not there yet"},
      {{1, 4, 4}, {branch(0), sum(1, 2)}, "lanes: step 1: \"with\" is not there yet"},
      {{1, 4, 4},
       {branch(0), sum(static_cast<double>(kHuge), 0)},
       "lanes: step 1: \"from\" is not there yet"},
      {{1, 4, 4}, {branch(-1)}, low("from", "0", "-1.000000")},
      {{1, 4, 4}, {branch(0.5)}, low("from", "0", "0.500000")},
      {{1, 4, 4}, {branch(nan)}, low("from", "0", "nan")},
      {{1, 4, 4},
       {with(pool(1, 1), "from", {0, 1})},
       "lanes: step 0: expected 1 numbers as \"from\" but received 2"},
      {{1, 4, 4}, {branch(0), {"add"}}, "lanes: step 1: add needs the field \"with\""},
      {{1, 4, 4},
       {with(pool(1, 1), "with", {0})},
       "lanes: step 0: maxPool2d has no field \"with\""},
      {{1, 4, 4}, {sum(0, 0)}, "lanes: step 0: it reads what a step has read that is no branch"},
      {{1, 4, 4},
       {pool(1, 1), with(pool(1, 1), "from", {0}), sum(2, 1)},
       "lanes: step 1: it reads what a step has read that is no branch"},
      {{1, 4, 4},
       {pool(1, 1), branch(0), sum(1, 2)},
       "lanes: step 1: it reads what a step has read that is no branch"},
      {{1, 4, 4}, {branch(0)}, "lanes: step 0: nothing reads the input but branches"},
      {{1, 4, 4},
       {pool(1, 1), branch(1), pool(1, 1)},
       "lanes: step 0: nothing reads its output but branches"},
      {{1, 4, 4},
       {branch(0), with(pool(1, 1), "from", {0})},
       "lanes: step 0: nothing reads its output but branches"},
      {{1, 4, 4}, {branch(0), pool(2, 2), sum(2, 0)}, "lanes: step 2: its sides differ in size"},
      {{1, 4, 4},
       {branch(0), {"add", {{"with", {0}}}, {{"activation", "none"}}}},
       "lanes: step 1: unknown activation"},
      {{1, 4, 4},
       {linear(16, 2), branch(1), with(conv(2, 2, 2, 1, 1, 1, 1), "from", {1})},
       "lanes: step 2: padding behind a linear step"},
      {{1, 40000, 40000},
       {branch(0), sum(1, 0), conv(2, 1, 1)},
       "lanes: step 2: gradient too large"},
      // Parameters of which threads would write one at the same time
      {{1, 4, 4}, {linear(16, 2, 0, 31)}, "lanes: step 0: parameters overlap"},
      {{1, 4, 4}, {linear(16, 2, 1, 0)}, "lanes: step 0: parameters overlap"},
      {{1, 4, 4}, {linear(16, 2, 8, 40), linear(2, 2, 0, 9)}, "lanes: step 1: parameters overlap"},
      // Sizes: beyond 2^31 vectors, up to those whose product leaves 64 bits.
      {{1, 65536, 65536}, {pool(1, 1)}, "lanes: step 0: input too large"},
      {{kHuge, kHuge, kHuge}, {pool(1, 1)}, "lanes: step 0: input too large"},
      {{kHuge, 2, 1}, {pool(1, 1)}, "lanes: step 0: input too large"},
      {{1, 1, 1},
       {conv(1, kHuge, kHuge, 1, 1, kHuge - 1, kHuge - 1)},
       "lanes: step 0: too many weights"},
      {{1, 1, 1}, {conv(1, 1, kHuge, 1, 1, 0, kHuge - 1)}, "lanes: step 0: input too large"},
      {{1, 40000, 40000}, {conv(2, 1, 1)}, "lanes: step 0: gradient too large"},
      {{1, 1, 1},
       {conv(1 << 30, 1, 1), conv(1, 1, 2, 1, 1, 0, 1)},
       "lanes: step 0: output too large"},
      {{kHuge, kHuge, kHuge}, {linear(5, 2)}, "lanes: step 0: input too large"},
      {{1, 40000, 40000}, {conv(1 << 20, 1, 1, 40000, 40000)}, "lanes: step 0: gradient too large"},
      {{50000, 1, 1}, {conv(50000, 1, 1)}, "lanes: step 0: too many weights"},
      {{1, 30000, 30000}, {conv(3, 29000, 29000)}, "lanes: step 0: too many weights"},
  };
  for (const Refused& one : list) {
    if (!next_case()) continue;
    problem("%s", one.message.c_str());
    CHECK_EQUAL(refusal(one.input.c, one.input.h, one.input.w, one.steps), one.message);
  }
  CHECK_CASES(static_cast<int64_t>(list.size()));
  CHECK_EQUAL(list.size(), size_t{87});
}

TEST_ONCE(lanes_accept_what_just_fits) {
  // The neighbours of what is refused. Nothing of their size is allocated before the first batch.
  const std::vector<Refused> list = {
      {{1, 4, 4}, {conv(1, 4, 4)}, "kernel as large as the image"},
      {{1, 4, 4}, {conv(1, 3, 3, 9, 9, 2, 2)}, "padding of kernel - 1, a long stride"},
      {{1, 4, 4}, {conv(1, 3, 3, 1, 1, 0, 0, true)}, "2 x 2 pixels to pool"},
      {{1, 16, 16}, {pool(16, 16)}, "window of 256 values"},
      {{1, 1, 256}, {pool(1, 256)}, "window of 256 values in a line"},
      {{1, 32768, 32768}, {pool(1, 1)}, "2^30 pixels"},
      {{1, 4, 4}, {linear(16, 1)}, "one class"},
      {{1, 4, 4}, {branch(0), sum(1, 0)}, "a tensor and its copy"},
      {{1, 4, 4},
       {linear(16, 2), branch(1),
        with(with(conv(2, 2, 2, 1, 1, 1, 1), "weight", {100}), "bias", {200}),
        with(linear(2, 8, 300, 400), "from", {1}), sum(3, 4)},
       "padding in a branch behind a linear step"},
  };
  for (const Refused& one : list) {
    if (!next_case()) continue;
    problem("%s", one.message.c_str());
    CHECK_EQUAL(refusal(one.input.c, one.input.h, one.input.w, one.steps), "");
  }
  CHECK_CASES(static_cast<int64_t>(list.size()));
}

TEST_ONCE(lanes_plans_tell_their_sizes) {
  const FusedNet net = fused_lenet5();
  const LanePlan plan = net.plan();
  CHECK_EQUAL(plan.input_size(), 1024);
  CHECK_EQUAL(plan.outputs(), 10);
  // LeNet-5's 61706, with a gap behind each of ten arrays but the last.
  CHECK_EQUAL(plan.parameters(), 61706 + 9 * 3);
  CHECK_EQUAL(LanePlan(2, 3, 4, {pool(2, 2)}).parameters(), 0);
  CHECK_EQUAL(LanePlan(2, 3, 4, {pool(2, 2)}).outputs(), 12);
  CHECK_EQUAL(LanePlan(1, 1, 5, {linear(5, 2, 100, 3)}).parameters(), 110);
  CHECK_EQUAL(LanePlan(1, 1, 5, {linear(5, 2, 0, 300)}).parameters(), 302);
}

}  // namespace rownet::test
