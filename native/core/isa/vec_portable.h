// vec_portable.h: 4 floats in the vector extension that GCC and Clang share, for every CPU that no
// other header serves. On arm64 it becomes NEON, on x86-64 SSE2, elsewhere scalar code.
#pragma once

#include <stdint.h>

namespace rownet {
namespace {

typedef float Vec __attribute__((vector_size(16)));
typedef int32_t Mask __attribute__((vector_size(16)));
constexpr int kWidth = 4;
constexpr int kRegisters = 16;

inline Vec load(const float* p) {
  Vec v;
  __builtin_memcpy(&v, p, sizeof v);
  return v;
}
inline void store(float* p, Vec v) { __builtin_memcpy(p, &v, sizeof v); }
inline Vec load_n(const float* p, int64_t n) {
  Vec v = {};
  for (int64_t i = 0; i < n; ++i) v[i] = p[i];
  return v;
}
inline void store_n(float* p, int64_t n, Vec v) {
  for (int64_t i = 0; i < n; ++i) p[i] = v[i];
}
inline Vec broadcast(float x) { return Vec{x, x, x, x}; }
inline Vec zero() { return broadcast(0.0f); }
inline Vec add(Vec a, Vec b) { return a + b; }
inline Vec sub(Vec a, Vec b) { return a - b; }
inline Vec mul(Vec a, Vec b) { return a * b; }
inline Vec div(Vec a, Vec b) { return a / b; }
inline Vec sqrt(Vec v) {
  return Vec{__builtin_sqrtf(v[0]), __builtin_sqrtf(v[1]), __builtin_sqrtf(v[2]),
             __builtin_sqrtf(v[3])};
}
// As the x86 instruction: b where the lanes do not compare, so NaN in b wins.
inline Vec vmax(Vec a, Vec b) { return a > b ? a : b; }
inline Vec fma(Vec a, Vec b, Vec c) { return add(mul(a, b), c); }
inline Vec keep_if_positive(Vec v, Vec y) { return y > zero() ? v : zero(); }

typedef float Half __attribute__((vector_size(8)));
constexpr int kHalf = 2;
inline Half load_half(const float* p) {
  Half v;
  __builtin_memcpy(&v, p, sizeof v);
  return v;
}
inline void store_half(float* p, Half v) { __builtin_memcpy(p, &v, sizeof v); }
inline Half add_half(Half a, Half b) { return a + b; }

inline Mask exceeds(Vec value, Vec best) { return ~(value <= best) & (best == best); }
inline Mask equals(Vec a, Vec b) { return a == b; }
inline Vec blend(Mask mask, Vec yes, Vec no) { return mask ? yes : no; }

inline void split_pairs(Vec low, Vec high, Vec* even, Vec* odd) {
  *even = Vec{low[0], low[2], high[0], high[2]};
  *odd = Vec{low[1], low[3], high[1], high[3]};
}
inline void join_pairs(Vec even, Vec odd, Vec* low, Vec* high) {
  *low = Vec{even[0], odd[0], even[1], odd[1]};
  *high = Vec{even[2], odd[2], even[3], odd[3]};
}

inline Vec load_u16_n(const uint16_t* p, int64_t n) {
  Vec v = {};
  for (int64_t i = 0; i < n; ++i) v[i] = static_cast<float>(p[i]);
  return v;
}
inline void store_u16_n(uint16_t* p, int64_t n, Vec v) {
  for (int64_t i = 0; i < n; ++i) p[i] = static_cast<uint16_t>(v[i]);
}

// Codes: one small integer a lane, stored as bytes.
typedef int32_t Codes __attribute__((vector_size(16)));
inline Codes load_codes(const uint8_t* p) { return Codes{p[0], p[1], p[2], p[3]}; }
inline void store_codes(uint8_t* p, Codes codes) {
  for (int i = 0; i < kWidth; ++i) p[i] = static_cast<uint8_t>(codes[i]);
}
inline Codes broadcast_code(int code) { return Codes{code, code, code, code}; }
inline Codes blend_codes(Mask mask, Codes yes, Codes no) { return (mask & yes) | (~mask & no); }
inline Mask code_is(Codes codes, int code) { return codes == broadcast_code(code); }
inline Mask code_bit(Codes codes, int bit) {
  return (codes & broadcast_code(bit)) == broadcast_code(bit);
}
// table[code] for codes 0 to 3.
using Table4 = const float*;
inline Table4 load_table4(const float* p) { return p; }
inline Vec lookup4(Table4 table, Codes codes) {
  return Vec{table[codes[0]], table[codes[1]], table[codes[2]], table[codes[3]]};
}

inline Vec bytes_as_floats(const uint8_t* p) {
  return Vec{static_cast<float>(p[0]), static_cast<float>(p[1]), static_cast<float>(p[2]),
             static_cast<float>(p[3])};
}

inline void transpose(Vec r[kWidth]) {
  for (int i = 0; i < kWidth; ++i) {
    for (int j = 0; j < i; ++j) {
      const float other = r[i][j];
      r[i][j] = r[j][i];
      r[j][i] = other;
    }
  }
}

inline Vec sum_each(Vec r[kWidth]) {
  transpose(r);
  for (int step = 1; step < kWidth; step *= 2) {
    for (int i = 0; i < kWidth; i += 2 * step) r[i] = add(r[i], r[i + step]);
  }
  return r[0];
}

inline Vec round_even(Vec v) {
  const Vec magic = broadcast(12582912.0f);  // 1.5 * 2^23: adding it leaves no bits for a fraction
  return (v + magic) - magic;
}
// v * 2^n for whole n in [-126, 127].
inline Vec scale_pow2(Vec v, Vec n) {
  Vec power;
  for (int i = 0; i < kWidth; ++i) {
    // A NaN is no integer; v is NaN then, and stays it.
    const int32_t exponent = n[i] == n[i] ? static_cast<int32_t>(n[i]) : 0;
    const uint32_t bits = static_cast<uint32_t>(exponent + 127) << 23;
    float factor;
    __builtin_memcpy(&factor, &bits, sizeof factor);
    power[i] = factor;
  }
  return v * power;
}

inline float sum(Vec v) { return (v[0] + v[2]) + (v[1] + v[3]); }

}  // namespace
}  // namespace rownet
