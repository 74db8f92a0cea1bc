// batch_norm2d.h: each channel to mean 0 and variance 1 over batch and pixels, then times weight plus
// bias. Source: Ioffe & Szegedy, Batch Normalization (2015).
//
//   forward   xhat = (x - mean) / sqrt(variance + eps),   y = weight * xhat + bias
//   backward  dx = weight / sqrt(variance + eps) * (dy - mean(dy) - xhat * mean(dy * xhat))
//             dweight = sum(dy * xhat),   dbias = sum(dy)
//
// Training takes mean and biased variance of the batch, and moves the buffers of the running mean and
// variance (unbiased, as far as there are two values) towards them by `momentum`; evaluation takes the
// buffers.
//
// Joint     a block gives the mean and the sum of squared deviations of each channel; the join merges
//           them in their order (Chan et al., Updating Formulae and a Pairwise Algorithm, 1979)
// Fields    features, eps, momentum, runningMean, runningVar; weight and bias unless not affine;
//           activation where it is fused: the way back passes it where gradients are collected
#pragma once

#include <math.h>

#include "isa/vec.h"
#include "lanes/lane_io_kernel.h"
#include "lanes/lane_op.h"
#include "layers/activations.h"

namespace rownet {
namespace {

struct BatchNormStep {
  ActivationUse activation;
  float eps, momentum;
  ArenaRange mean, variance;  // in the buffers
  size_t moments;             // [2][channels] of a block, in its sums
  size_t totals;              // of dy and of dy * xhat, likewise
  size_t norm, means;  // [2][channels] each, shared: mean and 1 / deviation; of dy, dy * xhat
};

// Count, mean and sum of squared deviations of values, and of those of another set beside them.
struct Moments {
  double count, mean, squares;

  void add(double other_count, double other_mean, double other_squares) {
    const double all = count + other_count, distance = other_mean - mean;
    squares += other_squares + distance * distance * count * other_count / all;
    mean += distance * other_count / all;
    count = all;
  }
};

// 1 in lanes that hold an image, else 0.
inline Vec live_lanes(int64_t count) {
  alignas(64) float lanes[kWidth];
  for (int lane = 0; lane < kWidth; ++lane) lanes[lane] = lane < count ? 1.0f : 0.0f;
  return load(lanes);
}

// Calls op(channel, i, j, n) for each line; see for_each_line.
template <typename Op>
inline void for_each_channel_line(const LaneTensor& in, const LaneTensor& out, Op&& op) {
  int64_t line = 0;
  for_each_line(in, out, [&](int64_t i, int64_t j, int64_t n) { op(line++ / in.h, i, j, n); });
}

void batch_norm_read(const StepReader& fields, Planned& step) {
  BatchNormStep& own = own_of<BatchNormStep>(step);
  const int64_t channels = fields.integer("features", 1);
  if (channels != step.in.c) fields.refuse("features differ from the input's channels");
  own.eps = static_cast<float>(fields.number("eps"));
  own.momentum = static_cast<float>(fields.number("momentum"));
  if (!(own.eps >= 0.0f)) fields.refuse("eps is below 0");
  own.mean = fields.buffer("runningMean", channels, step);
  own.variance = fields.buffer("runningVar", channels, step);
  if (fields.has("weight")) {
    fields.parameter("weight", channels, step);
    fields.parameter("bias", channels, step);
  }
  own.activation = read_fused_activation(fields);
  step.out = {step.in.c, step.in.h, step.in.w, 0, 0};
}

void batch_norm_place(Planned& step, PlanLayout& layout) {
  BatchNormStep& own = own_of<BatchNormStep>(step);
  const size_t two = static_cast<size_t>(2 * step.in.c);
  own.moments = layout.sums(two, "moments");
  own.totals = layout.sums(two, "totals");
  own.norm = layout.shared(two, "norm");
  own.means = layout.shared(two, "means of gradients");
}

void batch_norm_collect(const Planned& step, const LaneBlock& block) {
  const LaneTensor& t = step.in;
  const Vec live = live_lanes(block.count);
  float* const means = block.sums + own_of<BatchNormStep>(step).moments;
  const float values = static_cast<float>(block.count * t.h * t.w);
  for (int64_t c = 0; c < t.c; ++c) {
    const float* plane = block.in + (c * plane_vectors(t) + origin(t)) * kWidth;
    const auto sum_of = [&](auto&& term) {
      Vec total = zero();
      for (int64_t y = 0; y < t.h; ++y) {
        const float* line = plane + y * row_vectors(t) * kWidth;
        for (int64_t x = 0; x < t.w * kWidth; x += kWidth) total = add(total, term(load(line + x)));
      }
      return sum(mul(total, live));
    };
    const float mean = sum_of([](Vec x) { return x; }) / values;
    const Vec mean_lanes = broadcast(mean);
    means[c] = mean;
    means[t.c + c] = sum_of([&](Vec x) {
      const Vec distance = sub(x, mean_lanes);
      return mul(distance, distance);
    });
  }
}

void batch_norm_join(const Planned& step, const LaneBatch& batch) {
  const BatchNormStep& own = own_of<BatchNormStep>(step);
  const int64_t channels = step.in.c, pixels = step.in.h * step.in.w;
  for (int64_t c = 0; c < channels; ++c) {
    Moments all{0.0, 0.0, 0.0};
    for (int64_t b = 0; b < batch.blocks; ++b) {
      const float* block = batch.sums + b * batch.sums_stride + own.moments;
      const int64_t rest = batch.count - b * kWidth, images = rest < kWidth ? rest : kWidth;
      all.add(static_cast<double>(images * pixels), static_cast<double>(block[c]),
              static_cast<double>(block[channels + c]));
    }
    const double variance = all.squares / all.count;
    float* norm = batch.shared + own.norm;
    norm[c] = static_cast<float>(all.mean);
    norm[channels + c] = static_cast<float>(1.0 / ::sqrt(variance + static_cast<double>(own.eps)));
    const auto move = [&](float& running, double to) {
      const double from = static_cast<double>(running), share = static_cast<double>(own.momentum);
      running = static_cast<float>(from + share * (to - from));
    };
    move(batch.buffers[own.mean.begin + c], all.mean);
    // Unbiased.
    move(batch.buffers[own.variance.begin + c],
         all.squares / (all.count > 1.0 ? all.count - 1.0 : 1.0));
  }
}

// Mean, factor and what is added, of one channel in evaluation or training.
struct ChannelNorm {
  float mean, deviation, weight, bias;  // deviation: 1 over it
};

inline ChannelNorm norm_of(const Planned& step, const float* parameters, const float* buffers,
                           const float* shared, int64_t c) {
  const BatchNormStep& own = own_of<BatchNormStep>(step);
  ChannelNorm norm{0.0f, 0.0f, 1.0f, 0.0f};
  if (shared != nullptr) {
    norm.mean = shared[own.norm + static_cast<size_t>(c)];
    norm.deviation = shared[own.norm + static_cast<size_t>(step.in.c + c)];
  } else {
    norm.mean = buffers[own.mean.begin + c];
    norm.deviation = 1.0f / ::sqrtf(buffers[own.variance.begin + c] + own.eps);
  }
  if (step.parameter_count > 0) {
    norm.weight = parameters[step.parameters[0].begin + c];
    norm.bias = parameters[step.parameters[1].begin + c];
  }
  return norm;
}

inline ChannelNorm norm_of(const Planned& step, const LaneBlock& block, int64_t c) {
  return norm_of(step, block.parameters, block.buffers, block.training ? block.shared : nullptr, c);
}

void batch_norm_forward(const Planned& step, const LaneBlock& block) {
  const ActivationUse a = own_of<BatchNormStep>(step).activation;
  for_each_channel_line(step.in, step.out, [&](int64_t c, int64_t i, int64_t j, int64_t n) {
    const ChannelNorm norm = norm_of(step, block, c);
    const Vec mean = broadcast(norm.mean), factor = broadcast(norm.weight * norm.deviation);
    const Vec bias = broadcast(norm.bias);
    for (int64_t at = 0; at < n; at += kWidth) {
      const Vec y = fma(sub(load(block.in + i + at), mean), factor, bias);
      store(block.out + j + at, finish(a.kind, y));
    }
    finish_stored(a, n, block.out + j);
  });
}

void batch_norm_collect_backward(const Planned& step, const LaneBlock& block) {
  const int64_t channels = step.in.c;
  const BatchNormStep& own = own_of<BatchNormStep>(step);
  float* const totals = block.sums + own.totals;
  Vec of_dy = zero(), of_product = zero();
  int64_t lines = 0;
  for_each_channel_line(step.in, step.out, [&](int64_t c, int64_t i, int64_t j, int64_t n) {
    const ChannelNorm norm = norm_of(step, block, c);
    const Vec mean = broadcast(norm.mean), deviation = broadcast(norm.deviation);
    activation_backward(own.activation, n, nullptr, block.out + j, block.dout + j, block.dout + j);
    for (int64_t at = 0; at < n; at += kWidth) {
      const Vec dy = load(block.dout + j + at);
      of_dy = add(of_dy, dy);
      of_product = fma(dy, mul(sub(load(block.in + i + at), mean), deviation), of_product);
    }
    if (++lines < step.in.h) return;
    totals[c] = sum(of_dy);
    totals[channels + c] = sum(of_product);
    of_dy = of_product = zero();
    lines = 0;
  });
  if (step.parameter_count == 0) return;
  float* const gradients = block.sums + step.partial;
  for (int64_t c = 0; c < channels; ++c) {
    gradients[c] = totals[channels + c];
    gradients[channels + c] = totals[c];
  }
}

void batch_norm_join_backward(const Planned& step, const LaneBatch& batch) {
  const BatchNormStep& own = own_of<BatchNormStep>(step);
  const double values = static_cast<double>(batch.count * step.in.h * step.in.w);
  for (int64_t i = 0; i < 2 * step.in.c; ++i) {
    double total = 0.0;
    for (int64_t b = 0; b < batch.blocks; ++b) {
      total += static_cast<double>(
          batch.sums[b * batch.sums_stride + static_cast<int64_t>(own.totals) + i]);
    }
    batch.shared[own.means + static_cast<size_t>(i)] = static_cast<float>(total / values);
  }
}

void batch_norm_backward(const Planned& step, const LaneBlock& block) {
  if (block.din == nullptr) return;
  const float* const means = block.shared + own_of<BatchNormStep>(step).means;
  // Running statistics do not depend on the batch, so that nothing comes back through them.
  const bool of_batch = block.training;
  // A lane without an image has no gradient, but its share of the means would give it one.
  const Vec live = live_lanes(block.count);
  for_each_channel_line(step.in, step.out, [&](int64_t c, int64_t i, int64_t j, int64_t n) {
    const ChannelNorm norm = norm_of(step, block, c);
    const Vec mean = broadcast(norm.mean), deviation = broadcast(norm.deviation);
    const Vec of_dy = broadcast(of_batch ? means[c] : 0.0f);
    const Vec of_product = broadcast(of_batch ? means[step.in.c + c] : 0.0f);
    const Vec factor = mul(live, broadcast(norm.weight * norm.deviation));
    for (int64_t at = 0; at < n; at += kWidth) {
      const Vec xhat = mul(sub(load(block.in + i + at), mean), deviation);
      const Vec rest = sub(sub(load(block.dout + j + at), of_dy), mul(xhat, of_product));
      store(block.din + i + at, mul(factor, rest));
    }
  });
}

void batch_norm_image(const Planned& step, const LaneImage& image) {
  const int64_t pixels = step.in.h * step.in.w;
  for (int64_t c = 0; c < step.in.c; ++c) {
    const ChannelNorm norm = norm_of(step, image.parameters, image.buffers, nullptr, c);
    const float factor = norm.weight * norm.deviation;
    for (int64_t i = c * pixels; i < (c + 1) * pixels; ++i) {
      image.out[i] = (image.in[i] - norm.mean) * factor + norm.bias;
    }
  }
  activate(own_of<BatchNormStep>(step).activation, step.in.c * pixels, image.out, image.out);
}

constexpr LaneOp batch_norm_op(const char* name, void (*read)(const StepReader&, Planned&),
                               void (*place)(Planned&, PlanLayout&)) {
  return {name,
          read,
          place,
          nullptr,
          batch_norm_forward,
          batch_norm_backward,
          batch_norm_image,
          nullptr,
          batch_norm_collect,
          batch_norm_join,
          batch_norm_collect_backward,
          batch_norm_join_backward};
}

const LaneOp batch_norm2d_op = batch_norm_op("batchNorm2d", batch_norm_read, batch_norm_place);

}  // namespace
}  // namespace rownet
