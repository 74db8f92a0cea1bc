// vec_sse2.h: 4 floats in a 128-bit register, what every x86-64 CPU has. No FMA: product and sum
// round separately.
#pragma once

#include <emmintrin.h>
#include <stdint.h>

namespace rownet {
namespace {

using Vec = __m128;
constexpr int kWidth = 4;
constexpr int kRegisters = 16;

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
inline Vec div(Vec a, Vec b) { return _mm_div_ps(a, b); }
inline Vec sqrt(Vec v) { return _mm_sqrt_ps(v); }
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

// Codes: one small integer a lane, stored as bytes.
using Codes = __m128i;
inline Codes load_codes(const uint8_t* p) { return _mm_setr_epi32(p[0], p[1], p[2], p[3]); }
inline void store_codes(uint8_t* p, Codes codes) {
  alignas(16) int32_t lanes[kWidth];
  _mm_store_si128(reinterpret_cast<__m128i*>(lanes), codes);
  for (int i = 0; i < kWidth; ++i) p[i] = static_cast<uint8_t>(lanes[i]);
}
inline Codes broadcast_code(int code) { return _mm_set1_epi32(code); }
inline Codes blend_codes(Mask mask, Codes yes, Codes no) {
  const __m128i m = _mm_castps_si128(mask);
  return _mm_or_si128(_mm_and_si128(m, yes), _mm_andnot_si128(m, no));
}
inline Mask code_is(Codes codes, int code) {
  return _mm_castsi128_ps(_mm_cmpeq_epi32(codes, _mm_set1_epi32(code)));
}
inline Mask code_bit(Codes codes, int bit) {
  const __m128i bits = _mm_set1_epi32(bit);
  return _mm_castsi128_ps(_mm_cmpeq_epi32(_mm_and_si128(codes, bits), bits));
}
// table[code] for codes 0 to 3.
using Table4 = const float*;
inline Table4 load_table4(const float* p) { return p; }
inline Vec lookup4(Table4 table, Codes codes) {
  alignas(16) int32_t lanes[kWidth];
  _mm_store_si128(reinterpret_cast<__m128i*>(lanes), codes);
  return _mm_setr_ps(table[lanes[0]], table[lanes[1]], table[lanes[2]], table[lanes[3]]);
}

inline Vec bytes_as_floats(const uint8_t* p) { return _mm_cvtepi32_ps(load_codes(p)); }

inline void transpose(Vec r[kWidth]) {
  const Vec a = _mm_unpacklo_ps(r[0], r[1]), b = _mm_unpackhi_ps(r[0], r[1]);
  const Vec c = _mm_unpacklo_ps(r[2], r[3]), d = _mm_unpackhi_ps(r[2], r[3]);
  r[0] = _mm_movelh_ps(a, c);
  r[1] = _mm_movehl_ps(c, a);
  r[2] = _mm_movelh_ps(b, d);
  r[3] = _mm_movehl_ps(d, b);
}

inline Vec sum_each(Vec r[kWidth]) {
  transpose(r);
  for (int step = 1; step < kWidth; step *= 2) {
    for (int i = 0; i < kWidth; i += 2 * step) r[i] = add(r[i], r[i + step]);
  }
  return r[0];
}

inline Vec round_even(Vec v) { return _mm_cvtepi32_ps(_mm_cvtps_epi32(v)); }
// v * 2^n for whole n in [-126, 127].
inline Vec scale_pow2(Vec v, Vec n) {
  const __m128i exponent =
      _mm_slli_epi32(_mm_add_epi32(_mm_cvtps_epi32(n), _mm_set1_epi32(127)), 23);
  return _mm_mul_ps(v, _mm_castsi128_ps(exponent));
}

inline float sum(Vec v) {
  const __m128 two = _mm_add_ps(v, _mm_movehl_ps(v, v));
  return _mm_cvtss_f32(_mm_add_ss(two, _mm_shuffle_ps(two, two, 1)));
}

}  // namespace
}  // namespace rownet
