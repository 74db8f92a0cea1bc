// layers.cpp: forward and backward of each layer.
#include "bindings/args.h"
#include "bindings/exports.h"
#include "rows/conv2d.h"
#include "rows/elementwise.h"
#include "rows/linear.h"
#include "rows/max_pool2d.h"

namespace rownet::bindings {

namespace {

size_t input_size(const Args& args, const Window& v) { return args.product({v.n, v.c, v.h, v.w}); }

size_t output_size(const Args& args, const Window& v, int64_t channels) {
  return args.product({v.n, channels, out_height(v), out_width(v)});
}

Window pool_window(Args& args) {
  const Window v = args.window("window");
  if (v.pad_h != 0 || v.pad_w != 0) args.fail_range("expected a window without padding");
  if (v.kh > 65536 / v.kw) args.fail_range("expected a window of at most 65536 values");
  return v;
}

}  // namespace

Napi::Value conv2d_forward(const Napi::CallbackInfo& call) {
  Args args(call, "conv2dForward");
  const Window v = args.window("window");
  const int64_t oc = args.size("outChannels", 1);
  const auto x = args.floats("x", input_size(args, v));
  const auto weight = args.floats("weight", args.product({oc, v.c, v.kh, v.kw}));
  const auto bias = args.floats("bias", static_cast<size_t>(oc));
  const auto y = args.floats("y", output_size(args, v, oc));
  args.disjoint("y", y, {x, weight, bias});
  rownet::conv2d_forward(v, oc, x.data, weight.data, bias.data, y.data);
  return call.Env().Undefined();
}

Napi::Value conv2d_backward(const Napi::CallbackInfo& call) {
  Args args(call, "conv2dBackward");
  const Window v = args.window("window");
  const int64_t oc = args.size("outChannels", 1);
  const size_t weights = args.product({oc, v.c, v.kh, v.kw});
  const auto x = args.floats("x", input_size(args, v));
  const auto weight = args.floats("weight", weights);
  const auto dy = args.floats("dy", output_size(args, v, oc));
  const auto dx = args.floats_or_null("dx", input_size(args, v));
  const auto dw = args.floats("dw", weights);
  const auto db = args.floats("db", static_cast<size_t>(oc));
  args.disjoint("dx", dx, {x, weight, dy, dw, db});
  args.disjoint("dw", dw, {x, weight, dy, db});
  args.disjoint("db", db, {x, weight, dy});
  rownet::conv2d_backward(v, oc, x.data, weight.data, dy.data, dx.data, dw.data, db.data);
  return call.Env().Undefined();
}

Napi::Value max_pool2d_forward(const Napi::CallbackInfo& call) {
  Args args(call, "maxPool2dForward");
  const Window v = pool_window(args);
  const size_t outputs = output_size(args, v, v.c);
  const auto x = args.floats("x", input_size(args, v));
  const auto y = args.floats("y", outputs);
  const auto argmax = args.uint16s("argmax", outputs);
  args.disjoint("y", y, {x});
  args.disjoint("argmax", argmax, {x, y});
  rownet::max_pool2d_forward(v, x.data, y.data, argmax.data);
  return call.Env().Undefined();
}

Napi::Value max_pool2d_backward(const Napi::CallbackInfo& call) {
  Args args(call, "maxPool2dBackward");
  const Window v = pool_window(args);
  const size_t outputs = output_size(args, v, v.c);
  const auto dy = args.floats("dy", outputs);
  const auto argmax = args.uint16s("argmax", outputs);
  const auto dx = args.floats("dx", input_size(args, v));
  args.disjoint("dx", dx, {dy});
  args.disjoint("argmax", argmax, {dx});
  rownet::max_pool2d_backward(v, dy.data, argmax.data, dx.data);
  return call.Env().Undefined();
}

namespace {

// ReLU may work in place, but arrays that are shifted against each other would be read after they
// were written.
template <typename T>
void same_or_disjoint(const Args& args, const char* name, Span<T> written, Span<T> other) {
  if (written.data != other.data) args.disjoint(name, written, {other});
}

}  // namespace

Napi::Value relu_forward(const Napi::CallbackInfo& call) {
  Args args(call, "reluForward");
  const auto x = args.floats("x", 0);
  const auto y = args.floats("y", x.size);
  same_or_disjoint(args, "y", y, x);
  rownet::relu_forward(static_cast<int64_t>(x.size), x.data, y.data);
  return call.Env().Undefined();
}

Napi::Value relu_backward(const Napi::CallbackInfo& call) {
  Args args(call, "reluBackward");
  const auto y = args.floats("y", 0);
  const auto dy = args.floats("dy", y.size);
  const auto dx = args.floats("dx", y.size);
  same_or_disjoint(args, "dx", dx, y);
  same_or_disjoint(args, "dx", dx, dy);
  rownet::relu_backward(static_cast<int64_t>(y.size), y.data, dy.data, dx.data);
  return call.Env().Undefined();
}

Napi::Value linear_forward(const Napi::CallbackInfo& call) {
  Args args(call, "linearForward");
  const int64_t n = args.size("n"), in = args.size("inFeatures", 1),
                out = args.size("outFeatures", 1);
  const auto x = args.floats("x", args.product({n, in}));
  const auto weight = args.floats("weight", args.product({out, in}));
  const auto bias = args.floats("bias", static_cast<size_t>(out));
  const auto y = args.floats("y", args.product({n, out}));
  args.disjoint("y", y, {x, weight, bias});
  rownet::linear_forward(n, in, out, x.data, weight.data, bias.data, y.data);
  return call.Env().Undefined();
}

Napi::Value linear_backward(const Napi::CallbackInfo& call) {
  Args args(call, "linearBackward");
  const int64_t n = args.size("n"), in = args.size("inFeatures", 1),
                out = args.size("outFeatures", 1);
  const auto x = args.floats("x", args.product({n, in}));
  const auto weight = args.floats("weight", args.product({out, in}));
  const auto dy = args.floats("dy", args.product({n, out}));
  const auto dx = args.floats_or_null("dx", args.product({n, in}));
  const auto dw = args.floats("dw", args.product({out, in}));
  const auto db = args.floats("db", static_cast<size_t>(out));
  args.disjoint("dx", dx, {x, weight, dy, dw, db});
  args.disjoint("dw", dw, {x, weight, dy, db});
  args.disjoint("db", db, {x, weight, dy});
  rownet::linear_backward(n, in, out, x.data, weight.data, dy.data, dx.data, dw.data, db.data);
  return call.Env().Undefined();
}

}  // namespace rownet::bindings
