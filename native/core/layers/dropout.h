// dropout.h: training sets a share of all values to 0 and multiplies the others by 1 / (1 - p);
// evaluation leaves them as they are. Source: Srivastava et al., Dropout (2014).
//
// Nothing is stored: whether a value is dropped is a hash of seed, step, place of the layer, image in
// the batch and element of the image, which backward computes again. So it depends neither on
// threads nor on the engine.
//
// Fields  p, place
#pragma once

#include "isa/vec.h"
#include "lanes/lane_io_kernel.h"
#include "lanes/lane_op.h"

namespace rownet {
namespace {

typedef uint32_t Bits __attribute__((vector_size(4 * kWidth)));

// A bijection that changes half of the bits when one of them changes; T: uint32_t or Bits.
// Source: Wellons, Prospecting for Hash Functions (2018).
template <typename T>
inline T mix(T x) {
  x ^= x >> 16;
  x *= 0x7FEB352Du;
  x ^= x >> 15;
  x *= 0x846CA68Bu;
  return x ^ x >> 16;
}

inline uint32_t draw_key(Draw draw, uint32_t place) {
  uint32_t key = mix(static_cast<uint32_t>(draw.seed) ^ 0x9E3779B9u);
  key = mix(key + static_cast<uint32_t>(draw.seed >> 32));
  key = mix(key + static_cast<uint32_t>(draw.step) * 0x85EBCA6Bu);
  const uint32_t high = static_cast<uint32_t>(draw.step >> 32);
  // Steps below 2^32 draw what they always drew.
  if (high != 0) key = mix(key + high * 0xCC9E2D51u);
  return mix(key + place * 0xC2B2AE35u);
}

struct DropoutStep {
  float scale;
  uint32_t place, threshold;
};

inline DropoutStep dropout_of(double p, uint32_t place) {
  return {static_cast<float>(1.0 / (1.0 - p)), place, static_cast<uint32_t>(p * 0x1p24 + 0.5)};
}

constexpr uint32_t kImageFactor = 0x27D4EB2Fu, kElementFactor = 0x165667B1u;

// All bits in lanes that are kept.
inline Bits kept(const DropoutStep& own, uint32_t key, Bits index) {
  // Both are below 2^24, so that signed numbers compare alike; some levels compare no others.
  typedef int32_t Signed __attribute__((vector_size(4 * kWidth)));
  const Bits drawn = mix(mix(index) ^ key) >> 8;
  const Signed lanes = reinterpret_cast<Signed>(drawn) >= static_cast<int32_t>(own.threshold);
  return reinterpret_cast<Bits>(lanes);
}

inline Vec scale_kept(const DropoutStep& own, Bits lanes, Vec x) {
  const Vec scaled = mul(x, broadcast(own.scale));
  Bits bits;
  __builtin_memcpy(&bits, &scaled, sizeof bits);
  bits &= lanes;
  Vec result;
  __builtin_memcpy(&result, &bits, sizeof result);
  return result;
}

inline Bits counting() {
  Bits lanes;
  for (uint32_t lane = 0; lane < static_cast<uint32_t>(kWidth); ++lane) lanes[lane] = lane;
  return lanes;
}

// Of element 0 of each image in the block; the next element's is kElementFactor more.
inline Bits first_index(const LaneBlock& block) {
  return (counting() + static_cast<uint32_t>(block.first)) * kImageFactor + 1u;
}

void dropout_lanes(const Planned& step, const LaneBlock& block, const LaneTensor& in,
                   const LaneTensor& out, const float* x, float* y) {
  if (!block.training) {
    copy_lanes(in, out, x, y);
    return;
  }
  const DropoutStep& own = own_of<DropoutStep>(step);
  const uint32_t key = draw_key(block.draw, own.place);
  Bits index = first_index(block);
  for_each_line(in, out, [&](int64_t i, int64_t j, int64_t n) {
    for (int64_t at = 0; at < n; at += kWidth, index += kElementFactor) {
      store(y + j + at, scale_kept(own, kept(own, key, index), load(x + i + at)));
    }
  });
}

void dropout_read(const StepReader& fields, Planned& step) {
  const double p = fields.number("p");
  // Written so that NaN fails.
  if (!(p >= 0.0 && p < 1.0)) fields.refuse("p is not from 0 to below 1");
  const int64_t place = fields.integer("place", 0);
  own_of<DropoutStep>(step) = dropout_of(p, static_cast<uint32_t>(place));
  step.out = {step.in.c, step.in.h, step.in.w, 0, 0};
}

void dropout_forward(const Planned& step, const LaneBlock& block) {
  dropout_lanes(step, block, step.in, step.out, block.in, block.out);
}

void dropout_backward(const Planned& step, const LaneBlock& block) {
  if (block.din == nullptr) return;
  dropout_lanes(step, block, step.out, step.in, block.dout, block.din);
}

void dropout_image(const Planned& step, const LaneImage& image) {
  const int64_t n = step.in.c * step.in.h * step.in.w;
  for (int64_t i = 0; i < n; ++i) image.out[i] = image.in[i];
}

const LaneOp dropout_op = {"dropout",       dropout_read,     nullptr,      nullptr,
                           dropout_forward, dropout_backward, dropout_image};

}  // namespace
}  // namespace rownet
