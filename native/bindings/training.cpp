// training.cpp: what a training step needs besides its layers.
#include <string>

#include "bindings/args.h"
#include "bindings/exports.h"
#include "bindings/update.h"
#include "rows/elementwise.h"
#include "rows/softmax_cross_entropy.h"

namespace rownet::bindings {

Napi::Value softmax_cross_entropy(const Napi::CallbackInfo& call) {
  Args args(call, "softmaxCrossEntropy");
  const int64_t n = args.size("n"), classes = args.size("classes", 1);
  const size_t scores = args.product({n, classes});
  const auto logits = args.floats("logits", scores);
  const auto labels = args.int32s("labels", static_cast<size_t>(n));
  const float grad_scale = args.number("gradScale");
  const auto dlogits = args.floats_or_null("dlogits", scores);
  for (int64_t i = 0; i < n; ++i) {
    if (labels.data[i] < 0 || labels.data[i] >= classes) {
      args.fail_range("expected labels from 0 to " + std::to_string(classes - 1) + " but label " +
                      std::to_string(i) + " is " + std::to_string(labels.data[i]));
    }
  }
  args.disjoint("dlogits", dlogits, {logits});
  args.disjoint("labels", labels, {dlogits});
  const LossSum sum =
      rownet::softmax_cross_entropy(n, classes, logits.data, labels.data, grad_scale, dlogits.data);
  Napi::Object result = Napi::Object::New(call.Env());
  result.Set("loss", sum.loss);
  result.Set("correct", static_cast<double>(sum.correct));
  return result;
}

Napi::Value update_segments(const Napi::CallbackInfo& call) {
  Args args(call, "updateSegments");
  const UpdateArguments taken = take_update(args, read_update(args, args.next()));
  rownet::update_segments(taken.update, taken.grads.data, taken.params.data);
  return call.Env().Undefined();
}

Napi::Value gather_images(const Napi::CallbackInfo& call) {
  Args args(call, "gatherImages");
  const auto images = args.bytes("images");
  const int64_t image_size = args.size("imageSize", 1);
  const auto indices = args.uint32s("indices");
  const float scale = args.number("scale");
  const float shift = args.number("shift");
  const auto out =
      args.floats("out", args.product({static_cast<int64_t>(indices.size), image_size}));
  const size_t available = images.size / static_cast<size_t>(image_size);
  for (size_t i = 0; i < indices.size; ++i) {
    if (indices.data[i] >= available) {
      args.fail_range("expected indices below " + std::to_string(available) + " but index " +
                      std::to_string(i) + " is " + std::to_string(indices.data[i]));
    }
  }
  args.disjoint("images", images, {out});
  args.disjoint("indices", indices, {out});
  rownet::gather_images(static_cast<int64_t>(indices.size), image_size, images.data, indices.data,
                        scale, shift, out.data);
  return call.Env().Undefined();
}

}  // namespace rownet::bindings
