#include "fused_oracle.h"

#include <algorithm>
#include <cmath>

#include "harness.h"
#include "reference/layers.h"
#include "reference/training.h"

namespace rownet::test {

namespace {

constexpr double kUnit = 0x1p-24;
// Of exp in the loss's kernel, relative; lanes_kernels_test.cpp measures it.
constexpr double kExpError = 0x1p-21;

size_t size(int64_t n) { return static_cast<size_t>(n); }
int64_t count(const Doubles& values) { return static_cast<int64_t>(values.size()); }

Doubles absolute(const Doubles& values) {
  Doubles result = values;
  for (double& value : result) value = std::fabs(value);
  return result;
}

// |value| + error
Doubles inflated(const Doubles& value, const Doubles& error) {
  Doubles result = absolute(value);
  for (size_t i = 0; i < result.size(); ++i) result[i] += error[i];
  return result;
}

double power_of_two_in(double value) {
  double power = 1.0;
  while (std::fmod(value, 2.0 * power) == 0.0) power *= 2.0;
  while (std::fmod(value, power) != 0.0) power /= 2.0;
  return power;
}

enum class Sign { kOn, kOff, kEither };

Sign sign_of(double value, double error) {
  if (value > error) return Sign::kOn;
  return value < -error || error == 0.0 ? Sign::kOff : Sign::kEither;
}

}  // namespace

FusedOracle::FusedOracle(const FusedNet& net, const Floats& parameters, double grad_scale,
                         Arithmetic arithmetic)
    : net_(net),
      parameters_(widen(parameters)),
      parameter_magnitudes_(absolute(parameters_)),
      grad_scale_(grad_scale),
      grad_unit_(power_of_two_in(grad_scale)),
      exact_forward_(arithmetic != Arithmetic::kFloat),
      exact_(arithmetic == Arithmetic::kExact),
      gradients_(parameters.size(), 0.0),
      errors_(parameters.size(), 0.0),
      magnitudes_(parameters.size(), 0.0) {}

double FusedOracle::rounding(bool exact, int64_t terms, double magnitude) const {
  if (!exact) return (static_cast<double>(terms) + 2.0) * kUnit * magnitude;
  CHECK(magnitude < kExactLimit);
  return 0.0;
}

// Of a convolution or pooling step before what is fused behind it, for one image.
Window FusedOracle::window(size_t step) const {
  const PlaneShape& in = net_.shape(step);
  const FusedStep& s = net_.steps()[step];
  return {1, in.c, in.h, in.w, s.kh, s.kw, s.stride_h, s.stride_w, s.pad_h, s.pad_w};
}

FusedOracle::Values FusedOracle::product(size_t step, const Values& in) const {
  const FusedStep& s = net_.steps()[step];
  const bool conv = s.kind == FusedStep::Kind::kConv;
  const Window v = window(step);
  const int64_t outputs = conv ? s.out_channels * out_pixels(v) : s.out_features;
  const auto multiply = [&](const Doubles& x, const Doubles& parameters) {
    Doubles y(size(outputs));
    const double *weight = parameters.data() + s.weight, *bias = parameters.data() + s.bias;
    if (conv) {
      reference::conv2d_forward(v, s.out_channels, x.data(), weight, bias, y.data());
    } else {
      reference::linear_forward(1, s.in_features, s.out_features, x.data(), weight, bias, y.data());
    }
    return y;
  };
  const Doubles plain = multiply(absolute(in.value), parameter_magnitudes_);
  const Doubles wide =
      exact_forward_ ? plain : multiply(inflated(in.value, in.error), parameter_magnitudes_);
  Values out{multiply(in.value, parameters_), Doubles(size(outputs))};
  // The last parameters are multiples of a grain, so their sums are as well.
  const bool grained = !exact_ && step == net_.parts().back().step;
  for (size_t i = 0; i < out.error.size(); ++i) {
    out.error[i] = std::max(0.0, wide[i] - plain[i]) +
                   rounding(exact_forward_, conv ? taps(v) : s.in_features,
                            grained && exact_forward_ ? wide[i] / kGrain : wide[i]);
  }
  return out;
}

FusedOracle::Values FusedOracle::relu(const Values& in) {
  Values out = in;
  reference::relu_forward(count(in.value), in.value.data(), out.value.data());
  for (size_t i = 0; i < out.value.size(); ++i) {
    if (sign_of(in.value[i], in.error[i]) == Sign::kOff) out.error[i] = 0.0;
    branches_.push_back(in.value[i] > 0.0);
  }
  return out;
}

void FusedOracle::relu_backward(const Values& in, Values& gradient) const {
  for (size_t i = 0; i < in.value.size(); ++i) {
    const Sign sign = sign_of(in.value[i], in.error[i]);
    if (sign == Sign::kOff) gradient.error[i] = 0.0;
    if (sign == Sign::kEither) gradient.error[i] += std::fabs(gradient.value[i]);
  }
  reference::relu_backward(count(in.value), in.value.data(), gradient.value.data(),
                           gradient.value.data());
}

FusedOracle::Values FusedOracle::max_pool(const Window& v, const Values& in) {
  Values out{Doubles(size(v.c * out_pixels(v))), Doubles(size(v.c * out_pixels(v)))};
  std::vector<int64_t> ignored(out.value.size());
  argmax_.resize(out.value.size());
  // The maximum moves by no more than the largest error under the window.
  reference::max_pool2d_forward(v, in.error.data(), out.error.data(), ignored.data());
  reference::max_pool2d_forward(v, in.value.data(), out.value.data(), argmax_.data());
  branches_.insert(branches_.end(), argmax_.begin(), argmax_.end());
  return out;
}

FusedOracle::Values FusedOracle::max_pool_backward(const Window& v, const Values& in,
                                                   const int64_t* argmax,
                                                   const Values& dout) const {
  Values din{Doubles(in.value.size()), Doubles(in.value.size())};
  reference::max_pool2d_backward(v, dout.value.data(), argmax, din.value.data());
  reference::max_pool2d_backward(v, dout.error.data(), argmax, din.error.data());
  const int64_t oh = out_height(v), ow = out_width(v);
  for (int64_t i = 0; i < count(dout.value); ++i) {
    const int64_t corner =
        i / (oh * ow) * v.h * v.w + i / ow % oh * v.stride_h * v.w + i % ow * v.stride_w;
    const auto place = [&](int64_t tap) { return size(corner + tap / v.kw * v.w + tap % v.kw); };
    const size_t best = place(argmax[i]);
    const double gradient = std::fabs(dout.value[size(i)]) + dout.error[size(i)];
    bool contested = false;
    for (int64_t tap = 0; tap < v.kh * v.kw; ++tap) {
      const size_t at = place(tap);
      // Equal numbers without errors: the first one wins, as in the reference.
      if (at == best || (in.error[at] == 0.0 && in.error[best] == 0.0)) continue;
      if (in.value[at] + in.error[at] < in.value[best] - in.error[best]) continue;
      din.error[at] += gradient;
      contested = true;
    }
    if (contested) din.error[best] += gradient;
    // Windows that overlap add up to kh * kw gradients.
    if (!exact_) din.error[best] += static_cast<double>(v.kh * v.kw) * kUnit * gradient;
  }
  return din;
}

FusedOracle::Values FusedOracle::loss_of(const Values& logits, int32_t label) {
  const size_t classes = logits.value.size();
  const Doubles& z = logits.value;
  Values d{Doubles(classes), Doubles(classes, 0.0)};
  const reference::LossSum sum =
      reference::softmax_cross_entropy(1, count(z), z.data(), &label, grad_scale_, d.value.data());
  const size_t best = static_cast<size_t>(std::max_element(z.begin(), z.end()) - z.begin());
  loss_ += sum.loss;
  logits_.insert(logits_.end(), z.begin(), z.end());
  logit_errors_.insert(logit_errors_.end(), logits.error.begin(), logits.error.end());
  bool decided = true;
  for (size_t j = 0; j < classes; ++j) {
    if (j != best && (logits.error[j] > 0.0 || logits.error[best] > 0.0) &&
        z[j] + logits.error[j] >= z[best] - logits.error[best]) {
      decided = false;
    }
  }
  predictions_.push_back(decided ? static_cast<int32_t>(best) : -1);
  if (decided) {
    correct_ += sum.correct;
  } else {
    ++undecided_;
  }
  if (exact_) return d;

  // Relative errors of exp(z - max), then of their sum, then of the quotient; twice the first
  // order. The loss moves by twice the largest error of a logit at most.
  const double shift = 2.0 * *std::max_element(logits.error.begin(), logits.error.end());
  const auto relative = [&](size_t j) {
    return shift + (z[best] - z[j] + shift) * kUnit + kExpError;
  };
  Doubles p(classes);
  double total = 0.0, of_sum = static_cast<double>(classes) * kUnit;
  for (size_t j = 0; j < classes; ++j) {
    p[j] = std::exp(z[j] - z[best]);
    total += p[j];
  }
  for (size_t j = 0; j < classes; ++j) {
    p[j] /= total;
    of_sum += p[j] * relative(j);
  }
  for (size_t j = 0; j < classes; ++j) {
    const double quotient = relative(j) + of_sum + 4.0 * kUnit;
    const double error = quotient < 0.125 ? 2.0 * p[j] * quotient + kUnit + 0x1p-120 : 1.0;
    d.error[j] = std::fabs(grad_scale_) * error;
  }
  loss_error_ += 2.0 * of_sum + shift + 2.0 * kUnit * (z[best] - z[size(label)] + shift);
  return d;
}

FusedOracle::Values FusedOracle::product_backward(size_t step, const Values& in,
                                                  const Values& dout) {
  const FusedStep& s = net_.steps()[step];
  const bool conv = s.kind == FusedStep::Kind::kConv;
  const Window v = window(step);
  struct Gradients {
    Doubles dx, dw, db;
  };
  const auto multiply = [&](const Doubles& x, const Doubles& parameters, const Doubles& dy) {
    const int64_t outputs = conv ? s.out_channels : s.out_features;
    const int64_t fan_in = conv ? taps(v) : s.in_features;
    Gradients g{Doubles(x.size()), Doubles(size(outputs * fan_in)), Doubles(size(outputs))};
    const double* weight = parameters.data() + s.weight;
    if (conv) {
      reference::conv2d_backward(v, s.out_channels, x.data(), weight, dy.data(), g.dx.data(),
                                 g.dw.data(), g.db.data());
    } else {
      reference::linear_backward(1, s.in_features, s.out_features, x.data(), weight, dy.data(),
                                 g.dx.data(), g.dw.data(), g.db.data());
    }
    return g;
  };
  const Gradients value = multiply(in.value, parameters_, dout.value);
  const Gradients plain = multiply(absolute(in.value), parameter_magnitudes_, absolute(dout.value));
  const Gradients wide = exact_ ? plain
                                : multiply(inflated(in.value, in.error), parameter_magnitudes_,
                                           inflated(dout.value, dout.error));
  const auto add = [&](int64_t begin, const Doubles Gradients::* part) {
    for (size_t i = 0; i < (value.*part).size(); ++i) {
      const size_t at = size(begin) + i;
      gradients_[at] += (value.*part)[i];
      errors_[at] += std::max(0.0, (wide.*part)[i] - (plain.*part)[i]);
      magnitudes_[at] += (wide.*part)[i];
    }
  };
  add(s.weight, &Gradients::dw);
  add(s.bias, &Gradients::db);
  const int64_t terms = conv ? s.out_channels * s.kh * s.kw : s.out_features;
  Values din{value.dx, Doubles(value.dx.size())};
  for (size_t i = 0; i < din.error.size(); ++i) {
    din.error[i] = std::max(0.0, wide.dx[i] - plain.dx[i]) +
                   rounding(exact_, terms, wide.dx[i] / grad_unit_) * grad_unit_;
  }
  return din;
}

void FusedOracle::add(const Floats& image, int32_t label) {
  struct Stage {
    Values in, product, active;  // of the step, of the ReLU and of the pool behind it
    std::vector<int64_t> argmax;
    Window pooled;
  };
  const std::vector<FusedStep>& steps = net_.steps();
  std::vector<Stage> stages(steps.size());
  Values at{widen(image), Doubles(image.size(), 0.0)};
  for (size_t i = 0; i < steps.size(); ++i) {
    const FusedStep& s = steps[i];
    Stage& stage = stages[i];
    const bool pools = s.kind == FusedStep::Kind::kPool;
    const bool multiplies = s.kind == FusedStep::Kind::kConv || s.kind == FusedStep::Kind::kLinear;
    stage.in = at;
    stage.product = multiplies ? product(i, at) : at;
    stage.active = s.relu || s.kind == FusedStep::Kind::kRelu ? relu(stage.product) : stage.product;
    at = stage.active;
    if (!s.pool && !pools) continue;
    const Window v = window(i);
    stage.pooled =
        pools ? v : Window{1, s.out_channels, out_height(v), out_width(v), 2, 2, 2, 2, 0, 0};
    at = max_pool(stage.pooled, stage.active);
    stage.argmax = argmax_;
  }
  Values d = loss_of(at, label);
  for (size_t i = steps.size(); i-- > 0;) {
    const FusedStep& s = steps[i];
    const Stage& stage = stages[i];
    if (!stage.argmax.empty()) {
      d = max_pool_backward(stage.pooled, stage.active, stage.argmax.data(), d);
    }
    if (s.relu || s.kind == FusedStep::Kind::kRelu) relu_backward(stage.product, d);
    if (s.kind == FusedStep::Kind::kConv || s.kind == FusedStep::Kind::kLinear) {
      d = product_backward(i, stage.in, d);
    }
  }
  ++images_;
}

Doubles FusedOracle::bounds(int64_t width) const {
  const int64_t blocks = (images_ + width - 1) / width;
  Doubles bound = errors_;
  for (const FusedNet::Part& part : net_.parts()) {
    // Behind a pool one pixel a window has a gradient. A block's sum, then one over blocks.
    const PlaneShape& out = net_.shape(part.step + 1);
    const int64_t terms = out.h * out.w * std::min(images_, width) + width + blocks;
    for (int64_t i = part.begin; i < part.begin + part.count; ++i) {
      bound[size(i)] += rounding(exact_, terms, magnitudes_[size(i)] / grad_unit_) * grad_unit_;
    }
  }
  return bound;
}

double FusedOracle::looseness(int64_t width) const {
  double bound = 0.0, gradient = 0.0;
  for (double value : bounds(width)) bound += value;
  for (double value : gradients_) gradient += std::fabs(value);
  return bound / gradient;
}

void FusedOracle::check(const FusedResult& result, int64_t width) const {
  CHECK_NONE(difference_beyond(result.logits, logits_, logit_errors_));
  CHECK_EQUAL(result.predictions.size(), predictions_.size());
  for (size_t i = 0; i < predictions_.size(); ++i) {
    if (predictions_[i] >= 0) CHECK_EQUAL(result.predictions[i], predictions_[i]);
  }
  for (const LossSum& sum : {result.trained, result.evaluated}) {
    // Sums in double round too, but not those of whole numbers.
    const double rounded = exact_ ? 0.0 : 1e-13 * std::fabs(loss_);
    CHECK(std::fabs(sum.loss - loss_) <= loss_error_ + rounded);
    CHECK(sum.correct >= correct_ && sum.correct <= correct_ + undecided_);
  }
  CHECK_NONE(difference_beyond(result.gradients, gradients_, bounds(width)));
}

}  // namespace rownet::test
