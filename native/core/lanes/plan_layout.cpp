// plan_layout.cpp: the geometry of a plan's steps, and where their arrays stand.
#include <algorithm>
#include <stdexcept>
#include <string>

#include "lanes/plan_state.h"

namespace rownet {

namespace {

size_t size(int64_t n) { return static_cast<size_t>(n); }

int64_t round_up(int64_t n, int64_t unit) { return (n + unit - 1) / unit * unit; }

// Beyond this many vectors a tensor's size in bytes, times any factor met here, may leave 64 bits.
constexpr int64_t kMaxVectors = int64_t{1} << 31;

// Whether a tensor of these extents, each below 2^31, stays below kMaxVectors.
bool too_large(const LaneTensor& t) {
  return t.h + 2 * t.margin_h > kMaxVectors / row_vectors(t) ||
         t.c > kMaxVectors / plane_vectors(t);
}

[[noreturn]] void refuse(size_t index, const char* why) {
  throw std::invalid_argument("lanes: step " + std::to_string(index) + ": " + why);
}

}  // namespace

LaneTensor LanePlan::State::output_of(size_t index, const LaneTensor& in,
                                      const LaneStep& step) const {
  const auto slide = [&](int64_t extent, int64_t pad, int64_t kernel, int64_t stride) {
    if (kernel < 1 || stride < 1 || pad < 0 || extent + 2 * pad < kernel)
      refuse(index, "window does not fit");
    return (extent + 2 * pad - kernel) / stride + 1;
  };
  const bool conv = step.kind == LaneStep::Kind::kConv;
  if (!conv && (step.pad_h != 0 || step.pad_w != 0 || step.pool))
    refuse(index, "padding or fused pooling without a convolution");
  if (!conv && step.kind != LaneStep::Kind::kLinear && step.relu)
    refuse(index, "fused ReLU without weights");
  switch (step.kind) {
    case LaneStep::Kind::kConv: {
      if (step.pad_h >= step.kh || step.pad_w >= step.kw)
        refuse(index, "padding is not below the kernel");
      if (step.out_channels < 1) refuse(index, "no output channels");
      const int64_t oh = slide(in.h, step.pad_h, step.kh, step.stride_h);
      const int64_t ow = slide(in.w, step.pad_w, step.kw, step.stride_w);
      if (step.pool && (oh < 2 || ow < 2)) refuse(index, "too small to be pooled");
      return {step.out_channels, step.pool ? oh / 2 : oh, step.pool ? ow / 2 : ow, 0, 0};
    }
    case LaneStep::Kind::kPool:
      if (step.kh < 1 || step.kw < 1 || step.kh > 256 / step.kw)
        refuse(index, "window of more than 256 values");
      return {in.c, slide(in.h, 0, step.kh, step.stride_h), slide(in.w, 0, step.kw, step.stride_w),
              0, 0};
    case LaneStep::Kind::kRelu:
      return {in.c, in.h, in.w, 0, 0};
    case LaneStep::Kind::kLinear:
      if (step.in_features != in.c * in.h * in.w)
        refuse(index, "features differ from the input's size");
      if (step.out_features < 1) refuse(index, "no output features");
      return {step.out_features, 1, 1, 0, 0};
  }
  refuse(index, "unknown kind");
}

void LanePlan::State::plan(const std::vector<LaneStep>& specs, bool winograd) {
  if (specs.empty()) throw std::invalid_argument("lanes: no steps");
  const auto margins = [&](size_t index, LaneTensor& t) {
    if (index < specs.size() && specs[index].kind == LaneStep::Kind::kConv) {
      t.margin_h = specs[index].pad_h;
      t.margin_w = specs[index].pad_w;
    }
  };
  margins(0, input);
  if (too_large(input)) refuse(0, "input too large");
  const auto take_tensor = [&](const LaneTensor& t, PartName name) {
    return slices.take({t.c, t.h, t.w * width, t.margin_h, t.margin_w * width, t.margin_w * width},
                       name);
  };
  take_tensor(input, {"input", kNoStep});
  LaneTensor in = input;
  bool trained = false;
  size_t most_scratch = 0;
  for (size_t i = 0; i < specs.size(); ++i) {
    Planned p{};
    p.step = specs[i];
    p.in = in;
    p.out = output_of(i, in, p.step);
    margins(i + 1, p.out);
    if (p.step.kind == LaneStep::Kind::kLinear && p.out.margin_h + p.out.margin_w > 0) {
      // Its output, and the gradient of that, are rows without room for margins.
      refuse(i + 1, "padding behind a linear step");
    }
    if (too_large(p.out)) refuse(i, "output too large");
    if (p.step.kind == LaneStep::Kind::kConv &&
        (p.step.out_channels > kMaxVectors / (in.c * p.step.kh) ||
         p.step.out_channels * in.c * p.step.kh > kMaxVectors / p.step.kw)) {
      refuse(i, "too many weights");
    }
    p.input_gradient = trained;
    p.activation = take_tensor(p.out, {"output", i});
    // Its margins hold what kernels add there, and are not read.
    p.gradient = slices.take(size(tensor_vectors(p.out) * width), {"output's gradient", i});
    if (p.step.kind == LaneStep::Kind::kConv) {
      p.conv = {in,
                p.out,
                p.step.kh,
                p.step.kw,
                p.step.stride_h,
                p.step.stride_w,
                (in.h + 2 * in.margin_h - p.step.kh) / p.step.stride_h + 1,
                (in.w + 2 * in.margin_w - p.step.kw) / p.step.stride_w + 1,
                p.step.relu,
                p.step.pool,
                winograd};
      p.packed = packed.take(lanes.conv_packed_size(p.conv), {"weights", i});
      if (trained) {
        p.packed_backward =
            packed.take(lanes.conv_backward_packed_size(p.conv), {"backward weights", i});
      }
      p.saved = slices.take(lanes.conv_saved_size(p.conv), {"transformed input", i});
      most_scratch = std::max(most_scratch, lanes.conv_scratch_size(p.conv));
      p.partial = partials.take(size(p.weights() + p.biases()), {"gradients", i});
    } else if (p.step.kind == LaneStep::Kind::kPool) {
      p.pool = {in, p.out, p.step.kh, p.step.kw, p.step.stride_h, p.step.stride_w};
    } else if (p.step.kind == LaneStep::Kind::kLinear) {
      const int64_t live = round_up(p.step.in_features, width);
      p.row_stride = round_up(live, 2 * width);
      p.rows = batch.take({1, width, live, 0, 0, p.row_stride - live}, {"input rows", i});
      p.deltas = batch.take(size(p.step.out_features * width), {"output's gradient", i});
    }
    if (p.step.pool || p.step.kind == LaneStep::Kind::kPool) {
      p.codes = slices.take(size(p.out.c * p.out.h * p.out.w * width + 3) / 4, {"codes", i});
    }
    if (p.has_parameters()) {
      const int64_t rows = std::min(kUpdateRows, p.step.out_features);
      const int64_t gradients = p.step.kind == LaneStep::Kind::kLinear
                                    ? rows * (p.step.in_features + 1)
                                    : p.weights() + p.biases();
      most_scratch = std::max(most_scratch, size(gradients));
      if (p.step.weight < 0 || p.step.bias < 0) refuse(i, "negative parameter offset");
      parameters = std::max({parameters, p.step.weight + p.weights(), p.step.bias + p.biases()});
      trained = true;
    }
    steps.push_back(p);
    in = p.out;
  }
  classes = in.c * in.h * in.w;
  // Of the kernels, then of an update. It stands behind the tensors, whose margins stay zeros.
  scratch = slices.take(most_scratch, {"scratch", kNoStep});
}

void LanePlan::State::reserve(int64_t blocks, int64_t threads, bool training) {
  slices.reserve(threads);
  packed.reserve(1);
  block_loss.resize(size(blocks));
  block_correct.resize(size(blocks));
  slices.spoil(threads);
  packed.spoil(1);
  if (!training) return;
  partials.reserve(blocks);
  batch.reserve(blocks);
  partials.spoil(blocks);
  batch.spoil(blocks);
}

void LanePlan::State::check() const {
  for (const PlanMemory* memory : {&slices, &packed, &partials, &batch}) memory->check();
}

LossSum LanePlan::State::loss_of_blocks(int64_t blocks) const {
  LossSum total{0.0, 0};
  for (int64_t block = 0; block < blocks; ++block) {
    total.loss += block_loss[size(block)];
    total.correct += block_correct[size(block)];
  }
  return total;
}

}  // namespace rownet
