// vec_sse2.h: 4 floats in a 128-bit register, what every x86-64 CPU has. No FMA: product and sum
// round separately.
#pragma once

#include <emmintrin.h>
#include <stdint.h>

namespace rownet {
namespace {

using Vec = __m128;
constexpr int kWidth = 4;

inline Vec load(const float* p) { return _mm_loadu_ps(p); }
inline void store(float* p, Vec v) { _mm_storeu_ps(p, v); }
inline Vec load_n(const float* p, int64_t n) {
  alignas(16) float lanes[kWidth] = {0, 0, 0, 0};
  for (int64_t i = 0; i < n; ++i) lanes[i] = p[i];
  return _mm_load_ps(lanes);
}
inline void store_n(float* p, int64_t n, Vec v) {
  alignas(16) float lanes[kWidth];
  _mm_store_ps(lanes, v);
  for (int64_t i = 0; i < n; ++i) p[i] = lanes[i];
}
inline Vec broadcast(float x) { return _mm_set1_ps(x); }
inline Vec zero() { return _mm_setzero_ps(); }
inline Vec add(Vec a, Vec b) { return _mm_add_ps(a, b); }
inline Vec sub(Vec a, Vec b) { return _mm_sub_ps(a, b); }
inline Vec mul(Vec a, Vec b) { return _mm_mul_ps(a, b); }
inline Vec vmax(Vec a, Vec b) { return _mm_max_ps(a, b); }
inline Vec fma(Vec a, Vec b, Vec c) { return _mm_add_ps(_mm_mul_ps(a, b), c); }
inline Vec keep_if_positive(Vec v, Vec y) {
  return _mm_and_ps(v, _mm_cmpgt_ps(y, _mm_setzero_ps()));
}

using Half = __m128;
constexpr int kHalf = 2;
inline Half load_half(const float* p) {
  return _mm_loadl_pi(_mm_setzero_ps(), reinterpret_cast<const __m64*>(p));
}
inline void store_half(float* p, Half v) { _mm_storel_pi(reinterpret_cast<__m64*>(p), v); }
inline Half add_half(Half a, Half b) { return _mm_add_ps(a, b); }

using Mask = __m128;
inline Mask exceeds(Vec value, Vec best) {
  return _mm_and_ps(_mm_cmpnle_ps(value, best), _mm_cmpord_ps(best, best));
}
inline Mask equals(Vec a, Vec b) { return _mm_cmpeq_ps(a, b); }
inline Vec blend(Mask mask, Vec yes, Vec no) {
  return _mm_or_ps(_mm_and_ps(mask, yes), _mm_andnot_ps(mask, no));
}

inline void split_pairs(Vec low, Vec high, Vec* even, Vec* odd) {
  *even = _mm_shuffle_ps(low, high, 0x88);
  *odd = _mm_shuffle_ps(low, high, 0xDD);
}
inline void join_pairs(Vec even, Vec odd, Vec* low, Vec* high) {
  *low = _mm_unpacklo_ps(even, odd);
  *high = _mm_unpackhi_ps(even, odd);
}

inline Vec load_u16_n(const uint16_t* p, int64_t n) {
  alignas(16) float lanes[kWidth] = {0, 0, 0, 0};
  for (int64_t i = 0; i < n; ++i) lanes[i] = static_cast<float>(p[i]);
  return _mm_load_ps(lanes);
}
inline void store_u16_n(uint16_t* p, int64_t n, Vec v) {
  alignas(16) float lanes[kWidth];
  _mm_store_ps(lanes, v);
  for (int64_t i = 0; i < n; ++i) p[i] = static_cast<uint16_t>(lanes[i]);
}

inline float sum(Vec v) {
  const __m128 two = _mm_add_ps(v, _mm_movehl_ps(v, v));
  return _mm_cvtss_f32(_mm_add_ss(two, _mm_shuffle_ps(two, two, 1)));
}

}  // namespace
}  // namespace rownet
