// The table's matrix kernels, called directly: what they take from scratch, rows that start from a
// bias, column-major outputs, and the batched dot products.
#include <limits>

#include "harness.h"
#include "kernel_table.h"
#include "memory.h"
#include "random.h"
#include "reference/gemm.h"

namespace rownet::test {

namespace {

int64_t tile_rows() { return kernels().registers >= 32 ? 12 : 6; }
int64_t tile_cols() { return 2 * kernels().vector_width; }

Side side_of(int64_t i) { return i % 2 == 0 ? Side::kEnd : Side::kStart; }

// Row-major m x n; or, transposed, n x m.
Doubles transpose(int64_t m, int64_t n, const Doubles& values) {
  Doubles result(values.size());
  for (int64_t i = 0; i < m; ++i) {
    for (int64_t j = 0; j < n; ++j) {
      result[static_cast<size_t>(j * m + i)] = values[static_cast<size_t>(i * n + j)];
    }
  }
  return result;
}

// product + (accumulate ? before : 0) + (bias)
Doubles expected_output(int64_t m, int64_t n, int64_t k, const Floats& a, const Floats& b,
                        const Floats* bias, const Floats* before) {
  Doubles c(static_cast<size_t>(m * n), 0.0);
  if (before != nullptr) c = widen(*before);
  for (int64_t i = 0; i < m * n && bias != nullptr; ++i) {
    c[static_cast<size_t>(i)] += (*bias)[static_cast<size_t>(i / n)];
  }
  reference::gemm(false, false, m, n, k, 1.0, widen(a).data(), k, widen(b).data(), n, 1.0, c.data(),
                  n);
  return c;
}

}  // namespace

TEST(gemm_stays_in_its_scratch_and_does_not_read_it) {
  Guarded<float> a, b, c, scratch;
  int64_t i = 0;
  for (int64_t m : {int64_t{1}, tile_rows() + 1, int64_t{121}}) {
    for (int64_t n : {int64_t{1}, tile_cols() + 1, int64_t{513}}) {
      for (int64_t k : {1, 257}) {
        for (bool column_major : {false, true}) {
          for (bool accumulate : {false, true}) {
            for (bool biased : {false, true}) {
              ++i;
              if (!next_case()) continue;
              problem("m %lld, n %lld, k %lld, C %s%s%s", static_cast<long long>(m),
                      static_cast<long long>(n), static_cast<long long>(k),
                      column_major ? "column-major" : "row-major", accumulate ? ", accumulate" : "",
                      biased ? ", bias" : "");
              Random random(static_cast<uint64_t>(i));
              const Floats av = random.integers(m * k), bv = random.integers(k * n);
              const Floats bias = random.integers(m), before = random.integers(m * n);
              a.place(av, side_of(i));
              b.place(bv, side_of(i));
              // Guard values fill what is placed without values, the scratch among it.
              scratch.place(static_cast<int64_t>(kernels().gemm_scratch), side_of(i));
              c.place(m * n, side_of(i));
              for (int64_t at = 0; at < m * n && accumulate; ++at) {
                const int64_t row = column_major ? at % m : at / n;
                const int64_t col = column_major ? at / m : at % n;
                c.data()[at] = before[static_cast<size_t>(row * n + col)];
              }
              kernels().gemm(m, n, k, 1.0f, {a.data(), k, 1}, {b.data(), n, 1},
                             {c.data(), column_major ? 1 : n, column_major ? m : 1,
                              biased ? bias.data() : nullptr, accumulate},
                             scratch.data());
              const Doubles expected = expected_output(m, n, k, av, bv, biased ? &bias : nullptr,
                                                       accumulate ? &before : nullptr);
              CHECK_NONE(
                  difference(c.values(), column_major ? transpose(m, n, expected) : expected));
              CHECK_NONE(c.check());
              CHECK_NONE(scratch.check());
            }
          }
        }
      }
    }
  }
  CHECK_CASES(3 * 3 * 2 * 2 * 2 * 2);
}

// A packed once, then multiplied by a B that is used in place, with a gap behind each line.
TEST(gemm_packed_equals_reference) {
  Guarded<float> a, packed, b, c, bias;
  const int64_t rows = 2 * tile_rows() + 1, cols = 2 * tile_cols() + 1;
  int64_t i = 0;
  for (int64_t m = 1; m <= rows; ++m) {
    for (int64_t n = 1; n <= cols; ++n) {
      ++i;
      if (!next_case()) continue;
      const int64_t k = 1 + i % 7, ldb = n + i % 3, ldc = n + i % 2;
      const bool trans = i % 5 == 0, biased = i % 3 != 0, accumulate = i % 4 == 1;
      problem("m %lld, n %lld, k %lld, ldb %lld, ldc %lld, %s%s%s", static_cast<long long>(m),
              static_cast<long long>(n), static_cast<long long>(k), static_cast<long long>(ldb),
              static_cast<long long>(ldc), trans ? "A^T" : "A", biased ? ", bias" : "",
              accumulate ? ", accumulate" : "");
      Random random(static_cast<uint64_t>(i));
      const Floats av = random.integers(m * k), bv = random.integers(k * n);
      const Floats start = random.integers(m), before = random.integers(m * n);
      Floats stored = av;
      for (int64_t e = 0; e < m * k && trans; ++e) {
        stored[static_cast<size_t>(e % k * m + e / k)] = av[static_cast<size_t>(e)];
      }
      a.place(stored, side_of(i));
      packed.place(m * k, side_of(i));
      kernels().gemm_pack_a(m, k, -2.0f, {a.data(), trans ? 1 : k, trans ? m : 1}, packed.data());
      CHECK_NONE(packed.check());
      b.place((k - 1) * ldb + n, side_of(i));
      for (int64_t e = 0; e < k * n; ++e) {
        b.data()[e / n * ldb + e % n] = bv[static_cast<size_t>(e)];
      }
      c.place((m - 1) * ldc + n, side_of(i));
      for (int64_t e = 0; e < m * n && accumulate; ++e) {
        c.data()[e / n * ldc + e % n] = before[static_cast<size_t>(e)];
      }
      kernels().gemm_packed(
          m, n, k, packed.data(), b.data(), ldb,
          {c.data(), ldc, 1, biased ? bias.place(start, side_of(i)) : nullptr, accumulate});
      Floats scaled = av;
      for (float& value : scaled) value *= -2.0f;
      const Doubles expected = expected_output(m, n, k, scaled, bv, biased ? &start : nullptr,
                                               accumulate ? &before : nullptr);
      Floats result;
      for (int64_t e = 0; e < m * n; ++e) result.push_back(c.data()[e / n * ldc + e % n]);
      CHECK_NONE(difference(result, expected));
      for (int64_t r = 0; r + 1 < m; ++r) {
        for (int64_t j = n; j < ldc; ++j) CHECK(is_guard(c.data() + r * ldc + j));
      }
      CHECK_NONE(c.check());
    }
  }
  CHECK_CASES(rows * cols);
}

TEST(gemm_dot_equals_reference) {
  Guarded<float> a, b, c;
  const int64_t width = kernels().vector_width;
  int64_t i = 0;
  for (int64_t m = 1; m <= 13; ++m) {
    for (int64_t n = 1; n <= 13; ++n) {
      for (int64_t k : {int64_t{1}, width - 1, width, width + 1, 3 * width + 2}) {
        for (int64_t batch : {0, 1, 3}) {
          ++i;
          if (!next_case()) continue;
          const int64_t lda = k + i % 2, ldb = k + i % 3, ldc = n + i % 2;
          const int64_t a_stride = m * lda + i % 4, b_stride = n * ldb + i % 5;
          problem("batch %lld, m %lld, n %lld, k %lld, lda %lld, ldb %lld, ldc %lld",
                  static_cast<long long>(batch), static_cast<long long>(m),
                  static_cast<long long>(n), static_cast<long long>(k), static_cast<long long>(lda),
                  static_cast<long long>(ldb), static_cast<long long>(ldc));
          Random random(static_cast<uint64_t>(i));
          const Floats before = random.integers(m * n);
          Doubles expected = widen(before);
          // The last image ends with its last element.
          a.place(batch == 0 ? 0 : (batch - 1) * a_stride + (m - 1) * lda + k, side_of(i));
          b.place(batch == 0 ? 0 : (batch - 1) * b_stride + (n - 1) * ldb + k, side_of(i));
          for (int64_t image = 0; image < batch; ++image) {
            const Floats av = random.integers(m * k), bv = random.integers(n * k);
            for (int64_t e = 0; e < m * k; ++e) {
              a.data()[image * a_stride + e / k * lda + e % k] = av[static_cast<size_t>(e)];
            }
            for (int64_t e = 0; e < n * k; ++e) {
              b.data()[image * b_stride + e / k * ldb + e % k] = bv[static_cast<size_t>(e)];
            }
            reference::gemm(false, true, m, n, k, 1.0, widen(av).data(), k, widen(bv).data(), k,
                            1.0, expected.data(), n);
          }
          c.place((m - 1) * ldc + n, side_of(i));
          for (int64_t e = 0; e < m * n; ++e) {
            c.data()[e / n * ldc + e % n] = before[static_cast<size_t>(e)];
          }
          kernels().gemm_dot(batch, m, n, k, a.data(), lda, a_stride, b.data(), ldb, b_stride,
                             c.data(), ldc);
          Floats result;
          for (int64_t e = 0; e < m * n; ++e) result.push_back(c.data()[e / n * ldc + e % n]);
          CHECK_NONE(difference(result, expected));
          for (int64_t r = 0; r + 1 < m; ++r) {
            for (int64_t j = n; j < ldc; ++j) CHECK(is_guard(c.data() + r * ldc + j));
          }
          CHECK_NONE(c.check());
        }
      }
    }
  }
  CHECK_CASES(13 * 13 * 5 * 3);
}

TEST(gemm_dot_stays_in_its_bound) {
  Guarded<float> a, b, c;
  for (int64_t k : {100, 784, 1000}) {
    if (!next_case()) continue;
    problem("batch 4, m 6, n 25, k %lld", static_cast<long long>(k));
    Random random(static_cast<uint64_t>(k));
    const Floats av = random.reals(4 * 6 * k), bv = random.reals(4 * 25 * k);
    Doubles expected(6 * 25, 0.0), sums(6 * 25, 0.0);
    for (int64_t image = 0; image < 4; ++image) {
      reference::gemm(false, true, 6, 25, k, 1.0, widen(av).data() + image * 6 * k, k,
                      widen(bv).data() + image * 25 * k, k, 1.0, expected.data(), 25);
      reference::gemm(false, true, 6, 25, k, 1.0, magnitudes(av).data() + image * 6 * k, k,
                      magnitudes(bv).data() + image * 25 * k, k, 1.0, sums.data(), 25);
    }
    c.place(Floats(6 * 25, 0.0f), Side::kEnd);
    kernels().gemm_dot(4, 6, 25, k, a.place(av, Side::kEnd), k, 6 * k, b.place(bv, Side::kEnd), k,
                       25 * k, c.data(), 25);
    CHECK_NONE(difference_beyond(c.values(), expected, bound_of_sums(4 * k, sums)));
  }
  CHECK_CASES(3);
}

}  // namespace rownet::test
