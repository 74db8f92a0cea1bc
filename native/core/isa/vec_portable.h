// vec_portable.h: 4 floats in plain C++, for every CPU that no other header serves.
#pragma once

#include <stdint.h>

namespace rownet {
namespace {

constexpr int kWidth = 4;
struct Vec {
  float lane[kWidth];
};

inline Vec load_n(const float* p, int64_t n) {
  Vec v = {};
  for (int64_t i = 0; i < n; ++i) v.lane[i] = p[i];
  return v;
}
inline void store_n(float* p, int64_t n, Vec v) {
  for (int64_t i = 0; i < n; ++i) p[i] = v.lane[i];
}
inline Vec load(const float* p) { return load_n(p, kWidth); }
inline void store(float* p, Vec v) { store_n(p, kWidth, v); }
inline Vec broadcast(float x) { return {{x, x, x, x}}; }
inline Vec zero() { return broadcast(0.0f); }

template <typename Op>
inline Vec lanewise(Op op) {
  Vec v;
  for (int i = 0; i < kWidth; ++i) v.lane[i] = op(i);
  return v;
}
inline Vec add(Vec a, Vec b) {
  return lanewise([&](int i) { return a.lane[i] + b.lane[i]; });
}
inline Vec sub(Vec a, Vec b) {
  return lanewise([&](int i) { return a.lane[i] - b.lane[i]; });
}
inline Vec mul(Vec a, Vec b) {
  return lanewise([&](int i) { return a.lane[i] * b.lane[i]; });
}
// As the x86 instruction: b where the lanes do not compare, so NaN in b wins.
inline Vec vmax(Vec a, Vec b) {
  return lanewise([&](int i) { return a.lane[i] > b.lane[i] ? a.lane[i] : b.lane[i]; });
}
inline Vec fma(Vec a, Vec b, Vec c) { return add(mul(a, b), c); }
inline Vec keep_if_positive(Vec v, Vec y) {
  return lanewise([&](int i) { return y.lane[i] > 0.0f ? v.lane[i] : 0.0f; });
}

constexpr int kHalf = 2;
struct Half {
  float lane[kHalf];
};
inline Half load_half(const float* p) { return {{p[0], p[1]}}; }
inline void store_half(float* p, Half v) {
  p[0] = v.lane[0];
  p[1] = v.lane[1];
}
inline Half add_half(Half a, Half b) { return {{a.lane[0] + b.lane[0], a.lane[1] + b.lane[1]}}; }

struct Mask {
  bool lane[kWidth];
};
inline Mask exceeds(Vec value, Vec best) {
  Mask mask;
  for (int i = 0; i < kWidth; ++i) {
    mask.lane[i] = !(value.lane[i] <= best.lane[i]) && best.lane[i] == best.lane[i];
  }
  return mask;
}
inline Mask equals(Vec a, Vec b) {
  Mask mask;
  for (int i = 0; i < kWidth; ++i) mask.lane[i] = a.lane[i] == b.lane[i];
  return mask;
}
inline Vec blend(Mask mask, Vec yes, Vec no) {
  return lanewise([&](int i) { return mask.lane[i] ? yes.lane[i] : no.lane[i]; });
}

inline void split_pairs(Vec low, Vec high, Vec* even, Vec* odd) {
  *even = {{low.lane[0], low.lane[2], high.lane[0], high.lane[2]}};
  *odd = {{low.lane[1], low.lane[3], high.lane[1], high.lane[3]}};
}
inline void join_pairs(Vec even, Vec odd, Vec* low, Vec* high) {
  *low = {{even.lane[0], odd.lane[0], even.lane[1], odd.lane[1]}};
  *high = {{even.lane[2], odd.lane[2], even.lane[3], odd.lane[3]}};
}

inline Vec load_u16_n(const uint16_t* p, int64_t n) {
  Vec v = {};
  for (int64_t i = 0; i < n; ++i) v.lane[i] = static_cast<float>(p[i]);
  return v;
}
inline void store_u16_n(uint16_t* p, int64_t n, Vec v) {
  for (int64_t i = 0; i < n; ++i) p[i] = static_cast<uint16_t>(v.lane[i]);
}

inline float sum(Vec v) { return (v.lane[0] + v.lane[2]) + (v.lane[1] + v.lane[3]); }

}  // namespace
}  // namespace rownet
