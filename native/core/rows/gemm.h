// gemm.h: C = alpha * op(A) * op(B) + beta * C, row-major, float32.
#pragma once

#include <cstdint>

#include "kernel_table.h"

namespace rownet {

// op(A) is m x k, op(B) k x n; lda, ldb, ldc are the leading dimensions, in elements, of the stored
// (not the transposed) matrices. beta = 0 overwrites C without reading it; k = 0 or alpha = 0 read
// neither A nor B. C overlaps neither A nor B. Splits rows or columns of C over threads, never k,
// so bits do not depend on the thread count.
void sgemm(bool trans_a, bool trans_b, int64_t m, int64_t n, int64_t k, float alpha, const float* a,
           int64_t lda, const float* b, int64_t ldb, float beta, float* c, int64_t ldc);

}  // namespace rownet
