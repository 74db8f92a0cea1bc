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
  for (size_t i = 0; i < steps.size(); ++i) {
    const Planned& p = steps[i];
    in_a_row_ = in_a_row_ && p.from == i && !p.op->has_other;
    most_ = std::max(most_, static_cast<size_t>(pixels(p.out)));
    most_intermediate_ = std::max(most_intermediate_, static_cast<size_t>(p.intermediate));
    most_positions_ = std::max(most_positions_, static_cast<size_t>(p.out.h * p.out.w));
  }
}

size_t FewImages::bytes() const {
  size_t floats = intermediate_.capacity();
  for (const std::vector<float>& memory : memory_) floats += memory.capacity();
  return floats * sizeof(float) + positions_.capacity() * sizeof(uint16_t);
}

void FewImages::predict(const std::vector<Planned>& steps, const float* x, int64_t count,
                        const float* parameters, const float* buffers, float* scores) {
  memory_.resize(in_a_row_ ? 2 : steps.size());
  for (std::vector<float>& memory : memory_) memory.resize(most_);
  intermediate_.resize(most_intermediate_);
  positions_.resize(most_positions_);
  LaneImage image{parameters,           buffers,          nullptr, nullptr, nullptr,
                  intermediate_.data(), positions_.data()};
  for (int64_t n = 0; n < count; ++n, x += inputs_, scores += outputs_) {
    const auto output_of = [&](size_t step) { return memory_[step % memory_.size()].data(); };
    const auto tensor = [&](size_t number) -> const float* {
      return number == 0 ? x : output_of(number - 1);
    };
    for (size_t i = 0; i < steps.size(); ++i) {
      const Planned& p = steps[i];
      image.in = tensor(p.from);
      if (p.op->has_other) image.other = tensor(p.with);
      image.out = output_of(i);
      p.op->image(p, image);
    }
    std::copy_n(image.out, outputs_, scores);
  }
}

}  // namespace rownet
