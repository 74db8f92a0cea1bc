// vec_avx2.h: 8 floats in a 256-bit register (AVX2 and FMA).
#pragma once

#include <immintrin.h>
#include <stdint.h>

namespace rownet {
namespace {

using Vec = __m256;
constexpr int kWidth = 8;
constexpr int kRegisters = 16;

// A window of eight over this table, starting at 8 - n, has its first n entries set.
alignas(32) constexpr int32_t kLaneMasks[16] = {-1, -1, -1, -1, -1, -1, -1, -1,
                                                0,  0,  0,  0,  0,  0,  0,  0};

inline __m256i first_lanes(int64_t n) {
  return _mm256_loadu_si256(reinterpret_cast<const __m256i*>(kLaneMasks + (8 - n)));
}

inline Vec load(const float* p) { return _mm256_loadu_ps(p); }
inline void store(float* p, Vec v) { _mm256_storeu_ps(p, v); }
inline Vec load_n(const float* p, int64_t n) { return _mm256_maskload_ps(p, first_lanes(n)); }
inline void store_n(float* p, int64_t n, Vec v) { _mm256_maskstore_ps(p, first_lanes(n), v); }
inline Vec broadcast(float x) { return _mm256_set1_ps(x); }
inline Vec zero() { return _mm256_setzero_ps(); }
inline Vec add(Vec a, Vec b) { return _mm256_add_ps(a, b); }
inline Vec sub(Vec a, Vec b) { return _mm256_sub_ps(a, b); }
inline Vec mul(Vec a, Vec b) { return _mm256_mul_ps(a, b); }
inline Vec div(Vec a, Vec b) { return _mm256_div_ps(a, b); }
inline Vec sqrt(Vec v) { return _mm256_sqrt_ps(v); }
inline Vec vmax(Vec a, Vec b) { return _mm256_max_ps(a, b); }
inline Vec fma(Vec a, Vec b, Vec c) { return _mm256_fmadd_ps(a, b, c); }
inline Vec keep_if_positive(Vec v, Vec y) {
  return _mm256_and_ps(v, _mm256_cmp_ps(y, _mm256_setzero_ps(), _CMP_GT_OQ));
}

using Half = __m128;
constexpr int kHalf = 4;
inline Half load_half(const float* p) { return _mm_loadu_ps(p); }
inline void store_half(float* p, Half v) { _mm_storeu_ps(p, v); }
inline Half add_half(Half a, Half b) { return _mm_add_ps(a, b); }

using Mask = __m256;
inline Mask exceeds(Vec value, Vec best) {
  return _mm256_and_ps(_mm256_cmp_ps(value, best, _CMP_NLE_UQ),
                       _mm256_cmp_ps(best, best, _CMP_ORD_Q));
}
inline Mask equals(Vec a, Vec b) { return _mm256_cmp_ps(a, b, _CMP_EQ_OQ); }
inline Vec blend(Mask mask, Vec yes, Vec no) { return _mm256_blendv_ps(no, yes, mask); }

// The shuffles work within 128-bit halves; the permutation puts the quarters in order.
inline Vec quarters_0213(Vec v) {
  return _mm256_castpd_ps(_mm256_permute4x64_pd(_mm256_castps_pd(v), 0xD8));
}
inline void split_pairs(Vec low, Vec high, Vec* even, Vec* odd) {
  *even = quarters_0213(_mm256_shuffle_ps(low, high, 0x88));
  *odd = quarters_0213(_mm256_shuffle_ps(low, high, 0xDD));
}
inline void join_pairs(Vec even, Vec odd, Vec* low, Vec* high) {
  const Vec a = _mm256_unpacklo_ps(even, odd), b = _mm256_unpackhi_ps(even, odd);
  *low = _mm256_permute2f128_ps(a, b, 0x20);
  *high = _mm256_permute2f128_ps(a, b, 0x31);
}

inline Vec load_u16_n(const uint16_t* p, int64_t n) {
  alignas(16) uint16_t lanes[kWidth] = {0, 0, 0, 0, 0, 0, 0, 0};
  if (n < kWidth) {
    for (int64_t i = 0; i < n; ++i) lanes[i] = p[i];
    p = lanes;
  }
  return _mm256_cvtepi32_ps(
      _mm256_cvtepu16_epi32(_mm_loadu_si128(reinterpret_cast<const __m128i*>(p))));
}
inline void store_u16_n(uint16_t* p, int64_t n, Vec v) {
  const __m256i wide = _mm256_cvttps_epi32(v);
  const __m128i narrow =
      _mm_packus_epi32(_mm256_castsi256_si128(wide), _mm256_extracti128_si256(wide, 1));
  if (n == kWidth) {
    _mm_storeu_si128(reinterpret_cast<__m128i*>(p), narrow);
    return;
  }
  alignas(16) uint16_t lanes[kWidth];
  _mm_store_si128(reinterpret_cast<__m128i*>(lanes), narrow);
  for (int64_t i = 0; i < n; ++i) p[i] = lanes[i];
}

// Codes: one small integer a lane, stored as bytes.
using Codes = __m256i;
inline Codes load_codes(const uint8_t* p) {
  return _mm256_cvtepu8_epi32(_mm_loadl_epi64(reinterpret_cast<const __m128i*>(p)));
}
inline void store_codes(uint8_t* p, Codes codes) {
  const __m128i words =
      _mm_packus_epi32(_mm256_castsi256_si128(codes), _mm256_extracti128_si256(codes, 1));
  _mm_storel_epi64(reinterpret_cast<__m128i*>(p), _mm_packus_epi16(words, words));
}
inline Codes broadcast_code(int code) { return _mm256_set1_epi32(code); }
inline Codes blend_codes(Mask mask, Codes yes, Codes no) {
  return _mm256_blendv_epi8(no, yes, _mm256_castps_si256(mask));
}
inline Mask code_is(Codes codes, int code) {
  return _mm256_castsi256_ps(_mm256_cmpeq_epi32(codes, _mm256_set1_epi32(code)));
}
inline Mask code_bit(Codes codes, int bit) {
  const __m256i bits = _mm256_set1_epi32(bit);
  return _mm256_castsi256_ps(_mm256_cmpeq_epi32(_mm256_and_si256(codes, bits), bits));
}
// table[code] for codes 0 to 3.
using Table4 = __m256;
inline Table4 load_table4(const float* p) {
  return _mm256_broadcast_ps(reinterpret_cast<const __m128*>(p));
}
inline Vec lookup4(Table4 table, Codes codes) { return _mm256_permutevar_ps(table, codes); }

inline Vec bytes_as_floats(const uint8_t* p) { return _mm256_cvtepi32_ps(load_codes(p)); }

inline void transpose(Vec r[kWidth]) {
  Vec t[kWidth];
  for (int i = 0; i < 8; i += 2) {
    t[i] = _mm256_unpacklo_ps(r[i], r[i + 1]);
    t[i + 1] = _mm256_unpackhi_ps(r[i], r[i + 1]);
  }
  for (int i = 0; i < 8; i += 4) {
    for (int j = 0; j < 2; ++j) {
      r[i + 2 * j] = _mm256_shuffle_ps(t[i + j], t[i + j + 2], 0x44);
      r[i + 2 * j + 1] = _mm256_shuffle_ps(t[i + j], t[i + j + 2], 0xEE);
    }
  }
  for (int j = 0; j < 4; ++j) {
    t[j] = _mm256_permute2f128_ps(r[j], r[4 + j], 0x20);
    t[4 + j] = _mm256_permute2f128_ps(r[j], r[4 + j], 0x31);
  }
  for (int j = 0; j < 8; ++j) r[j] = t[j];
}

inline Vec sum_each(Vec r[kWidth]) {
  transpose(r);
  for (int step = 1; step < kWidth; step *= 2) {
    for (int i = 0; i < kWidth; i += 2 * step) r[i] = add(r[i], r[i + step]);
  }
  return r[0];
}

inline Vec round_even(Vec v) {
  return _mm256_round_ps(v, _MM_FROUND_TO_NEAREST_INT | _MM_FROUND_NO_EXC);
}
// v * 2^n for whole n in [-126, 127].
inline Vec scale_pow2(Vec v, Vec n) {
  const __m256i exponent =
      _mm256_slli_epi32(_mm256_add_epi32(_mm256_cvtps_epi32(n), _mm256_set1_epi32(127)), 23);
  return _mm256_mul_ps(v, _mm256_castsi256_ps(exponent));
}

inline float sum(Vec v) {
  const __m128 four = _mm_add_ps(_mm256_castps256_ps128(v), _mm256_extractf128_ps(v, 1));
  const __m128 two = _mm_add_ps(four, _mm_movehl_ps(four, four));
  return _mm_cvtss_f32(_mm_add_ss(two, _mm_movehdup_ps(two)));
}

}  // namespace
}  // namespace rownet
