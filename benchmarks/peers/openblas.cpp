// openblas.cpp: OpenBLAS on the matrix products of one training step (gemm-products.mjs).
//
//   openblas REPEATS PRODUCT...       PRODUCT is TA TB:m:n:k, such as NT:128:84:120
//
// Prints one JSON object: the median seconds of each product. Threads come from
// OPENBLAS_NUM_THREADS.

#include <cblas.h>

#include <algorithm>
#include <chrono>
#include <cmath>
#include <cstdio>
#include <cstdlib>
#include <string>
#include <vector>

namespace {

struct Product {
  bool transpose_a, transpose_b;
  int m, n, k;
};

size_t size(int rows, int columns) {
  return static_cast<size_t>(rows) * static_cast<size_t>(columns);
}

std::vector<float> filled(size_t count, unsigned seed) {
  std::vector<float> values(count);
  unsigned state = seed;
  for (float& value : values) {
    state = state * 1664525u + 1013904223u;
    value = static_cast<float>(state >> 8) / 8388608.0f - 1.0f;
  }
  return values;
}

class Operands {
 public:
  explicit Operands(const Product& p)
      : p_(p), a_(filled(size(p.m, p.k), 1)), b_(filled(size(p.k, p.n), 2)), c_(size(p.m, p.n)) {}

  void multiply() {
    cblas_sgemm(CblasRowMajor, p_.transpose_a ? CblasTrans : CblasNoTrans,
                p_.transpose_b ? CblasTrans : CblasNoTrans, p_.m, p_.n, p_.k, 1.0f, a_.data(),
                p_.transpose_a ? p_.m : p_.k, b_.data(), p_.transpose_b ? p_.k : p_.n, 0.0f,
                c_.data(), p_.n);
  }

  // Of every 97th element, against plain loops in double precision, in units of sqrt(k).
  double error() const {
    double most = 0;
    for (size_t at = 0; at < c_.size(); at += 97) {
      const int i = static_cast<int>(at) / p_.n, j = static_cast<int>(at) % p_.n;
      double sum = 0;
      for (int p = 0; p < p_.k; ++p) {
        const size_t in_a = p_.transpose_a ? size(p, p_.m) + static_cast<size_t>(i)
                                           : size(i, p_.k) + static_cast<size_t>(p);
        const size_t in_b = p_.transpose_b ? size(j, p_.k) + static_cast<size_t>(p)
                                           : size(p, p_.n) + static_cast<size_t>(j);
        sum += static_cast<double>(a_[in_a]) * static_cast<double>(b_[in_b]);
      }
      const double error = std::abs(c_[at] - sum) / std::sqrt(p_.k);
      most = error >= most || std::isnan(error) ? error : most;
    }
    return most;
  }

 private:
  Product p_;
  std::vector<float> a_, b_, c_;
};

double median_seconds(int repeats, Operands& operands) {
  std::vector<double> seconds;
  for (int repeat = 0; repeat < repeats; ++repeat) {
    const auto start = std::chrono::steady_clock::now();
    operands.multiply();
    seconds.push_back(
        std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count());
  }
  std::sort(seconds.begin(), seconds.end());
  return seconds[seconds.size() / 2];
}

}  // namespace

int main(int argc, char** argv) {
  if (argc < 3) {
    std::fprintf(stderr, "usage: openblas REPEATS PRODUCT...\n");
    return 2;
  }
  const int repeats = std::atoi(argv[1]);
  std::string seconds;
  double check = 0;
  for (int i = 2; i < argc; ++i) {
    char a = 0, b = 0;
    Product product{};
    if (std::sscanf(argv[i], "%c%c:%d:%d:%d", &a, &b, &product.m, &product.n, &product.k) != 5) {
      std::fprintf(stderr, "openblas: expected a product such as NT:128:84:120 but received %s\n",
                   argv[i]);
      return 2;
    }
    product.transpose_a = a == 'T';
    product.transpose_b = b == 'T';
    Operands operands(product);
    operands.multiply();
    const double error = operands.error();
    if (!(error <= 1e-4)) {
      std::fprintf(stderr, "openblas: %s: wrong by %g\n", argv[i], error);
      return 1;
    }
    check = std::max(check, error);
    char text[32];
    std::snprintf(text, sizeof text, "%s%.9f", i > 2 ? "," : "", median_seconds(repeats, operands));
    seconds += text;
  }
  // "OpenBLAS 0.3.21 NO_AFFINITY ... SkylakeX ...": the version is the second word.
  const std::string config = openblas_get_config();
  const size_t space = config.find(' ');
  const std::string version =
      space == std::string::npos
          ? config
          : config.substr(space + 1, config.find(' ', space + 1) - space - 1);
  std::printf(
      "{\"settings\":\"%s kernels\",\"version\":\"%s\",\"check\":{\"products\":%.3g},"
      "\"products\":[%s]}\n",
      openblas_get_corename(), version.c_str(), check, seconds.c_str());
}
