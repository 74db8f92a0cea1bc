#include "batch_net.h"

#include <algorithm>
#include <cmath>

#include "harness.h"
#include "reference/layers.h"

namespace rownet::test {

namespace {

constexpr double kMomentum = 0.25, kEps = 1e-3, kSlope = 0.25;

size_t size(int64_t n) { return static_cast<size_t>(n); }

double activated(const std::string& name, double x) {
  if (name == "relu") return x > 0.0 ? x : 0.0;
  if (name == "sigmoid") return 1.0 / (1.0 + std::exp(-x));
  if (name == "tanh") return std::tanh(x);
  if (name == "leakyRelu") return x > 0.0 ? x : kSlope * x;
  return x;
}

// The step with its activation, if there is one.
LaneStep activated(LaneStep step, const std::string& name) {
  step.texts["activation"] = name;
  if (name == "leakyRelu") step.numbers["negativeSlope"] = {kSlope};
  return step;
}

Batch pooled(const Batch& in) {
  const Window v{in.count, in.shape.c, in.shape.h, in.shape.w, 2, 2, 2, 2, 0, 0};
  Batch out{in.count, {v.c, out_height(v), out_width(v)}, {}};
  out.values.resize(size(in.count * out.shape.size()));
  std::vector<int64_t> positions(out.values.size());
  reference::max_pool2d_forward(v, in.values.data(), out.values.data(), positions.data());
  return out;
}

}  // namespace

void BatchNet::append(LaneStep step) {
  if (at != steps.size()) step.numbers["from"] = {static_cast<double>(at)};
  steps.push_back(std::move(step));
  at = steps.size();
}

BatchNet& BatchNet::residual(const Build& body, const Build& shortcut, const char* activation) {
  const std::string name = activation;
  const size_t source = at;
  const PlaneShape from = shape;
  auto before = std::move(forward);
  forward.clear();
  append({"branch"});
  body(*this);
  const auto of_body = std::move(forward);
  const size_t end = at;
  const PlaneShape to = shape;
  forward.clear();
  at = source;
  shape = from;
  shortcut(*this);
  const auto of_shortcut = std::move(forward);
  LaneStep sum = activated({"add", {{"with", {static_cast<double>(at)}}}}, name);
  at = end;
  append(sum);
  // Two shapes of one size are those in front of a flatten.
  const bool same = shape.c == to.c && shape.h == to.h;
  shape = same ? to : PlaneShape{to.size(), 1, 1};
  forward = std::move(before);
  forward.push_back([=, out = shape](const Batch& x, Pass& pass) {
    Batch a = x, b = x;
    for (const auto& step : of_body) a = step(a, pass);
    for (const auto& step : of_shortcut) b = step(b, pass);
    for (size_t i = 0; i < a.values.size(); ++i)
      a.values[i] = activated(name, a.values[i] + b.values[i]);
    a.shape = out;
    return a;
  });
  return *this;
}

BatchNet& BatchNet::conv(int64_t channels, int64_t kernel, int64_t pad, const char* activation,
                         bool pool) {
  return convolution(channels, {0, 0, 0, 0, kernel, kernel, 1, 1, pad, pad}, true, activation,
                     pool);
}

BatchNet& BatchNet::convolution(int64_t channels, Window geometry, bool with_bias,
                                const char* activation, bool pool) {
  Window v = geometry;
  v.c = shape.c;
  v.h = shape.h;
  v.w = shape.w;
  const auto pair = [](int64_t a, int64_t b) {
    return std::vector<double>{static_cast<double>(a), static_cast<double>(b)};
  };
  const int64_t weight = static_cast<int64_t>(take(channels * group_taps(v)));
  const int64_t bias = with_bias ? static_cast<int64_t>(take(channels)) : -1;
  LaneStep step{"conv2d",
                {{"outChannels", {static_cast<double>(channels)}},
                 {"kernel", pair(v.kh, v.kw)},
                 {"stride", pair(v.stride_h, v.stride_w)},
                 {"padding", pair(v.pad_h, v.pad_w)},
                 {"pool", {pool ? 1.0 : 0.0}},
                 {"weight", {static_cast<double>(weight)}}}};
  if (with_bias) step.numbers["bias"] = {static_cast<double>(bias)};
  if (v.groups > 1) step.numbers["groups"] = {static_cast<double>(v.groups)};
  if (v.dilation_h * v.dilation_w > 1) step.numbers["dilation"] = pair(v.dilation_h, v.dilation_w);
  append(activated(step, activation));
  const std::string name = activation;
  forward.push_back([=](const Batch& x, Pass& pass) {
    Window of = v;
    of.n = x.count;
    Batch y{x.count, {channels, out_height(of), out_width(of)}, {}};
    y.values.resize(size(x.count * y.shape.size()));
    const Doubles zeros(size(channels), 0.0);
    reference::conv2d_forward(of, channels, x.values.data(), pass.parameters.data() + weight,
                              bias < 0 ? zeros.data() : pass.parameters.data() + bias,
                              y.values.data());
    for (double& value : y.values) value = activated(name, value);
    return pool ? pooled(y) : y;
  });
  shape = {channels, out_height(v), out_width(v)};
  if (pool) shape = {channels, shape.h / 2, shape.w / 2};
  return *this;
}

BatchNet& BatchNet::linear(int64_t outputs, const char* activation, bool with_bias) {
  const int64_t features = shape.size();
  const int64_t weight = static_cast<int64_t>(take(outputs * features));
  const int64_t bias = with_bias ? static_cast<int64_t>(take(outputs)) : -1;
  LaneStep step{"linear",
                {{"inFeatures", {static_cast<double>(features)}},
                 {"outFeatures", {static_cast<double>(outputs)}},
                 {"weight", {static_cast<double>(weight)}}}};
  if (with_bias) step.numbers["bias"] = {static_cast<double>(bias)};
  append(activated(step, activation));
  const std::string name = activation;
  forward.push_back([=](const Batch& x, Pass& pass) {
    Batch y{x.count, {outputs, 1, 1}, Doubles(size(x.count * outputs))};
    const Doubles zeros(size(outputs), 0.0);
    reference::linear_forward(
        x.count, features, outputs, x.values.data(), pass.parameters.data() + weight,
        bias < 0 ? zeros.data() : pass.parameters.data() + bias, y.values.data());
    for (double& value : y.values) value = activated(name, value);
    return y;
  });
  shape = {outputs, 1, 1};
  return *this;
}

BatchNet& BatchNet::activation(const char* name) {
  append(activated({"activation"}, name));
  const std::string text = name;
  forward.push_back([=](const Batch& x, Pass&) {
    Batch y = x;
    for (double& value : y.values) value = activated(text, value);
    return y;
  });
  return *this;
}

BatchNet& BatchNet::max_pool() {
  append({"maxPool2d", {{"kernel", {2, 2}}, {"stride", {2, 2}}}});
  forward.push_back([](const Batch& x, Pass&) { return pooled(x); });
  shape = {shape.c, shape.h / 2, shape.w / 2};
  return *this;
}

BatchNet& BatchNet::padded_pool(bool average) {
  const PlaneShape in = shape;
  const Window v{1, in.c, in.h, in.w, 3, 2, 2, 1, 1, 1};
  shape = {in.c, out_height(v), out_width(v)};
  append({average ? "avgPool2d" : "maxPool2d",
          {{"kernel", {3, 2}}, {"stride", {2, 1}}, {"padding", {1, 1}}}});
  const PlaneShape to = shape;
  forward.push_back([=](const Batch& x, Pass&) {
    Batch y{x.count, to, {}};
    for (int64_t plane = 0; plane < x.count * in.c; ++plane) {
      for (int64_t pixel = 0; pixel < to.h * to.w; ++pixel) {
        double total = 0.0, best = -1e300;
        for (int64_t tap = 0; tap < v.kh * v.kw; ++tap) {
          const int64_t iy = pixel / to.w * v.stride_h + tap / v.kw - v.pad_h;
          const int64_t ix = pixel % to.w * v.stride_w + tap % v.kw - v.pad_w;
          if (iy < 0 || iy >= in.h || ix < 0 || ix >= in.w) continue;
          const double value = x.values[size((plane * in.h + iy) * in.w + ix)];
          total += value;
          best = std::max(best, value);
        }
        y.values.push_back(average ? total / static_cast<double>(v.kh * v.kw) : best);
      }
    }
    return y;
  });
  return *this;
}

BatchNet& BatchNet::global_avg_pool() {
  const int64_t pixels = shape.h * shape.w;
  shape = {shape.c, 1, 1};
  append({"globalAvgPool2d"});
  forward.push_back([=, to = shape](const Batch& x, Pass&) {
    Batch y{x.count, to, Doubles(size(x.count * to.c), 0.0)};
    for (size_t i = 0; i < x.values.size(); ++i)
      y.values[i / size(pixels)] += x.values[i] / static_cast<double>(pixels);
    return y;
  });
  return *this;
}

BatchNet& BatchNet::softmax() {
  const size_t features = size(shape.size());
  shape = {shape.size(), 1, 1};
  append({"softmax"});
  forward.push_back([=, to = shape](const Batch& x, Pass&) {
    Batch y{x.count, to, x.values};
    for (size_t row = 0; row < y.values.size(); row += features) {
      double sum = 0.0;
      for (size_t i = 0; i < features; ++i) sum += std::exp(x.values[row + i]);
      for (size_t i = 0; i < features; ++i) y.values[row + i] = std::exp(x.values[row + i]) / sum;
    }
    return y;
  });
  return *this;
}

BatchNet& BatchNet::batch_norm(bool affine, bool of_rows, const char* activation) {
  if (of_rows) shape = {shape.size(), 1, 1};
  const int64_t channels = shape.c, mean_at = buffers, variance_at = buffers + channels;
  buffers += 2 * channels;
  LaneStep step{of_rows ? "batchNorm1d" : "batchNorm2d",
                {{"features", {static_cast<double>(channels)}},
                 {"eps", {kEps}},
                 {"momentum", {kMomentum}},
                 {"runningMean", {static_cast<double>(mean_at)}},
                 {"runningVar", {static_cast<double>(variance_at)}}}};
  int64_t weight = -1, bias = -1;
  if (affine) {
    weight = static_cast<int64_t>(take(channels));
    bias = static_cast<int64_t>(take(channels));
    step.numbers["weight"] = {static_cast<double>(weight)};
    step.numbers["bias"] = {static_cast<double>(bias)};
  }
  append(activated(step, activation));
  const std::string name = activation;
  forward.push_back([=](const Batch& x, Pass& pass) {
    Batch y = x;
    if (of_rows) y.shape = {channels, 1, 1};
    const int64_t pixels = y.shape.h * y.shape.w, values = x.count * pixels;
    for (int64_t c = 0; c < channels; ++c) {
      const auto for_each = [&](const auto& body) {
        for (int64_t n = 0; n < x.count; ++n) {
          for (int64_t i = 0; i < pixels; ++i) body(size((n * channels + c) * pixels + i));
        }
      };
      double& running_mean = pass.buffers[size(mean_at + c)];
      double& running_variance = pass.buffers[size(variance_at + c)];
      double mean = running_mean, variance = running_variance;
      if (pass.training) {
        double sum = 0.0, squares = 0.0;
        for_each([&](size_t i) { sum += x.values[i]; });
        mean = sum / static_cast<double>(values);
        for_each([&](size_t i) { squares += std::pow(x.values[i] - mean, 2); });
        variance = squares / static_cast<double>(values);
        const double unbiased = squares / static_cast<double>(std::max<int64_t>(values - 1, 1));
        running_mean += kMomentum * (mean - running_mean);
        running_variance += kMomentum * (unbiased - running_variance);
      }
      const double factor = affine ? pass.parameters[size(weight + c)] : 1.0;
      const double added = affine ? pass.parameters[size(bias + c)] : 0.0;
      for_each([&](size_t i) {
        y.values[i] =
            activated(name, (x.values[i] - mean) / std::sqrt(variance + kEps) * factor + added);
      });
    }
    return y;
  });
  return *this;
}

namespace {

uint32_t mixed(uint32_t x) {
  x ^= x >> 16;
  x *= 0x7FEB352Du;
  x ^= x >> 15;
  x *= 0x846CA68Bu;
  return x ^ (x >> 16);
}

}  // namespace

BatchNet& BatchNet::dropout(double p, bool of_channels) {
  const int64_t place = places++;
  append({of_channels ? "dropout2d" : "dropout",
          {{"p", {p}}, {"place", {static_cast<double>(place)}}}});
  forward.push_back([=](const Batch& x, Pass& pass) {
    Batch y = x;
    if (!pass.training) return y;
    uint32_t key = mixed(static_cast<uint32_t>(pass.draw.seed) ^ 0x9E3779B9u);
    key = mixed(key + static_cast<uint32_t>(pass.draw.seed >> 32));
    key = mixed(key + static_cast<uint32_t>(pass.draw.step) * 0x85EBCA6Bu);
    const auto high = static_cast<uint32_t>(pass.draw.step >> 32);
    if (high != 0) key = mixed(key + high * 0xCC9E2D51u);
    key = mixed(key + static_cast<uint32_t>(place) * 0xC2B2AE35u);
    const auto features = static_cast<uint32_t>(x.shape.size());
    for (uint32_t i = 0; i < y.values.size(); ++i) {
      const auto pixels = static_cast<uint32_t>(of_channels ? x.shape.h * x.shape.w : 1);
      const uint32_t image = i / features, element = i % features / pixels;
      const uint32_t index = image * 0x27D4EB2Fu + element * 0x165667B1u + 1u;
      const bool kept = (mixed(key ^ mixed(index)) >> 8) >= static_cast<uint32_t>(p * 0x1p24 + 0.5);
      y.values[i] = kept ? y.values[i] / (1.0 - p) : 0.0;
    }
    return y;
  });
  return *this;
}

void check_near(const Floats& actual, const Doubles& expected) {
  CHECK_EQUAL(actual.size(), expected.size());
  double largest = 1e-3;
  for (double value : expected) largest = std::max(largest, std::fabs(value));
  for (size_t i = 0; i < expected.size(); ++i) {
    CHECK(std::fabs(static_cast<double>(actual[i]) - expected[i]) <= 2e-4 * largest);
  }
}

}  // namespace rownet::test
