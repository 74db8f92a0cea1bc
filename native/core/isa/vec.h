// vec.h: one vector of floats, at the width of the level that this translation unit is compiled for.
//
// Every kernel is written against these names and never asks for a level, so a further one (NEON,
// WebAssembly SIMD) is one header more. Each level's header defines, in an anonymous namespace:
//
//   Vec                                 the register type
//   kWidth                              floats in it
//   kRegisters                          how many the CPU has; tiles are sized by it
//   load(p) store(p, v)                 unaligned; JavaScript gives 16-byte alignment at best
//   load_n(p, n)                        the first n floats (0 <= n <= kWidth), the others 0
//   store_n(p, n, v)                    the first n floats; neither touches a byte behind
//   broadcast(x) zero()
//   add sub mul div sqrt vmax
//   fma(a, b, c)                        a * b + c, fused where the level has it
//   keep_if_positive(v, y)              v where y > 0, else +0 (a NaN in y is not positive)
//   sum(v)                              lanes added in a fixed order
//   sum_each(r)                         of each r[i], in another order; overwrites r[kWidth]
//   Half kHalf load_half store_half     the same at half the width, for short lines
//   add_half
//   Mask                                one truth value a lane
//   exceeds(value, best)                value > best, or value is NaN and best is not
//   equals(a, b) blend(mask, yes, no)
//   split_pairs(low, high, &even, &odd) 2 * kWidth floats to alternating lanes
//   join_pairs(even, odd, &low, &high)  and from them
//   load_u16_n(p, n)                    small integers, held as floats in between
//   store_u16_n(p, n, v)
//   Codes load_codes store_codes        one small integer a lane, stored as a byte
//   broadcast_code blend_codes
//   code_is code_bit
//   Table4 load_table4(p)               4 floats
//   lookup4(table, codes)               table[code]
//   bytes_as_floats(p)                  of kWidth bytes
//   transpose(r)                        of the square r[kWidth]
//   round_even(v)                       to whole numbers, halves to the even one
//   scale_pow2(v, n)                    v * 2^n for whole n in [-126, 127]
//
// Everything is static or in an anonymous namespace: an inline function with linkage would be
// folded by the linker across levels, and AVX-512 code would reach a CPU that lacks it.
#pragma once

#include ROWNET_VEC  // "isa/vec_<level>.h"; CMake compiles what includes this file once a level
