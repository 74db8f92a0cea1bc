#include "lanes/few_images.h"

#include <algorithm>
#include <utility>

#include "kernel_table.h"
#include "lanes/plan.h"
#include "rows/conv2d.h"
#include "rows/linear.h"
#include "rows/window.h"

namespace rownet {

namespace {

size_t size(int64_t n) { return static_cast<size_t>(n); }

}  // namespace

// A step, and the windows of its convolution or pooling and of the pooling fused behind it.
struct FewImages::Stage {
  LaneStep step;
  Window window, pooled;
  int64_t outputs;  // before the fused pooling
};

FewImages::~FewImages() = default;

FewImages::FewImages(const LaneTensor& input, const std::vector<LaneStep>& steps)
    : limit_(kernels().vector_width / 4), inputs_(input.c * input.h * input.w) {
  LaneTensor at = input;
  int64_t largest = inputs_, most_pooled = 0;
  for (const LaneStep& s : steps) {
    Stage stage{s, {}, {}, at.c * at.h * at.w};
    if (s.kind == LaneStep::Kind::kConv || s.kind == LaneStep::Kind::kPool) {
      stage.window = {1, at.c, at.h, at.w, s.kh, s.kw, s.stride_h, s.stride_w, s.pad_h, s.pad_w};
      at.h = out_height(stage.window);
      at.w = out_width(stage.window);
      if (s.kind == LaneStep::Kind::kConv) at.c = s.out_channels;
    } else if (s.kind == LaneStep::Kind::kLinear) {
      at = {s.out_features, 1, 1, 0, 0};
    }
    stage.outputs = at.c * at.h * at.w;
    largest = std::max(largest, stage.outputs);
    if (s.pool) {
      stage.pooled = {1, at.c, at.h, at.w, 2, 2, 2, 2, 0, 0};
      at.h /= 2;
      at.w /= 2;
    }
    if (s.pool || s.kind == LaneStep::Kind::kPool) most_pooled = std::max(most_pooled, at.h * at.w);
    stages_.push_back(stage);
  }
  outputs_ = at.c * at.h * at.w;
  largest_ = largest;
  most_pooled_ = most_pooled;
}

size_t FewImages::bytes() const {
  return (memory_[0].capacity() + memory_[1].capacity()) * sizeof(float) +
         argmax_.capacity() * sizeof(uint16_t);
}

void FewImages::predict(const float* x, int64_t count, const float* parameters, float* logits) {
  const KernelTable& table = kernels();
  for (std::vector<float>& memory : memory_) memory.resize(size(largest_));
  argmax_.resize(size(most_pooled_));
  const auto pool = [&](const Window& v, const float* from, float* to) {
    for (int64_t c = 0; c < v.c; ++c) {
      table.max_pool_forward(v, from + c * v.h * v.w, to + c * out_pixels(v), argmax_.data());
    }
  };
  for (int64_t image = 0; image < count; ++image, x += inputs_, logits += outputs_) {
    const float* in = x;
    float *out = memory_[0].data(), *next = memory_[1].data();
    const auto advance = [&] {
      in = out;
      std::swap(out, next);
    };
    for (const Stage& stage : stages_) {
      const LaneStep& s = stage.step;
      const float *weight = parameters + s.weight, *bias = parameters + s.bias;
      switch (s.kind) {
        case LaneStep::Kind::kConv:
          conv2d_forward(stage.window, s.out_channels, in, weight, bias, out);
          break;
        case LaneStep::Kind::kPool:
          pool(stage.window, in, out);
          break;
        case LaneStep::Kind::kRelu:
          table.relu_forward(stage.outputs, in, out);
          break;
        case LaneStep::Kind::kLinear:
          linear_forward(1, s.in_features, s.out_features, in, weight, bias, out);
          break;
      }
      if (s.relu) table.relu_forward(stage.outputs, out, out);
      advance();
      if (!s.pool) continue;
      pool(stage.pooled, in, out);
      advance();
    }
    std::copy_n(in, outputs_, logits);
  }
}

}  // namespace rownet
