#include "fused_nets.h"

#include <algorithm>
#include <cmath>
#include <cstring>
#include <limits>

#include "harness.h"

namespace rownet::test {

namespace {

constexpr int64_t kGap = 3;

size_t size(int64_t n) { return static_cast<size_t>(n); }

std::string pair(int64_t a, int64_t b) { return std::to_string(a) + "x" + std::to_string(b); }

int64_t slides(int64_t extent, int64_t kernel, int64_t stride) {
  return (extent - kernel) / stride + 1;
}

template <typename T>
void check_unchanged(const Guarded<T>& operand, const std::vector<T>& values) {
  CHECK_NONE(operand.check());
  CHECK(values.empty() ||
        std::memcmp(operand.data(), values.data(), values.size() * sizeof(T)) == 0);
}

}  // namespace

int64_t FusedNet::place(bool weight, int64_t count, int64_t fan_in) {
  const int64_t begin = arena_ == 0 ? 0 : arena_ + kGap;
  parts_.push_back({steps_.size(), weight, begin, count, fan_in});
  arena_ = begin + count;
  return begin;
}

void FusedNet::place_parameters(FusedStep& step, int64_t weights, int64_t biases) {
  const int64_t fan_in = weights / biases;
  const bool bias_first = steps_.size() % 2 == 1;
  if (bias_first) step.bias = place(false, biases, fan_in);
  step.weight = place(true, weights, fan_in);
  if (!bias_first) step.bias = place(false, biases, fan_in);
}

void FusedNet::append(const FusedStep& step, const PlaneShape& out) {
  steps_.push_back(step);
  shapes_.push_back(out);
}

FusedNet& FusedNet::conv(const ConvSpec& s) {
  const PlaneShape in = shapes_.back();
  FusedStep step{};
  step.kind = FusedStep::Kind::kConv;
  step.out_channels = s.out_channels;
  step.kh = s.kh;
  step.kw = s.kw;
  step.stride_h = s.stride_h;
  step.stride_w = s.stride_w;
  step.pad_h = s.pad_h;
  step.pad_w = s.pad_w;
  step.relu = s.relu;
  step.pool = s.pool;
  place_parameters(step, s.out_channels * in.c * s.kh * s.kw, s.out_channels);
  const int64_t shrink = s.pool ? 2 : 1;
  append(step, {s.out_channels, slides(in.h + 2 * s.pad_h, s.kh, s.stride_h) / shrink,
                slides(in.w + 2 * s.pad_w, s.kw, s.stride_w) / shrink});
  return *this;
}

FusedNet& FusedNet::pool(int64_t kh, int64_t kw, int64_t stride_h, int64_t stride_w) {
  const PlaneShape in = shapes_.back();
  FusedStep step{};
  step.kind = FusedStep::Kind::kPool;
  step.kh = kh;
  step.kw = kw;
  step.stride_h = stride_h;
  step.stride_w = stride_w;
  append(step, {in.c, slides(in.h, kh, stride_h), slides(in.w, kw, stride_w)});
  return *this;
}

FusedNet& FusedNet::relu() {
  FusedStep step{};
  step.kind = FusedStep::Kind::kRelu;
  append(step, shapes_.back());
  return *this;
}

FusedNet& FusedNet::linear(int64_t out_features, bool with_relu) {
  FusedStep step{};
  step.kind = FusedStep::Kind::kLinear;
  step.in_features = shapes_.back().size();
  step.out_features = out_features;
  step.relu = with_relu;
  place_parameters(step, step.in_features * out_features, out_features);
  append(step, {out_features, 1, 1});
  return *this;
}

LaneStep FusedStep::fields() const {
  const auto number = [](int64_t n) { return static_cast<double>(n); };
  const auto one = [&](int64_t n) { return std::vector<double>{number(n)}; };
  const auto two = [&](int64_t h, int64_t w) { return std::vector<double>{number(h), number(w)}; };
  LaneStep step;
  switch (kind) {
    case Kind::kConv:
      step = {"conv2d",
              {{"outChannels", one(out_channels)},
               {"kernel", two(kh, kw)},
               {"stride", two(stride_h, stride_w)},
               {"padding", two(pad_h, pad_w)},
               {"pool", one(pool)},
               {"weight", one(weight)},
               {"bias", one(bias)}}};
      break;
    case Kind::kPool:
      step = {"maxPool2d", {{"kernel", two(kh, kw)}, {"stride", two(stride_h, stride_w)}}};
      break;
    case Kind::kRelu:
      return {"activation", {}, {{"activation", "relu"}}};
    case Kind::kLinear:
      step = {"linear",
              {{"inFeatures", one(in_features)},
               {"outFeatures", one(out_features)},
               {"weight", one(weight)},
               {"bias", one(bias)}}};
      break;
  }
  if (relu) step.texts["activation"] = "relu";
  return step;
}

LanePlan FusedNet::plan(bool winograd) const {
  const PlaneShape& in = shapes_.front();
  std::vector<LaneStep> steps;
  for (const FusedStep& step : steps_) steps.push_back(step.fields());
  return LanePlan(in.c, in.h, in.w, steps, {"crossEntropy", winograd});
}

std::string FusedNet::text() const {
  const PlaneShape& in = shapes_.front();
  std::string all = std::to_string(in.c) + "x" + pair(in.h, in.w);
  for (const FusedStep& s : steps_) {
    switch (s.kind) {
      case FusedStep::Kind::kConv:
        all += ", conv " + std::to_string(s.out_channels) + " of " + pair(s.kh, s.kw) +
               ", stride " + pair(s.stride_h, s.stride_w) + ", padding " + pair(s.pad_h, s.pad_w);
        break;
      case FusedStep::Kind::kPool:
        all += ", max " + pair(s.kh, s.kw) + ", stride " + pair(s.stride_h, s.stride_w);
        break;
      case FusedStep::Kind::kRelu:
        all += ", relu";
        break;
      case FusedStep::Kind::kLinear:
        all += ", linear " + std::to_string(s.out_features);
        break;
    }
    if (s.relu) all += " + relu";
    if (s.pool) all += " + pool";
  }
  return all;
}

Floats FusedNet::real_parameters(Random& random) const {
  Floats all(size(arena_), std::numeric_limits<float>::quiet_NaN());
  for (const Part& part : parts_) {
    const float limit = part.weight ? std::sqrt(6.0f / static_cast<float>(part.fan_in)) : 0.5f;
    for (int64_t i = 0; i < part.count; ++i) all[size(part.begin + i)] = limit * random.real();
  }
  return all;
}

Floats FusedNet::whole_parameters(Random& random) const {
  Floats all(size(arena_), std::numeric_limits<float>::quiet_NaN());
  for (const Part& part : parts_) {
    for (int64_t i = 0; i < part.count; ++i) {
      all[size(part.begin + i)] = static_cast<float>(random.integer(-1, 1));
    }
    if (part.weight || part.step + 1 < steps_.size()) continue;
    all[size(part.begin)] = 0.0f;
    all[size(part.begin + 1)] = 0x1p20f;
  }
  return all;
}

Floats FusedNet::grained_parameters(Random& random) const {
  Floats all(size(arena_), std::numeric_limits<float>::quiet_NaN());
  for (const Part& part : parts_) {
    const float unit = part.step == parts_.back().step ? static_cast<float>(kGrain) : 1.0f;
    const int64_t zeros = std::max<int64_t>(1, part.weight ? part.fan_in / 6 : 1);
    for (int64_t i = 0; i < part.count; ++i) {
      const int64_t draw = random.integer(0, zeros + 1);
      all[size(part.begin + i)] = draw > 1 ? 0.0f : draw == 0 ? unit : -unit;
    }
  }
  return all;
}

FusedImages random_images(const FusedNet& net, Random& random, int64_t count, int64_t highest,
                          float scale, float shift, int64_t classes) {
  FusedImages images{{}, {}, scale, shift};
  for (int64_t i = 0; i < count * net.input_size(); ++i) {
    images.bytes.push_back(static_cast<uint8_t>(random.integer(0, highest)));
  }
  for (int64_t i = 0; i < count; ++i) {
    images.labels.push_back(static_cast<uint8_t>(random.integer(0, classes - 1)));
  }
  return images;
}

std::vector<uint32_t> random_indices(Random& random, int64_t count, int64_t images, int64_t width) {
  std::vector<uint32_t> indices;
  for (int64_t i = 0; i < count; ++i) {
    indices.push_back(
        static_cast<uint32_t>(i % width == 0 ? images - 1 : random.integer(0, images - 1)));
  }
  return indices;
}

Floats pixels(const FusedNet& net, const FusedImages& images, uint32_t index) {
  Floats x(size(net.input_size()));
  for (size_t i = 0; i < x.size(); ++i) {
    const float product = static_cast<float>(images.bytes[index * x.size() + i]) * images.scale;
    x[i] = product + images.shift;
  }
  return x;
}

FusedResult FusedRunner::run(LanePlan& plan, const FusedNet& net, const FusedImages& images,
                             const std::vector<uint32_t>& indices, const Floats& parameters,
                             float grad_scale, Side side) {
  const int64_t count = static_cast<int64_t>(indices.size());
  images_.place(images.bytes, side);
  labels_.place(images.labels, side);
  indices_.place(indices, side);
  parameters_.place(parameters, side);
  gradients_.place(net.arena(), side);
  predictions_.place(count, side);
  logits_.place(count * net.classes(), side);
  Floats x;
  for (uint32_t index : indices) {
    const Floats image = pixels(net, images, index);
    x.insert(x.end(), image.begin(), image.end());
  }
  x_.place(x, side);

  const ByteBatch batch{images_.data(), labels_.data(), indices_.data(),
                        count,          images.scale,   images.shift};
  FusedResult result{};
  result.trained = plan.train_step(batch, parameters_.data(), gradients_.data(), {grad_scale});
  result.evaluated = plan.evaluate(batch, parameters_.data(), nullptr, predictions_.data());
  plan.predict(x_.data(), count, parameters_.data(), nullptr, logits_.data());
  result.predictions = predictions_.values();
  result.logits = logits_.values();

  check_unchanged(images_, images.bytes);
  check_unchanged(labels_, images.labels);
  check_unchanged(indices_, indices);
  check_unchanged(parameters_, parameters);
  check_unchanged(x_, x);
  CHECK_NONE(gradients_.check());
  CHECK_NONE(predictions_.check());
  CHECK_NONE(logits_.check());
  result.gradients = Floats(size(net.arena()), 0.0f);
  int64_t at = 0;
  for (const FusedNet::Part& part : net.parts()) {
    for (; at < part.begin; ++at) CHECK(is_guard(gradients_.data() + at));
    for (; at < part.begin + part.count; ++at) result.gradients[size(at)] = gradients_.data()[at];
  }
  return result;
}

std::string difference_in_bits(const FusedResult& actual, const FusedResult& expected) {
  const std::string gradients = difference_in_bits(actual.gradients, expected.gradients);
  if (!gradients.empty()) return "gradients: " + gradients;
  const std::string logits = difference_in_bits(actual.logits, expected.logits);
  if (!logits.empty()) return "logits: " + logits;
  if (actual.predictions != expected.predictions) return "predictions differ";
  for (auto sum : {&FusedResult::trained, &FusedResult::evaluated}) {
    const LossSum& a = actual.*sum;
    const LossSum& e = expected.*sum;
    const std::string loss = difference_in_bits(&a.loss, &e.loss, sizeof a.loss);
    if (!loss.empty()) return "loss: " + loss;
    if (a.correct != e.correct) return "the numbers of correct images differ";
  }
  return "";
}

FusedNet fused_lenet5() {
  FusedNet net(1, 32, 32);
  net.conv({6, 5, 5, 1, 1, 0, 0, true, true}).conv({16, 5, 5, 1, 1, 0, 0, true, true});
  net.conv({120, 5, 5, 1, 1, 0, 0, true}).linear(84, true).linear(10);
  return net;
}

const std::vector<FusedNet>& mixed_nets() {
  static const std::vector<FusedNet> list = {
      // Sparse backward with padding before and behind, by rows of channels and by blends.
      FusedNet(2, 9, 11)
          .conv({7, 3, 3, 1, 1, 1, 2, true, true})
          .conv({5, 3, 3, 1, 1, 1, 1, true, true})
          .linear(5),
      FusedNet(1, 14, 13)
          .conv({6, 5, 5, 1, 1, 2, 4, true, true})
          .conv({17, 5, 5, 1, 1, 2, 1, false, true})
          .linear(13, true)
          .linear(3),
      FusedNet(17, 8, 9).conv({17, 1, 1}).conv({2, 5, 5, 1, 1, 1, 2, true, true}).linear(4),
      // Dense backward: no pool, strides, other kernels.
      FusedNet(3, 10, 9)
          .conv({6, 2, 4, 1, 2, 1, 3, true})
          .conv({13, 7, 3, 2, 1, 6, 2, false})
          .linear(7),
      FusedNet(2, 15, 14)
          .conv({5, 3, 3, 2, 1, 0, 1, true, true})
          .conv({7, 2, 2, 1, 1, 1, 1, true, true})
          .linear(2),
      // Many channels: kernels of all three sizes, with and without a pool.
      FusedNet(1, 9, 10)
          .conv({8, 3, 3, 1, 1, 1, 1, true})
          .conv({12, 3, 3, 1, 1, 1, 0, true, true})
          .conv({9, 1, 1, 1, 1, 0, 0, true})
          .conv({8, 5, 5, 1, 1, 2, 3})
          .linear(5),
      // Steps of their own: pools that overlap, ReLU between padded convolutions.
      FusedNet(2, 12, 13)
          .conv({4, 3, 3})
          .relu()
          .pool(3, 2, 2, 1)
          .conv({5, 3, 3, 1, 1, 2, 2})
          .relu()
          .conv({3, 2, 3, 1, 1, 1, 1})
          .pool(2, 3, 2, 3)
          .linear(6),
      FusedNet(3, 7, 8).pool(2, 2, 1, 1).relu().conv({6, 3, 3, 1, 1, 1, 1, true}).linear(9),
      FusedNet(1, 9, 9).conv({3, 3, 3, 1, 1, 1, 1, true, true}).pool(2, 2, 2, 2).linear(5),
      // The logits of other steps than a linear layer's.
      FusedNet(2, 7, 9).conv({5, 3, 3}).conv({6, 5, 7}),
      FusedNet(1, 8, 8).conv({5, 3, 3, 1, 1, 0, 0, true}).conv({3, 3, 3, 1, 1, 0, 0, false, true}),
      FusedNet(2, 6, 5).conv({4, 2, 2}).pool(2, 3, 1, 1),
      FusedNet(1, 5, 5).linear(9).relu(),
      FusedNet(1, 5, 5).linear(11, true),
      // Nothing to train.
      FusedNet(2, 5, 6).pool(2, 2, 2, 2).relu(),
      // A convolution of vectors.
      FusedNet(1, 1, 30).linear(19, true).conv({7, 1, 1, 1, 1, 0, 0, true}).linear(4),
  };
  return list;
}

}  // namespace rownet::test
