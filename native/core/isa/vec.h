// vec.h: one vector of floats, at the width of the level that this translation unit is compiled
// for.
//
// Every kernel is written against these names, so a further level (NEON, WebAssembly SIMD) is one
// header more. Each level's header defines, in an anonymous namespace:
//
//   Vec                       the register type
//   kWidth                    floats in it
//   load(p) store(p, v)       unaligned; JavaScript gives 16-byte alignment at best
//   load_n(p, n)              the first n floats (0 <= n <= kWidth), the others 0; reads no byte
//   behind store_n(p, n, v)          the first n floats; writes no byte behind broadcast(x)  zero()
//   add sub mul vmax
//   fma(a, b, c)              a * b + c, fused where the level has it
//   keep_if_positive(v, y)    v where y > 0, else +0 (NaN in y counts as not positive)
//   sum(v)                    lanes added in a fixed order
//   Half  kHalf  load_half store_half add_half   the same at half the width, for short lines
//   Mask                      one truth value a lane
//   exceeds(value, best)      value > best, or value is NaN and best is not
//   equals(a, b)  blend(mask, yes, no)
//   split_pairs(low, high, &even, &odd), join_pairs: 2 * kWidth floats from and to alternating
//   lanes load_u16_n(p, n) store_u16_n(p, n, v)   small integers, held as floats in between
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
