// elementwise_kernels.h: what touches each number once: sums, bytes to floats.
#pragma once

#include "isa/vec.h"
#include "kernel_table.h"

namespace rownet {
namespace {

// Four accumulators, since one chain of dependent additions leaves most of the adder idle.
float sum_floats(int64_t n, const float* x) {
  Vec acc[4] = {zero(), zero(), zero(), zero()};
  int64_t i = 0;
  for (; i + 4 * kWidth <= n; i += 4 * kWidth) {
    for (int j = 0; j < 4; ++j) acc[j] = add(acc[j], load(x + i + j * kWidth));
  }
  for (; i + kWidth <= n; i += kWidth) acc[0] = add(acc[0], load(x + i));
  if (i < n) acc[1] = add(acc[1], load_n(x + i, n - i));
  return sum(add(add(acc[0], acc[1]), add(acc[2], acc[3])));
}

void add_to(int64_t n, const float* x, float* y) {
  int64_t i = 0;
  for (; i + kWidth <= n; i += kWidth) store(y + i, add(load(y + i), load(x + i)));
  if (i < n) store_n(y + i, n - i, add(load_n(y + i, n - i), load_n(x + i, n - i)));
}

void scale(int64_t n, float factor, float* x) {
  const Vec f = broadcast(factor);
  int64_t i = 0;
  for (; i + kWidth <= n; i += kWidth) store(x + i, mul(load(x + i), f));
  if (i < n) store_n(x + i, n - i, mul(load_n(x + i, n - i), f));
}

void bytes_to_floats(int64_t n, const uint8_t* bytes, float factor, float shift,
                     float* __restrict__ out) {
  for (int64_t i = 0; i < n; ++i) out[i] = static_cast<float>(bytes[i]) * factor + shift;
}

// As many independent chains as hide the latency of FMA (4 cycles, 2 a cycle) with room to spare.
double fma_burst(int64_t rounds, float* sink) {
  constexpr int kChains = 12;
  Vec acc[kChains];
  for (int i = 0; i < kChains; ++i) acc[i] = broadcast(0.001f * static_cast<float>(i));
  const Vec factor = broadcast(0.999999f), addend = broadcast(0.000001f);
  for (int64_t round = 0; round < rounds; ++round) {
#pragma GCC unroll 12
    for (int i = 0; i < kChains; ++i) acc[i] = fma(acc[i], factor, addend);
  }
  Vec total = acc[0];
  for (int i = 1; i < kChains; ++i) total = add(total, acc[i]);
  *sink = sum(total);
  return 2.0 * kChains * kWidth * static_cast<double>(rounds);
}

}  // namespace
}  // namespace rownet
