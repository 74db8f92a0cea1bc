// sgemm over its kernel matrix: sizes around tiles and blocks, transposes, alpha, beta, leading
// dimensions, exact integers and bounded reals, guard pages at both ends of every operand.
#include "rows/gemm.h"

#include <cmath>
#include <cstring>
#include <limits>

#include "harness.h"
#include "kernel_table.h"
#include "memory.h"
#include "random.h"
#include "reference/gemm.h"
#include "scratch.h"
#include "threads.h"

namespace rownet::test {

namespace {

// As in rows/gemm_kernel.h.
constexpr int64_t kBlockM = 120, kBlockN = 512, kBlockK = 256;
int64_t tile_rows() { return kernels().registers >= 32 ? 12 : 6; }
int64_t tile_cols() { return 2 * kernels().vector_width; }

struct Problem {
  bool trans_a, trans_b;
  int64_t m, n, k;
  float alpha, beta;
  // Added to each leading dimension; the gap holds guard values.
  int64_t gap;
};

// A stored rows x cols matrix in guarded memory. It ends with its last element, not with its last
// line's gap.
class Matrix {
 public:
  float* place(int64_t rows, int64_t cols, int64_t gap, Side side) {
    rows_ = rows;
    cols_ = cols;
    ld_ = cols + gap;
    return memory_.place(rows == 0 || cols == 0 ? 0 : (rows - 1) * ld_ + cols, side);
  }
  float* place(int64_t rows, int64_t cols, int64_t gap, Side side, const Floats& values) {
    place(rows, cols, gap, side);
    for (int64_t i = 0; i < rows * cols; ++i) {
      memory_.data()[i / cols * ld_ + i % cols] = values[static_cast<size_t>(i)];
    }
    return memory_.data();
  }
  float* data() const { return memory_.data(); }
  // A leading dimension is at least 1, as in BLAS.
  int64_t ld() const { return ld_ < 1 ? 1 : ld_; }
  Floats values() const {
    Floats result;
    for (int64_t i = 0; i < rows_ * cols_; ++i) {
      result.push_back(memory_.data()[i / cols_ * ld_ + i % cols_]);
    }
    return result;
  }
  std::string check() const {
    for (int64_t i = 0; i + 1 < rows_ && cols_ > 0; ++i) {
      for (int64_t j = cols_; j < ld_; ++j) {
        if (!is_guard(memory_.data() + i * ld_ + j)) {
          return "the gap behind line " + std::to_string(i) + " was overwritten";
        }
      }
    }
    return memory_.check();
  }

 private:
  Guarded<float> memory_;
  int64_t rows_ = 0, cols_ = 0, ld_ = 0;
};

struct Operands {
  Matrix a, b, c;
};

int64_t at_least_1(int64_t n) { return n < 1 ? 1 : n; }

Doubles reference_product(const Problem& p, double alpha, const Doubles& a, const Doubles& b,
                          double beta, Doubles c) {
  reference::gemm(p.trans_a, p.trans_b, p.m, p.n, p.k, alpha, a.data(),
                  at_least_1(p.trans_a ? p.m : p.k), b.data(), at_least_1(p.trans_b ? p.k : p.n),
                  beta, c.data(), at_least_1(p.n));
  return c;
}

// One product against the reference. C is compared element by element, and so are its gaps.
void check_product(Operands& operands, const Problem& p, Side side, const Floats& a,
                   const Floats& b, const Floats& c, bool exact) {
  problem("m %lld, n %lld, k %lld, %s%s, alpha %g, beta %g, gap %lld, %s, guard page at the %s",
          static_cast<long long>(p.m), static_cast<long long>(p.n), static_cast<long long>(p.k),
          p.trans_a ? "A^T" : "A", p.trans_b ? "*B^T" : "*B", static_cast<double>(p.alpha),
          static_cast<double>(p.beta), static_cast<long long>(p.gap), exact ? "integers" : "reals",
          side == Side::kEnd ? "end" : "start");
  operands.a.place(p.trans_a ? p.k : p.m, p.trans_a ? p.m : p.k, p.gap, side, a);
  operands.b.place(p.trans_b ? p.n : p.k, p.trans_b ? p.k : p.n, p.gap, side, b);
  if (p.beta == 0.0f) {
    // Guard values: reading them would spoil the result.
    operands.c.place(p.m, p.n, p.gap, side);
  } else {
    operands.c.place(p.m, p.n, p.gap, side, c);
  }
  sgemm(p.trans_a, p.trans_b, p.m, p.n, p.k, p.alpha, operands.a.data(), operands.a.ld(),
        operands.b.data(), operands.b.ld(), p.beta, operands.c.data(), operands.c.ld());
  const double alpha = p.alpha, beta = p.beta;
  const Doubles expected = reference_product(p, alpha, widen(a), widen(b), beta, widen(c));
  if (exact) {
    CHECK_NONE(difference(operands.c.values(), expected));
  } else {
    const Doubles sums = reference_product(p, std::fabs(alpha), magnitudes(a), magnitudes(b),
                                           std::fabs(beta), magnitudes(c));
    CHECK_NONE(difference_beyond(operands.c.values(), expected, bound_of_sums(p.k, sums)));
  }
  CHECK_NONE(operands.c.check());
}

struct Scale {
  float alpha, beta;
};
constexpr Scale kScales[] = {{1.0f, 0.0f}, {1.0f, 1.0f}, {-0.5f, -0.5f},
                             {2.0f, 0.0f}, {0.0f, 1.0f}, {0.0f, -0.5f}};
constexpr int64_t kScaleCount = 6;

// Every combination of the sizes, transposes and scales, as integers and as reals. The guard pages
// and the gap change from case to case.
void check_matrix(const std::vector<int64_t>& ms, const std::vector<int64_t>& ns,
                  const std::vector<int64_t>& ks) {
  Operands operands;
  int64_t i = 0;
  for (int64_t m : ms) {
    for (int64_t n : ns) {
      for (int64_t k : ks) {
        Random random(static_cast<uint64_t>((m * 1000 + n) * 1000 + k));
        const Floats a[] = {random.integers(m * k), random.reals(m * k)};
        const Floats b[] = {random.integers(k * n), random.reals(k * n)};
        const Floats c[] = {random.integers(m * n), random.reals(m * n)};
        for (int transposes = 0; transposes < 4; ++transposes) {
          for (const Scale& scale : kScales) {
            ++i;
            if (!next_case()) continue;
            const Problem p{(transposes & 1) != 0,
                            (transposes & 2) != 0,
                            m,
                            n,
                            k,
                            scale.alpha,
                            scale.beta,
                            i % 3};
            const Side side = i % 2 == 0 ? Side::kEnd : Side::kStart;
            check_product(operands, p, side, a[0], b[0], c[0], true);
            check_product(operands, p, side, a[1], b[1], c[1], false);
          }
        }
      }
    }
  }
}

std::vector<int64_t> around_tile(int64_t tile) {
  return {0, 1, tile - 1, tile, tile + 1, 2 * tile + 3};
}

}  // namespace

TEST(sgemm_around_tiles) {
  check_matrix(around_tile(tile_rows()), around_tile(tile_cols()),
               {0, 1, 2, tile_cols() - 1, tile_cols() + 1});
  CHECK_CASES(6 * 6 * 5 * 4 * kScaleCount);
}

TEST(sgemm_around_blocks) {
  const int64_t m = tile_rows() + 1, n = tile_cols() + 1;
  check_matrix({kBlockM - 1, kBlockM, kBlockM + 1}, {n}, {3, kBlockK + 1});
  check_matrix({m}, {kBlockN - 1, kBlockN, kBlockN + 1}, {3, kBlockK + 1});
  check_matrix({1, m}, {1, n}, {kBlockK - 1, kBlockK, kBlockK + 1, 2 * kBlockK + 3});
  CHECK_CASES((3 * 2 + 3 * 2 + 4 * 4) * 4 * kScaleCount);
}

TEST(sgemm_all_block_edges_at_once) {
  Operands operands;
  Random random(1);
  for (int transposes = 0; transposes < 4; ++transposes) {
    if (!next_case()) continue;
    const Problem p{(transposes & 1) != 0,
                    (transposes & 2) != 0,
                    kBlockM + 1,
                    kBlockN + 1,
                    kBlockK + 1,
                    -0.5f,
                    1.0f,
                    2};
    check_product(operands, p, Side::kEnd, random.reals(p.m * p.k), random.reals(p.k * p.n),
                  random.reals(p.m * p.n), false);
  }
  CHECK_CASES(4);
}

TEST(sgemm_of_random_problems) {
  Operands operands;
  for (int i = 0; i < 600; ++i) {
    if (!next_case()) continue;
    Random random(static_cast<uint64_t>(i));
    // Mostly small, some beyond a block.
    const int64_t limit = i % 10 == 0 ? 300 : 60;
    const Problem p{random.integer(0, 1) != 0,
                    random.integer(0, 1) != 0,
                    random.integer(1, limit),
                    random.integer(1, limit),
                    random.integer(1, limit),
                    2.0f * random.real(),
                    i % 4 == 0 ? 0.0f : 2.0f * random.real(),
                    random.integer(0, 9)};
    set_thread_count(1 + i % 3);
    check_product(operands, p, i % 2 == 0 ? Side::kEnd : Side::kStart, random.reals(p.m * p.k),
                  random.reals(p.k * p.n), random.reals(p.m * p.n), false);
  }
  CHECK_CASES(600);
}

// Rows are shared out evenly over panels and columns end in a masked vector: every size up to three
// tiles reaches each variant of the tile, in both orientations of C.
TEST(sgemm_every_remainder) {
  Operands operands;
  const int64_t rows = 3 * tile_rows(), cols = 3 * tile_cols();
  for (int64_t m = 1; m <= rows; ++m) {
    for (int64_t n = 1; n <= cols; ++n) {
      if (!next_case()) continue;
      Random random(static_cast<uint64_t>(m * 1000 + n));
      const Problem p{m % 2 != 0, n % 2 != 0, m, n, 3, 1.0f, (m + n) % 3 == 0 ? 1.0f : 0.0f, m % 2};
      check_product(operands, p, (m + n) % 2 == 0 ? Side::kEnd : Side::kStart,
                    random.integers(m * 3), random.integers(3 * n), random.integers(m * n), true);
    }
  }
  CHECK_CASES(rows * cols);
}

// What im2row makes of LeNet-5: tall and thin, both ways, and the gradients' long sums.
TEST(sgemm_shapes_of_lenet) {
  struct Shape {
    bool trans_a, trans_b;
    int64_t m, n, k;
  };
  constexpr Shape kShapes[] = {
      {false, true, 6272, 6, 25},   {false, false, 6272, 25, 6}, {true, false, 6, 25, 6272},
      {false, true, 1600, 16, 150}, {true, false, 16, 150, 800}, {false, false, 400, 150, 16},
      {false, true, 128, 120, 400}, {false, true, 128, 84, 120}, {false, true, 128, 10, 84},
      {true, false, 10, 84, 128},   {false, false, 128, 84, 10}, {true, false, 120, 400, 32},
  };
  Operands operands;
  for (int threads : {1, 3}) {
    set_thread_count(threads);
    for (const Shape& s : kShapes) {
      if (!next_case()) continue;
      Random random(7);
      const Problem p{s.trans_a, s.trans_b, s.m, s.n, s.k, 1.0f, 1.0f, 0};
      check_product(operands, p, Side::kEnd, random.reals(s.m * s.k), random.reals(s.k * s.n),
                    random.reals(s.m * s.n), false);
    }
  }
  CHECK_CASES(24);
}

TEST(sgemm_without_product_reads_neither_a_nor_b) {
  Operands operands;
  for (int64_t k : {0, 5}) {
    for (float beta : {0.0f, 1.0f, -0.5f}) {
      if (!next_case()) continue;
      problem("k %lld, alpha 0, beta %g", static_cast<long long>(k), static_cast<double>(beta));
      Random random(1);
      const Floats c = random.integers(7 * 9);
      // A and B hold nothing but guard values.
      operands.a.place(7, k, 1, Side::kEnd);
      operands.b.place(k, 9, 1, Side::kEnd);
      operands.c.place(7, 9, 1, Side::kEnd, c);
      sgemm(false, false, 7, 9, k, k == 0 ? 1.0f : 0.0f, operands.a.data(), operands.a.ld(),
            operands.b.data(), operands.b.ld(), beta, operands.c.data(), operands.c.ld());
      Doubles expected = widen(c);
      for (double& value : expected) value *= static_cast<double>(beta);
      CHECK_NONE(difference(operands.c.values(), expected));
      CHECK_NONE(operands.c.check());
    }
  }
  CHECK_CASES(6);
}

// One special value in A or B spoils exactly its row or column of C.
TEST(sgemm_passes_nan_and_infinity_on) {
  constexpr float kNan = std::numeric_limits<float>::quiet_NaN();
  Operands operands;
  const int64_t m = 2 * tile_rows() + 3, n = 2 * tile_cols() + 3, k = kBlockK + 3;
  for (int transposes = 0; transposes < 4; ++transposes) {
    for (float special : {kNan, INFINITY, -INFINITY}) {
      for (bool in_a : {true, false}) {
        for (int64_t at : {int64_t{0}, (in_a ? m * k : k * n) - 1, (in_a ? m * k : k * n) / 2}) {
          if (!next_case()) continue;
          Random random(static_cast<uint64_t>(at + 1));
          const Problem p{(transposes & 1) != 0, (transposes & 2) != 0, m, n, k, 1.0f, 1.0f, 0};
          // Zeros among the integers: 0 * infinity is NaN, in the reference too.
          Floats a = random.integers(m * k), b = random.integers(k * n);
          (in_a ? a : b)[static_cast<size_t>(at)] = special;
          check_product(operands, p, Side::kEnd, a, b, random.integers(m * n), true);
        }
      }
    }
  }
  CHECK_CASES(4 * 3 * 2 * 3);
}

// No flushing to zero: a product with the identity gives back the smallest numbers.
TEST(sgemm_keeps_denormals) {
  Operands operands;
  const int64_t m = tile_rows() + 1, n = tile_cols() + 1;
  for (int transposes = 0; transposes < 4; ++transposes) {
    if (!next_case()) continue;
    const Problem p{(transposes & 1) != 0, (transposes & 2) != 0, m, n, n, 1.0f, 0.0f, 0};
    Floats a(static_cast<size_t>(m * n)), identity(static_cast<size_t>(n * n), 0.0f);
    for (size_t i = 0; i < a.size(); ++i) {
      // As bits: arithmetic in a thread that flushes to zero would make zeros of them at once.
      const auto bits = static_cast<uint32_t>(i * 1001 + 1);
      std::memcpy(&a[i], &bits, sizeof bits);
    }
    for (int64_t i = 0; i < n; ++i) identity[static_cast<size_t>(i * n + i)] = 1.0f;
    // The bits as well, since the reference would flush likewise; A^T has another order.
    check_product(operands, p, Side::kEnd, a, identity, a, true);
    if (!p.trans_a) CHECK_NONE(difference_in_bits(operands.c.values(), a));
  }
  CHECK_CASES(4);
}

TEST(sgemm_multiplies_a_matrix_by_itself) {
  Guarded<float> memory;
  Random random(1);
  const Floats a = random.integers(19 * 19);
  memory.place(a, Side::kEnd);
  for (int transposes = 0; transposes < 4; ++transposes) {
    if (!next_case()) continue;
    const Problem p{(transposes & 1) != 0, (transposes & 2) != 0, 19, 19, 19, 1.0f, 0.0f, 0};
    problem("A%s * A%s, 19 x 19", p.trans_a ? "^T" : "", p.trans_b ? "^T" : "");
    Floats c(a.size());
    sgemm(p.trans_a, p.trans_b, 19, 19, 19, 1.0f, memory.data(), 19, memory.data(), 19, 0.0f,
          c.data(), 19);
    CHECK_NONE(difference(c, reference_product(p, 1.0, widen(a), widen(a), 0.0, widen(a))));
  }
  CHECK_CASES(4);
}

}  // namespace rownet::test
