// matrix.cpp: im2row and its kin, and SGEMM.
#include "bindings/args.h"
#include "bindings/exports.h"
#include "rows/gemm.h"
#include "rows/im2row.h"

namespace rownet::bindings {

namespace {

size_t input_size(const Args& args, const Window& v) { return args.product({v.n, v.c, v.h, v.w}); }

// im2row and pool2row matrices have as many entries: n * c * oh * ow * kh * kw.
size_t rows_size(const Args& args, const Window& v) {
  return args.product({v.n, out_height(v), out_width(v), v.c, v.kh, v.kw});
}

void require_no_padding(const Args& args, const Window& v) {
  if (v.pad_h != 0 || v.pad_w != 0) args.fail_range("expected a window without padding");
}

}  // namespace

Napi::Value im2row(const Napi::CallbackInfo& call) {
  Args args(call, "im2row");
  const Window v = args.window("window");
  const auto x = args.floats("x", input_size(args, v));
  const auto rows = args.floats("rows", rows_size(args, v));
  args.disjoint("rows", rows, {x});
  rownet::im2row(v, x.data, rows.data);
  return call.Env().Undefined();
}

Napi::Value row2im(const Napi::CallbackInfo& call) {
  Args args(call, "row2im");
  const Window v = args.window("window");
  const auto rows = args.floats("rows", rows_size(args, v));
  const auto x = args.floats("x", input_size(args, v));
  const bool average = args.boolean("average");
  args.disjoint("x", x, {rows});
  rownet::row2im(v, rows.data, x.data, average);
  return call.Env().Undefined();
}

Napi::Value pool2row(const Napi::CallbackInfo& call) {
  Args args(call, "pool2row");
  const Window v = args.window("window");
  require_no_padding(args, v);
  const auto x = args.floats("x", input_size(args, v));
  const auto rows = args.floats("rows", rows_size(args, v));
  args.disjoint("rows", rows, {x});
  rownet::pool2row(v, x.data, rows.data);
  return call.Env().Undefined();
}

Napi::Value row2pool(const Napi::CallbackInfo& call) {
  Args args(call, "row2pool");
  const Window v = args.window("window");
  require_no_padding(args, v);
  const auto rows = args.floats("rows", rows_size(args, v));
  const auto x = args.floats("x", input_size(args, v));
  const bool average = args.boolean("average");
  args.disjoint("x", x, {rows});
  rownet::row2pool(v, rows.data, x.data, average);
  return call.Env().Undefined();
}

Napi::Value sgemm(const Napi::CallbackInfo& call) {
  Args args(call, "sgemm");
  const bool trans_a = args.boolean("transA");
  const bool trans_b = args.boolean("transB");
  const int64_t m = args.size("m"), n = args.size("n"), k = args.size("k");
  // From the first to the last element that a stored rows x cols matrix reaches.
  const auto extent = [&](int64_t rows, int64_t cols, int64_t ld, const char* name) -> size_t {
    if (ld < cols || ld < 1) {
      args.fail_range("expected " + std::string(name) + " to be at least " +
                      std::to_string(cols < 1 ? 1 : cols) + " but received " + std::to_string(ld));
    }
    return rows == 0 || cols == 0 ? 0 : args.product({rows - 1, ld}) + static_cast<size_t>(cols);
  };
  const float alpha = args.number("alpha");
  // A and B come before their leading dimensions: take the arrays first, check their lengths after.
  const auto a = args.floats("a", 0);
  const int64_t lda = args.size("lda");
  const auto b = args.floats("b", 0);
  const int64_t ldb = args.size("ldb");
  const float beta = args.number("beta");
  const auto c = args.floats("c", 0);
  const int64_t ldc = args.size("ldc");
  const auto require = [&](const char* name, size_t actual, size_t needed) {
    if (actual < needed) {
      args.fail_range("expected " + std::string(name) + " to hold at least " +
                      std::to_string(needed) + " elements but received " + std::to_string(actual));
    }
  };
  require("a", a.size, trans_a ? extent(k, m, lda, "lda") : extent(m, k, lda, "lda"));
  require("b", b.size, trans_b ? extent(n, k, ldb, "ldb") : extent(k, n, ldb, "ldb"));
  require("c", c.size, extent(m, n, ldc, "ldc"));
  args.disjoint("c", c, {a, b});
  rownet::sgemm(trans_a, trans_b, m, n, k, alpha, a.data, lda, b.data, ldb, beta, c.data, ldc);
  return call.Env().Undefined();
}

}  // namespace rownet::bindings
