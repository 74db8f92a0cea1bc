// vec_avx512.h: 16 floats in a 512-bit register (AVX-512 F, BW, DQ, VL).
#pragma once

#include <immintrin.h>
#include <stdint.h>

namespace rownet {
namespace {

using Vec = __m512;
constexpr int kWidth = 16;
constexpr int kRegisters = 32;

inline __mmask16 first_lanes(int64_t n) { return static_cast<__mmask16>((1u << n) - 1u); }

inline Vec load(const float* p) { return _mm512_loadu_ps(p); }
inline void store(float* p, Vec v) { _mm512_storeu_ps(p, v); }
inline Vec load_n(const float* p, int64_t n) { return _mm512_maskz_loadu_ps(first_lanes(n), p); }
inline void store_n(float* p, int64_t n, Vec v) { _mm512_mask_storeu_ps(p, first_lanes(n), v); }
inline Vec broadcast(float x) { return _mm512_set1_ps(x); }
inline Vec zero() { return _mm512_setzero_ps(); }
inline Vec add(Vec a, Vec b) { return _mm512_add_ps(a, b); }
inline Vec sub(Vec a, Vec b) { return _mm512_sub_ps(a, b); }
inline Vec mul(Vec a, Vec b) { return _mm512_mul_ps(a, b); }
inline Vec div(Vec a, Vec b) { return _mm512_div_ps(a, b); }
inline Vec sqrt(Vec v) { return _mm512_sqrt_ps(v); }
inline Vec vmax(Vec a, Vec b) { return _mm512_max_ps(a, b); }
inline Vec fma(Vec a, Vec b, Vec c) { return _mm512_fmadd_ps(a, b, c); }
inline Vec keep_if_positive(Vec v, Vec y) {
  return _mm512_maskz_mov_ps(_mm512_cmp_ps_mask(y, _mm512_setzero_ps(), _CMP_GT_OQ), v);
}

using Half = __m256;
constexpr int kHalf = 8;
inline Half load_half(const float* p) { return _mm256_loadu_ps(p); }
inline void store_half(float* p, Half v) { _mm256_storeu_ps(p, v); }
inline Half add_half(Half a, Half b) { return _mm256_add_ps(a, b); }

using Mask = __mmask16;
inline Mask exceeds(Vec value, Vec best) {
  return static_cast<Mask>(_mm512_cmp_ps_mask(value, best, _CMP_NLE_UQ) &
                           _mm512_cmp_ps_mask(best, best, _CMP_ORD_Q));
}
inline Mask equals(Vec a, Vec b) { return _mm512_cmp_ps_mask(a, b, _CMP_EQ_OQ); }
inline Vec blend(Mask mask, Vec yes, Vec no) { return _mm512_mask_mov_ps(no, mask, yes); }

inline void split_pairs(Vec low, Vec high, Vec* even, Vec* odd) {
  const __m512i evens =
      _mm512_setr_epi32(0, 2, 4, 6, 8, 10, 12, 14, 16, 18, 20, 22, 24, 26, 28, 30);
  const __m512i odds = _mm512_setr_epi32(1, 3, 5, 7, 9, 11, 13, 15, 17, 19, 21, 23, 25, 27, 29, 31);
  *even = _mm512_permutex2var_ps(low, evens, high);
  *odd = _mm512_permutex2var_ps(low, odds, high);
}
inline void join_pairs(Vec even, Vec odd, Vec* low, Vec* high) {
  const __m512i lows = _mm512_setr_epi32(0, 16, 1, 17, 2, 18, 3, 19, 4, 20, 5, 21, 6, 22, 7, 23);
  const __m512i highs =
      _mm512_setr_epi32(8, 24, 9, 25, 10, 26, 11, 27, 12, 28, 13, 29, 14, 30, 15, 31);
  *low = _mm512_permutex2var_ps(even, lows, odd);
  *high = _mm512_permutex2var_ps(even, highs, odd);
}

inline Vec load_u16_n(const uint16_t* p, int64_t n) {
  return _mm512_cvtepi32_ps(_mm512_cvtepu16_epi32(_mm256_maskz_loadu_epi16(first_lanes(n), p)));
}
inline void store_u16_n(uint16_t* p, int64_t n, Vec v) {
  _mm256_mask_storeu_epi16(p, first_lanes(n), _mm512_cvtepi32_epi16(_mm512_cvttps_epi32(v)));
}

// Codes: one small integer a lane, stored as bytes.
using Codes = __m512i;
inline Codes load_codes(const uint8_t* p) {
  return _mm512_cvtepu8_epi32(_mm_loadu_si128(reinterpret_cast<const __m128i*>(p)));
}
inline void store_codes(uint8_t* p, Codes codes) {
  _mm_storeu_si128(reinterpret_cast<__m128i*>(p), _mm512_cvtepi32_epi8(codes));
}
inline Codes broadcast_code(int code) { return _mm512_set1_epi32(code); }
inline Codes blend_codes(Mask mask, Codes yes, Codes no) {
  return _mm512_mask_mov_epi32(no, mask, yes);
}
inline Mask code_is(Codes codes, int code) {
  return _mm512_cmpeq_epi32_mask(codes, _mm512_set1_epi32(code));
}
inline Mask code_bit(Codes codes, int bit) {
  return _mm512_test_epi32_mask(codes, _mm512_set1_epi32(bit));
}
// table[code] for codes 0 to 3.
using Table4 = __m512;
inline Table4 load_table4(const float* p) { return _mm512_broadcast_f32x4(_mm_loadu_ps(p)); }
inline Vec lookup4(Table4 table, Codes codes) { return _mm512_permutevar_ps(table, codes); }

inline Vec bytes_as_floats(const uint8_t* p) { return _mm512_cvtepi32_ps(load_codes(p)); }

inline void transpose(Vec r[kWidth]) {
  Vec t[kWidth];
  for (int i = 0; i < 16; i += 2) {
    t[i] = _mm512_unpacklo_ps(r[i], r[i + 1]);
    t[i + 1] = _mm512_unpackhi_ps(r[i], r[i + 1]);
  }
  for (int i = 0; i < 16; i += 4) {
    for (int j = 0; j < 2; ++j) {
      const __m512d a = _mm512_castps_pd(t[i + j]), b = _mm512_castps_pd(t[i + j + 2]);
      r[i + 2 * j] = _mm512_castpd_ps(_mm512_unpacklo_pd(a, b));
      r[i + 2 * j + 1] = _mm512_castpd_ps(_mm512_unpackhi_pd(a, b));
    }
  }
  // r[i + j] holds column j of each 4 x 4 block of rows i..i+3.
  for (int j = 0; j < 4; ++j) {
    t[j] = _mm512_shuffle_f32x4(r[j], r[4 + j], 0x88);
    t[4 + j] = _mm512_shuffle_f32x4(r[j], r[4 + j], 0xDD);
    t[8 + j] = _mm512_shuffle_f32x4(r[8 + j], r[12 + j], 0x88);
    t[12 + j] = _mm512_shuffle_f32x4(r[8 + j], r[12 + j], 0xDD);
  }
  for (int j = 0; j < 4; ++j) {
    r[j] = _mm512_shuffle_f32x4(t[j], t[8 + j], 0x88);
    r[8 + j] = _mm512_shuffle_f32x4(t[j], t[8 + j], 0xDD);
    r[4 + j] = _mm512_shuffle_f32x4(t[4 + j], t[12 + j], 0x88);
    r[12 + j] = _mm512_shuffle_f32x4(t[4 + j], t[12 + j], 0xDD);
  }
}

// Halves what is left to transpose at each addition: 30 shuffles, where a transposition has 64.
inline Vec sum_each(Vec r[kWidth]) {
  Vec four[4];
  for (int i = 0; i < 4; ++i) {
    const Vec* v = r + 4 * i;
    const __m512d a =
        _mm512_castps_pd(add(_mm512_unpacklo_ps(v[0], v[1]), _mm512_unpackhi_ps(v[0], v[1])));
    const __m512d b =
        _mm512_castps_pd(add(_mm512_unpacklo_ps(v[2], v[3]), _mm512_unpackhi_ps(v[2], v[3])));
    four[i] =
        add(_mm512_castpd_ps(_mm512_unpacklo_pd(a, b)), _mm512_castpd_ps(_mm512_unpackhi_pd(a, b)));
  }
  // Lane j of quarter q of four[i] holds a fourth of the sum of r[4 * i + j].
  const Vec a = add(_mm512_shuffle_f32x4(four[0], four[1], 0x88),
                    _mm512_shuffle_f32x4(four[0], four[1], 0xDD));
  const Vec b = add(_mm512_shuffle_f32x4(four[2], four[3], 0x88),
                    _mm512_shuffle_f32x4(four[2], four[3], 0xDD));
  return add(_mm512_shuffle_f32x4(a, b, 0x88), _mm512_shuffle_f32x4(a, b, 0xDD));
}

inline Vec round_even(Vec v) {
  return _mm512_roundscale_ps(v, _MM_FROUND_TO_NEAREST_INT | _MM_FROUND_NO_EXC);
}
// v * 2^n for whole n in [-126, 127].
inline Vec scale_pow2(Vec v, Vec n) { return _mm512_scalef_ps(v, n); }

inline float sum(Vec v) {
  const __m256 low = _mm512_castps512_ps256(v);
  const __m256 high = _mm512_extractf32x8_ps(v, 1);
  const __m256 eight = _mm256_add_ps(low, high);
  const __m128 four = _mm_add_ps(_mm256_castps256_ps128(eight), _mm256_extractf128_ps(eight, 1));
  const __m128 two = _mm_add_ps(four, _mm_movehl_ps(four, four));
  return _mm_cvtss_f32(_mm_add_ss(two, _mm_movehdup_ps(two)));
}

}  // namespace
}  // namespace rownet
