#include "bindings/lane_plan.h"

#include <stdexcept>
#include <string>
#include <vector>

#include "bindings/args.h"
#include "bindings/guard.h"
#include "bindings/update.h"

namespace rownet::bindings {

namespace {

constexpr uint32_t kStepNumbers = 14;

LaneStep read_step(const Args& args, const Napi::Value value) {
  if (!value.IsArray() || value.As<Napi::Array>().Length() != kStepNumbers) {
    args.fail_type("each step", "an array of 14 integers");
  }
  const Napi::Array array = value.As<Napi::Array>();
  int64_t n[kStepNumbers];
  for (uint32_t i = 0; i < kStepNumbers; ++i)
    n[i] = args.integer(array.Get(i), "a number of a step");
  if (n[0] > 3) args.fail_range("expected a step's kind from 0 to 3");
  LaneStep step{};
  step.kind = static_cast<LaneStep::Kind>(n[0]);
  step.out_channels = n[1];
  step.kh = n[2];
  step.kw = n[3];
  step.stride_h = n[4];
  step.stride_w = n[5];
  step.pad_h = n[6];
  step.pad_w = n[7];
  step.in_features = n[8];
  step.out_features = n[9];
  step.relu = n[10] != 0;
  step.pool = n[11] != 0;
  step.weight = n[12];
  step.bias = n[13];
  return step;
}

Napi::Value loss_object(Napi::Env env, const LossSum& sum) {
  Napi::Object result = Napi::Object::New(env);
  result.Set("loss", sum.loss);
  result.Set("correct", static_cast<double>(sum.correct));
  return result;
}

// A batch, and where it stands: what a step writes must not change the indices that were checked.
struct BatchArguments {
  ByteBatch batch;
  Region images, labels, indices;
};

// images, labels, indices, scale, shift: every index inside the images, every label inside the
// classes.
BatchArguments read_batch(Args& args, const LanePlan& plan) {
  const auto images = args.bytes("images");
  const auto labels = args.bytes("labels");
  const auto indices = args.uint32s("indices");
  ByteBatch batch{images.data, labels.data, indices.data, static_cast<int64_t>(indices.size),
                  0.0f,        0.0f};
  batch.scale = args.number("scale");
  batch.shift = args.number("shift");
  const size_t whole = images.size / static_cast<size_t>(plan.input_size());
  const size_t available = whole < labels.size ? whole : labels.size;
  for (size_t i = 0; i < indices.size; ++i) {
    const uint32_t index = indices.data[i];
    if (index >= available) {
      args.fail_range("expected indices below " + std::to_string(available) + " but index " +
                      std::to_string(i) + " is " + std::to_string(index));
    }
    if (labels.data[index] >= plan.classes()) {
      args.fail_range("expected labels below " + std::to_string(plan.classes()) + " but image " +
                      std::to_string(index) + " has " + std::to_string(labels.data[index]));
    }
  }
  return {batch, images, labels, indices};
}

}  // namespace

Napi::Function LanePlanObject::define(Napi::Env env) {
  return DefineClass(env, "LanePlan",
                     {InstanceMethod("trainStep", &LanePlanObject::train_step),
                      InstanceMethod("timeStep", &LanePlanObject::time_step),
                      InstanceMethod("evaluate", &LanePlanObject::evaluate),
                      InstanceMethod("predict", &LanePlanObject::predict)});
}

LanePlanObject::LanePlanObject(const Napi::CallbackInfo& info) : ObjectWrap(info) {
  Args args(info, "LanePlan");
  const int64_t c = args.size("c", 1), h = args.size("h", 1), w = args.size("w", 1);
  const Napi::Value steps = info[3];
  if (!steps.IsArray()) args.fail_type("steps", "an array");
  const Napi::Array array = steps.As<Napi::Array>();
  std::vector<LaneStep> list;
  for (uint32_t i = 0; i < array.Length(); ++i) list.push_back(read_step(args, array.Get(i)));
  guarded(info.Env(), "LanePlan", [&] {
    try {
      plan_ = std::make_unique<LanePlan>(c, h, w, std::move(list));
    } catch (const std::invalid_argument& error) {
      args.fail_range(error.what());
    }
  });
}

void LanePlanObject::report_memory(Napi::Env env, size_t bytes) {
  if (bytes == reported_) return;
  Napi::MemoryManagement::AdjustExternalMemory(
      env, static_cast<int64_t>(bytes) - static_cast<int64_t>(reported_));
  reported_ = bytes;
}

void LanePlanObject::Finalize(Napi::Env env) { report_memory(env, 0); }

Napi::Value LanePlanObject::train_step(const Napi::CallbackInfo& info) {
  Args args(info, "LanePlan.trainStep");
  return step(info, args, false);
}

// The arguments of trainStep, then seconds.
Napi::Value LanePlanObject::time_step(const Napi::CallbackInfo& info) {
  Args args(info, "LanePlan.timeStep");
  return step(info, args, true);
}

Napi::Value LanePlanObject::step(const Napi::CallbackInfo& info, Args& args, bool timed) {
  const Napi::Value asked = info[8];
  const bool updates = !asked.IsNull();
  const UpdateFields fields = updates ? read_update(args, asked) : UpdateFields{};
  const BatchArguments data = read_batch(args, *plan_);
  const auto& [batch, images, labels, indices] = data;
  const size_t needed = static_cast<size_t>(plan_->parameters());
  const auto parameters = args.floats("parameters", needed);
  const float grad_scale = args.number("gradScale");
  const auto gradients = args.floats("gradients", needed);
  args.next();
  args.disjoint("gradients", gradients, {parameters, images, labels, indices});
  args.disjoint("parameters", parameters, {images, labels, indices});
  const UpdateArguments taken = updates ? take_update(args, fields) : UpdateArguments{};
  if (updates && (taken.params.data != parameters.data || taken.params.size < needed)) {
    args.fail_range("expected an update of the plan's parameters");
  }
  for (const Span<float>& state : taken.state)
    args.disjoint("state", state, {gradients, images, labels, indices});
  double* seconds = nullptr;
  if (timed) {
    const auto times = args.doubles("seconds", static_cast<size_t>(plan_->times()));
    args.disjoint("seconds", times, {parameters, gradients, images, labels, indices});
    for (const Span<float>& state : taken.state) args.disjoint("seconds", times, {state});
    seconds = times.data;
  }
  const LossSum sum = guarded(info.Env(), args.where(), [&] {
    return updates
               ? plan_->train_step(data.batch, parameters.data, grad_scale, taken.update, seconds)
               : plan_->train_step(data.batch, parameters.data, grad_scale, gradients.data,
                                   seconds);
  });
  report_memory(info.Env(), plan_->bytes());
  return loss_object(info.Env(), sum);
}

Napi::Value LanePlanObject::evaluate(const Napi::CallbackInfo& info) {
  Args args(info, "LanePlan.evaluate");
  const BatchArguments data = read_batch(args, *plan_);
  const auto& [batch, images, labels, indices] = data;
  const auto parameters = args.floats("parameters", static_cast<size_t>(plan_->parameters()));
  const auto predictions = args.int32s("predictions", static_cast<size_t>(batch.count));
  args.disjoint("predictions", predictions, {parameters, images, labels, indices});
  const LossSum sum = guarded(info.Env(), args.where(), [&] {
    return plan_->evaluate(data.batch, parameters.data, predictions.data);
  });
  report_memory(info.Env(), plan_->bytes());
  return loss_object(info.Env(), sum);
}

Napi::Value LanePlanObject::predict(const Napi::CallbackInfo& info) {
  Args args(info, "LanePlan.predict");
  const int64_t count = args.size("count");
  const auto x = args.floats("x", args.product({count, plan_->input_size()}));
  const auto parameters = args.floats("parameters", static_cast<size_t>(plan_->parameters()));
  const auto logits = args.floats("logits", args.product({count, plan_->classes()}));
  args.disjoint("logits", logits, {x, parameters});
  guarded(info.Env(), args.where(),
          [&] { plan_->predict(x.data, count, parameters.data, logits.data); });
  report_memory(info.Env(), plan_->bytes());
  return info.Env().Undefined();
}

}  // namespace rownet::bindings
