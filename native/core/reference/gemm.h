// reference/gemm.h: the matrix product as its definition, in double. The oracle of rows/gemm.h.
#pragma once

#include <cstdint>

namespace rownet::reference {

// C = alpha * op(A) * op(B) + beta * C, row-major, arguments as in rows/gemm.h: op(A) is m x k and
// op(B) k x n. beta = 0 does not read C; k = 0 or alpha = 0 read neither A nor B.
void gemm(bool trans_a, bool trans_b, int64_t m, int64_t n, int64_t k, double alpha,
          const double* a, int64_t lda, const double* b, int64_t ldb, double beta, double* c,
          int64_t ldc);

}  // namespace rownet::reference
