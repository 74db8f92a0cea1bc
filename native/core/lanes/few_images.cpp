#include "lanes/few_images.h"

#include <algorithm>

#include "kernel_table.h"

namespace rownet {

namespace {

int64_t pixels(const LaneTensor& t) { return t.c * t.h * t.w; }

}  // namespace

FewImages::FewImages(const LaneTensor& input, const std::vector<Planned>& steps)
    : limit_(kernels().vector_width / 4),
      inputs_(pixels(input)),
      outputs_(pixels(steps.back().out)) {
  for (const Planned& p : steps) {
    most_ = std::max(most_, static_cast<size_t>(pixels(p.out)));
    most_intermediate_ = std::max(most_intermediate_, static_cast<size_t>(p.intermediate));
    most_positions_ = std::max(most_positions_, static_cast<size_t>(p.out.h * p.out.w));
  }
}

size_t FewImages::bytes() const {
  const size_t floats = memory_[0].capacity() + memory_[1].capacity() + intermediate_.capacity();
  return floats * sizeof(float) + positions_.capacity() * sizeof(uint16_t);
}

void FewImages::predict(const std::vector<Planned>& steps, const float* x, int64_t count,
                        const float* parameters, const float* buffers, float* scores) {
  for (std::vector<float>& memory : memory_) memory.resize(most_);
  intermediate_.resize(most_intermediate_);
  positions_.resize(most_positions_);
  for (int64_t n = 0; n < count; ++n, x += inputs_, scores += outputs_) {
    LaneImage image{parameters, buffers, x, nullptr, intermediate_.data(), positions_.data()};
    for (size_t i = 0; i < steps.size(); ++i) {
      image.out = memory_[i % 2].data();
      steps[i].op->image(steps[i], image);
      image.in = image.out;
    }
    std::copy_n(image.in, outputs_, scores);
  }
}

}  // namespace rownet
