// vec.h: one vector of floats, at the width of the level that this translation unit is compiled for.
//
// Every kernel is written against these names, so a further level (NEON, WebAssembly SIMD) is one
// header more. Each level's header defines, in an anonymous namespace:
//
//   Vec                       the register type
//   kWidth                    floats in it
//   load(p) store(p, v)       unaligned; JavaScript gives 16-byte alignment at best
//   load_n(p, n)              the first n floats (0 <= n <= kWidth), the others 0; reads no byte behind
//   store_n(p, n, v)          the first n floats; writes no byte behind
//   broadcast(x)  zero()
//   add sub mul div sqrt vmax
//   fma(a, b, c)              a * b + c, fused where the level has it
//   keep_if_positive(v, y)    v where y > 0, else +0 (NaN in y counts as not positive)
//   sum(v)                    lanes added in a fixed order
//   sum_each(r)               a vector of sum(r[i]), in another order; r[kWidth] is overwritten
//   Half  kHalf  load_half store_half add_half   the same at half the width, for short lines
//   Mask                      one truth value a lane
//   exceeds(value, best)      value > best, or value is NaN and best is not
//   equals(a, b)  blend(mask, yes, no)
//   split_pairs(low, high, &even, &odd)   2 * kWidth floats to alternating lanes; join_pairs: from them
//   load_u16_n(p, n) store_u16_n(p, n, v)   small integers, held as floats in between
//   Codes                     one small integer a lane, stored as a byte: load_codes store_codes
//                             broadcast_code blend_codes code_is code_bit
//   lookup4(table, codes)     table[code], of a Table4 = load_table4(p) of 4 floats
//   transpose(r)              of the square r[kWidth]
//
// Everything is static or in an anonymous namespace: an inline function with linkage would be
// folded by the linker across levels, and AVX-512 code would reach a CPU that lacks it.
#pragma once

#if defined(ROWNET_ISA_AVX512)
#include "isa/vec_avx512.h"
#elif defined(ROWNET_ISA_AVX2)
#include "isa/vec_avx2.h"
#elif defined(ROWNET_ISA_SSE2)
#include "isa/vec_sse2.h"
#elif defined(ROWNET_ISA_PORTABLE)
#include "isa/vec_portable.h"
#else
#error "compile this file once per ISA level, with ROWNET_ISA_<LEVEL> defined"
#endif
