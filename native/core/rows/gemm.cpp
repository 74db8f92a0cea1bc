#include "rows/gemm.h"

#include <algorithm>
#include <utility>

#include "operations.h"
#include "scratch.h"
#include "threads.h"

namespace rownet {

namespace {

// Below this many multiply-adds a fork costs more than it saves.
constexpr int64_t kForkWork = 20000;

MatrixView transposed(MatrixView v) { return {v.data, v.col_stride, v.row_stride}; }

void multiply(int64_t m, int64_t n, int64_t k, float alpha, MatrixView a, MatrixView b,
              GemmOutput out) {
  const KernelTable& table = kernels();
  // Vectors run along the columns of C. Where C is tall and narrower than one tile, as in the
  // article's rows[pixels, taps] * W[taps, channels], most of a vector would be padding: compute
  // C^T = B^T * A^T.
  if (n < 2 * table.vector_width && m > n) {
    std::swap(m, n);
    std::swap(a, b);
    a = transposed(a);
    b = transposed(b);
    std::swap(out.row_stride, out.col_stride);
  }
  const bool fork = m * n >= kForkWork / k;
  const int slices = fork ? thread_count() : 1;
  const size_t part = cache_lines(table.gemm_scratch);
  float* const memory = scratch(part * static_cast<size_t>(slices));
  if (m >= n) {
    parallel_for(m, slices, [&](int64_t begin, int64_t end, int slice) {
      GemmOutput rows = out;
      rows.c += begin * out.row_stride;
      table.gemm(end - begin, n, k, alpha,
                 {a.data + begin * a.row_stride, a.row_stride, a.col_stride}, b, rows,
                 memory + part * static_cast<size_t>(slice));
    });
    return;
  }
  const int64_t unit = table.vector_width;
  parallel_for((n + unit - 1) / unit, slices, [&](int64_t begin, int64_t end, int slice) {
    const int64_t first = begin * unit, last = std::min(end * unit, n);
    GemmOutput columns = out;
    columns.c += first * out.col_stride;
    table.gemm(m, last - first, k, alpha, a,
               {b.data + first * b.col_stride, b.row_stride, b.col_stride}, columns,
               memory + part * static_cast<size_t>(slice));
  });
}

}  // namespace

void sgemm(bool trans_a, bool trans_b, int64_t m, int64_t n, int64_t k, float alpha, const float* a,
           int64_t lda, const float* b, int64_t ldb, float beta, float* c, int64_t ldc) {
  if (m == 0 || n == 0) return;
  const bool no_product = k == 0 || alpha == 0.0f;
  if (beta == 0.0f) {
    if (no_product) {
      for (int64_t i = 0; i < m; ++i) std::fill_n(c + i * ldc, n, 0.0f);
    }
  } else if (beta != 1.0f) {
    for (int64_t i = 0; i < m; ++i) kernels().scale(n, beta, c + i * ldc);
  }
  if (no_product) return;
  const MatrixView a_view = trans_a ? MatrixView{a, 1, lda} : MatrixView{a, lda, 1};
  const MatrixView b_view = trans_b ? MatrixView{b, 1, ldb} : MatrixView{b, ldb, 1};
  multiply(m, n, k, alpha, a_view, b_view, {c, ldc, 1, nullptr, beta != 0.0f});
}

namespace {

// Of a stored rows x cols matrix: what is wrong with its leading dimension, or with a length that
// does not reach its last element.
std::string check_matrix(const std::string& name, int64_t rows, int64_t cols, int64_t ld,
                         int64_t length) {
  const int64_t least = std::max<int64_t>(cols, 1);
  if (ld < least) {
    return "expected ld" + name + " to be at least " + std::to_string(least) + " but received " +
           std::to_string(ld);
  }
  const int64_t needed = rows == 0 || cols == 0 ? 0 : (rows - 1) * ld + cols;
  if (length >= needed) return "";
  return "expected " + name + " to hold at least " + std::to_string(needed) +
         " elements but received " + std::to_string(length);
}

std::string check_matrices(const Value* v) {
  const bool trans_a = v[0].boolean, trans_b = v[1].boolean;
  const int64_t m = v[2].size, n = v[3].size, k = v[4].size;
  std::string wrong = check_matrix("a", trans_a ? k : m, trans_a ? m : k, v[7].size, v[6].size);
  if (wrong.empty())
    wrong = check_matrix("b", trans_b ? n : k, trans_b ? k : n, v[9].size, v[8].size);
  return wrong.empty() ? check_matrix("c", m, n, v[12].size, v[11].size) : wrong;
}

}  // namespace

constexpr OperationTable gemm_operations = {{
    operation<sgemm>("sgemm", "transA transB m n k alpha a[] lda b[] ldb beta c[] ldc",
                     check_matrices),
}};

}  // namespace rownet
