#include "reference/gemm.h"

namespace rownet::reference {

void gemm(bool trans_a, bool trans_b, int64_t m, int64_t n, int64_t k, double alpha,
          const double* a, int64_t lda, const double* b, int64_t ldb, double beta, double* c,
          int64_t ldc) {
  for (int64_t i = 0; i < m; ++i) {
    for (int64_t j = 0; j < n; ++j) {
      double sum = 0.0;
      for (int64_t p = 0; p < k && alpha != 0.0; ++p) {
        sum += a[trans_a ? p * lda + i : i * lda + p] * b[trans_b ? j * ldb + p : p * ldb + j];
      }
      double& to = c[i * ldc + j];
      to = alpha * sum + (beta == 0.0 ? 0.0 : beta * to);
    }
  }
}

}  // namespace rownet::reference
