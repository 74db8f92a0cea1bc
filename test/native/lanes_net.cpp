#include "lanes_net.h"

#include <cmath>
#include <limits>

#include "reference/layers.h"
#include "reference/training.h"

namespace rownet::test {

namespace {

size_t size(int64_t n) { return static_cast<size_t>(n); }

// Adds steps and hands out offsets, following the shape.
class Builder {
 public:
  explicit Builder(int64_t c, int64_t h, int64_t w)
      : net_{c, h, w, {}, 0, 0, {}}, c_(c), h_(h), w_(w) {}

  int64_t h() const { return h_; }
  int64_t w() const { return w_; }
  int64_t features() const { return c_ * h_ * w_; }

  void conv(int64_t oc, int64_t kh, int64_t kw, int64_t sh, int64_t sw, int64_t ph, int64_t pw,
            bool relu, bool pool) {
    LaneStep step{};
    step.kind = LaneStep::Kind::kConv;
    step.out_channels = oc;
    window(step, kh, kw, sh, sw, ph, pw);
    step.relu = relu;
    step.weight = take(oc * c_ * kh * kw);
    step.bias = take(oc);
    c_ = oc;
    step.pool = pool && h_ >= 2 && w_ >= 2;
    if (step.pool) h_ /= 2, w_ /= 2;
    net_.steps.push_back(step);
  }

  void pool(int64_t kh, int64_t kw, int64_t sh, int64_t sw) {
    LaneStep step{};
    step.kind = LaneStep::Kind::kPool;
    window(step, kh, kw, sh, sw, 0, 0);
    net_.steps.push_back(step);
  }

  void relu() {
    LaneStep step{};
    step.kind = LaneStep::Kind::kRelu;
    net_.steps.push_back(step);
  }

  void linear(int64_t out, bool relu) {
    LaneStep step{};
    step.kind = LaneStep::Kind::kLinear;
    step.in_features = features();
    step.out_features = out;
    step.relu = relu;
    step.weight = take(out * features());
    step.bias = take(out);
    c_ = out;
    h_ = w_ = 1;
    net_.steps.push_back(step);
  }

  LaneNet finish() {
    net_.classes = features();
    net_.arena = static_cast<int64_t>(net_.used.size());
    return net_;
  }

 private:
  LaneNet net_;
  int64_t c_, h_, w_;

  void window(LaneStep& step, int64_t kh, int64_t kw, int64_t sh, int64_t sw, int64_t ph,
              int64_t pw) {
    step.kh = kh;
    step.kw = kw;
    step.stride_h = sh;
    step.stride_w = sw;
    step.pad_h = ph;
    step.pad_w = pw;
    h_ = (h_ + 2 * ph - kh) / sh + 1;
    w_ = (w_ + 2 * pw - kw) / sw + 1;
  }

  int64_t take(int64_t count) {
    if (!net_.used.empty()) net_.used.insert(net_.used.end(), 3, false);
    net_.used.insert(net_.used.end(), size(count), true);
    return static_cast<int64_t>(net_.used.size()) - count;
  }
};

// One layer of the reference.
struct Layer {
  enum class Kind { kConv, kPool, kRelu, kLinear };
  Kind kind;
  Window window;
  int64_t in, out;  // features of one image
  int64_t out_channels;
  int64_t weight, bias;
  int64_t weights, biases;
};

std::vector<Layer> layers_of(const LaneNet& net, int64_t count) {
  std::vector<Layer> layers;
  int64_t c = net.c, h = net.h, w = net.w;
  const auto relu = [&] {
    const int64_t n = c * h * w;
    layers.push_back({Layer::Kind::kRelu, {}, n, n, 0, 0, 0, 0, 0});
  };
  const auto pool = [&](int64_t kh, int64_t kw, int64_t sh, int64_t sw) {
    const Window v{count, c, h, w, kh, kw, sh, sw, 0, 0};
    layers.push_back({Layer::Kind::kPool, v, c * h * w, c * out_pixels(v), 0, 0, 0, 0, 0});
    h = out_height(v);
    w = out_width(v);
  };
  for (const LaneStep& s : net.steps) {
    switch (s.kind) {
      case LaneStep::Kind::kConv: {
        const Window v{count, c, h, w, s.kh, s.kw, s.stride_h, s.stride_w, s.pad_h, s.pad_w};
        layers.push_back({Layer::Kind::kConv, v, c * h * w, s.out_channels * out_pixels(v),
                          s.out_channels, s.weight, s.bias, s.out_channels * taps(v),
                          s.out_channels});
        c = s.out_channels;
        h = out_height(v);
        w = out_width(v);
        if (s.relu) relu();
        if (s.pool) pool(2, 2, 2, 2);
        break;
      }
      case LaneStep::Kind::kPool:
        pool(s.kh, s.kw, s.stride_h, s.stride_w);
        break;
      case LaneStep::Kind::kRelu:
        relu();
        break;
      case LaneStep::Kind::kLinear:
        layers.push_back({Layer::Kind::kLinear,
                          {},
                          s.in_features,
                          s.out_features,
                          s.out_features,
                          s.weight,
                          s.bias,
                          s.in_features * s.out_features,
                          s.out_features});
        c = s.out_features;
        h = w = 1;
        if (s.relu) relu();
        break;
    }
  }
  return layers;
}

// The gradient that dlogits gives, given every layer's input and every maximum's place.
Doubles backward(const std::vector<Layer>& layers, const Doubles& params, int64_t count,
                 const std::vector<Doubles>& inputs, const std::vector<Doubles>& outputs,
                 const std::vector<std::vector<int64_t>>& argmax, Doubles dy) {
  Doubles gradient(params.size(), 0.0);
  for (size_t i = layers.size(); i-- > 0;) {
    const Layer& l = layers[i];
    Doubles dx(size(count * l.in));
    const double* const x = inputs[i].data();
    const double* const weight = params.data() + l.weight;
    double* const dw = gradient.data() + l.weight;
    double* const db = gradient.data() + l.bias;
    switch (l.kind) {
      case Layer::Kind::kConv:
        reference::conv2d_backward(l.window, l.out_channels, x, weight, dy.data(), dx.data(), dw,
                                   db);
        break;
      case Layer::Kind::kPool:
        reference::max_pool2d_backward(l.window, dy.data(), argmax[i].data(), dx.data());
        break;
      case Layer::Kind::kRelu:
        reference::relu_backward(count * l.in, outputs[i].data(), dy.data(), dx.data());
        break;
      case Layer::Kind::kLinear:
        reference::linear_backward(count, l.in, l.out, x, weight, dy.data(), dx.data(), dw, db);
        break;
    }
    dy = dx;
  }
  return gradient;
}

Doubles absolute(Doubles values) {
  for (double& value : values) value = std::fabs(value);
  return values;
}

}  // namespace

std::string LaneNet::text() const {
  const auto of = [](int64_t a, int64_t b) { return std::to_string(a) + "x" + std::to_string(b); };
  std::string all = std::to_string(c) + "x" + of(h, w);
  for (const LaneStep& s : steps) {
    all += " > ";
    if (s.kind == LaneStep::Kind::kLinear) all += "linear " + std::to_string(s.out_features);
    if (s.kind == LaneStep::Kind::kRelu) all += "relu";
    if (s.kind == LaneStep::Kind::kConv) all += "conv " + std::to_string(s.out_channels) + " of ";
    if (s.kind == LaneStep::Kind::kPool) all += "pool ";
    if (s.kind == LaneStep::Kind::kConv || s.kind == LaneStep::Kind::kPool) {
      all += of(s.kh, s.kw) + "/" + of(s.stride_h, s.stride_w) + "+" + of(s.pad_h, s.pad_w);
    }
    if (s.relu) all += " relu";
    if (s.pool) all += " pool";
  }
  return all;
}

LaneNet lenet5() {
  Builder net(1, 32, 32);
  net.conv(6, 5, 5, 1, 1, 0, 0, true, true);
  net.conv(16, 5, 5, 1, 1, 0, 0, true, true);
  net.linear(120, true);
  net.linear(84, true);
  net.linear(10, false);
  return net.finish();
}

LaneNet random_net(Random& random) {
  const auto draw = [&](int64_t low, int64_t high) { return random.integer(low, high); };
  const auto chance = [&](int64_t of) { return random.integer(1, of) == 1; };
  Builder net(draw(1, 3), draw(4, 17), draw(4, 17));
  for (int64_t count = draw(0, 3); count > 0; --count) {
    // Half of them as in LeNet-5, which kernels may treat specially.
    const bool square = chance(2), plain = chance(2);
    const int64_t kh = square ? 2 * draw(0, 2) + 1 : draw(1, 5), kw = square ? kh : draw(1, 5);
    const int64_t ph = plain ? 0 : draw(0, kh - 1), pw = plain ? 0 : draw(0, kw - 1);
    if (kh > net.h() + 2 * ph || kw > net.w() + 2 * pw) break;
    const int64_t sh = plain ? 1 : draw(1, 3), sw = plain ? 1 : draw(1, 3);
    net.conv(draw(1, 9), kh, kw, sh, sw, ph, pw, !chance(4), chance(2));
    if (chance(3) && net.h() >= 3 && net.w() >= 3) {
      const int64_t pool_h = draw(1, 3), pool_w = draw(1, 3);
      net.pool(pool_h, pool_w, draw(1, 3), draw(1, 3));
    }
    if (chance(4)) net.relu();
  }
  if (chance(2)) net.linear(draw(1, 40), chance(2));
  net.linear(draw(2, 19), false);
  return net.finish();
}

Floats lane_parameters(const LaneNet& net, Random& random) {
  Floats parameters = random.integers(net.arena, 1);
  const auto last = size(net.steps.back().weight);
  for (size_t i = 0; i < parameters.size(); ++i) {
    if (i >= last) parameters[i] /= 64.0f;
    if (!net.used[i]) parameters[i] = std::numeric_limits<float>::quiet_NaN();
  }
  return parameters;
}

LaneResult reference_step(const LaneNet& net, const Floats& parameters, const Doubles& x,
                          const std::vector<int32_t>& labels, double grad_scale) {
  const auto count = static_cast<int64_t>(labels.size());
  const std::vector<Layer> layers = layers_of(net, count);
  const Doubles params = widen(parameters);
  std::vector<Doubles> inputs, outputs;
  std::vector<std::vector<int64_t>> argmax;
  for (const Layer& l : layers) {
    inputs.push_back(outputs.empty() ? x : outputs.back());
    outputs.emplace_back(size(count * l.out));
    argmax.emplace_back(l.kind == Layer::Kind::kPool ? size(count * l.out) : 0);
    const double* const in = inputs.back().data();
    double* const out = outputs.back().data();
    const double* const weight = params.data() + l.weight;
    const double* const bias = params.data() + l.bias;
    switch (l.kind) {
      case Layer::Kind::kConv:
        reference::conv2d_forward(l.window, l.out_channels, in, weight, bias, out);
        break;
      case Layer::Kind::kPool:
        reference::max_pool2d_forward(l.window, in, out, argmax.back().data());
        break;
      case Layer::Kind::kRelu:
        reference::relu_forward(count * l.in, in, out);
        break;
      case Layer::Kind::kLinear:
        reference::linear_forward(count, l.in, l.out, in, weight, bias, out);
        break;
    }
  }
  LaneResult result;
  result.logits = outputs.back();
  Doubles dlogits(result.logits.size());
  const reference::LossSum sum = reference::softmax_cross_entropy(
      count, net.classes, result.logits.data(), labels.data(), grad_scale, dlogits.data());
  result.loss = sum.loss;
  result.correct = sum.correct;
  result.gradient = backward(layers, params, count, inputs, outputs, argmax, dlogits);
  // What rounds: probability - 1 is a sum of two terms, and a probability below 1e-38 may be one of
  // 1e-38, since exp stops there (2^-100, times the bound's eps and terms, is above that).
  for (double& value : dlogits) value = std::fabs(value) + 0x1p-100;
  for (int64_t i = 0; i < count; ++i) {
    double& own = dlogits[size(i * net.classes + labels[size(i)])];
    own += 2.0 * grad_scale;
    int32_t best = 0;
    for (int32_t j = 1; j < net.classes; ++j) {
      const double* const z = result.logits.data() + i * net.classes;
      if (z[j] > z[best]) best = j;
    }
    result.predictions.push_back(best);
  }
  for (Doubles& values : inputs) values = absolute(values);
  result.sums = backward(layers, absolute(params), count, inputs, outputs, argmax, dlogits);
  return result;
}

}  // namespace rownet::test
