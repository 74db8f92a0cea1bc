#include "bindings/lane_plan.h"

#include <stdexcept>
#include <string>
#include <vector>

#include "bindings/args.h"
#include "bindings/guard.h"
#include "bindings/lane_steps.h"
#include "bindings/operations.h"
#include "bindings/update.h"

namespace rownet::bindings {

namespace {

struct BatchFields {
  Napi::Value images, labels, values, indices, scale, shift, parameters, buffers;

  explicit BatchFields(const Napi::Object& fields)
      : images(fields.Get("images")),
        labels(fields.Get("labels")),
        values(fields.Get("values")),
        indices(fields.Get("indices")),
        scale(fields.Get("scale")),
        shift(fields.Get("shift")),
        parameters(fields.Get("parameters")),
        buffers(fields.Get("buffers")) {}
};

// A batch, and where it stands: what a call writes must not change what was checked.
struct BatchArguments {
  ByteBatch batch;
  std::vector<Region> regions;
  Span<float> parameters, buffers;
};

// Nothing is looked at where the plan has none: each array costs a call into JavaScript.
Span<float> take_buffers(const Args& args, const LanePlan& plan, Napi::Value value) {
  if (plan.buffers() == 0) return {nullptr, 0};
  return args.array<float>(value, "buffers", static_cast<size_t>(plan.buffers()));
}

bool is_floats(Napi::Value value) {
  return value.IsTypedArray() &&
         value.As<Napi::TypedArray>().TypedArrayType() == napi_float32_array;
}

// Bytes or floats; the images in them.
size_t take_images(const Args& args, const LanePlan& plan, Napi::Value value,
                   BatchArguments& taken) {
  size_t size;
  if (is_floats(value)) {
    const auto images = args.array<float>(value, "images");
    taken.batch.floats = images.data;
    taken.regions.push_back(images);
    size = images.size;
  } else {
    const auto images = args.array<uint8_t>(value, "images");
    taken.batch.images = images.data;
    taken.regions.push_back(images);
    size = images.size;
  }
  return size / static_cast<size_t>(plan.input_size());
}

// A number each, or an array each, of a number a channel.
void take_scaling(const Args& args, const LanePlan& plan, const BatchFields& fields,
                  BatchArguments& taken) {
  ByteBatch& batch = taken.batch;
  if (!fields.scale.IsTypedArray()) {
    batch.scale = args.number(fields.scale, "scale");
    batch.shift = args.number(fields.shift, "shift");
    return;
  }
  const auto channels = static_cast<size_t>(plan.channels());
  const auto scales = args.array<float>(fields.scale, "scale", channels);
  const auto shifts = args.array<float>(fields.shift, "shift", channels);
  batch.scales = scales.data;
  batch.shifts = shifts.data;
  taken.regions.push_back(scales);
  taken.regions.push_back(shifts);
}

// Every index inside the images and the targets of the loss, every label inside the outputs.
BatchArguments take_batch(Args& args, const LanePlan& plan, const BatchFields& fields) {
  BatchArguments taken{};
  ByteBatch& batch = taken.batch;
  size_t available = take_images(args, plan, fields.images, taken), targets = 0;
  const auto indices = args.array<uint32_t>(fields.indices, "indices");
  batch.indices = indices.data;
  batch.count = static_cast<int64_t>(indices.size);
  taken.regions.push_back(indices);
  take_scaling(args, plan, fields, taken);
  if (plan.loss().of_labels) {
    const auto labels = args.array<uint8_t>(fields.labels, "labels");
    batch.labels = labels.data;
    targets = labels.size;
    taken.regions.push_back(labels);
  } else {
    const auto values = args.array<float>(fields.values, "values");
    batch.values = values.data;
    targets = values.size / static_cast<size_t>(plan.outputs());
    taken.regions.push_back(values);
    if (!fields.labels.IsUndefined()) {
      const auto labels = args.array<uint8_t>(fields.labels, "labels");
      batch.labels = labels.data;
      if (labels.size < targets) targets = labels.size;
      taken.regions.push_back(labels);
    }
  }
  if (targets < available) available = targets;
  for (size_t i = 0; i < indices.size; ++i) {
    const uint32_t index = indices.data[i];
    if (index >= available) {
      args.fail_range("expected indices below " + std::to_string(available) + " but index " +
                      std::to_string(i) + " is " + std::to_string(index));
    }
    if (batch.labels != nullptr && batch.labels[index] >= plan.outputs()) {
      args.fail_range("expected labels below " + std::to_string(plan.outputs()) + " but image " +
                      std::to_string(index) + " has " + std::to_string(batch.labels[index]));
    }
  }
  taken.parameters =
      args.array<float>(fields.parameters, "parameters", static_cast<size_t>(plan.parameters()));
  taken.buffers = take_buffers(args, plan, fields.buffers);
  return taken;
}

}  // namespace

Napi::Function LanePlanObject::define(Napi::Env env) {
  return DefineClass(env, "LanePlan",
                     {InstanceMethod("trainStep", &LanePlanObject::train_step),
                      InstanceMethod("evaluate", &LanePlanObject::evaluate),
                      InstanceMethod("predict", &LanePlanObject::predict)});
}

LanePlanObject::LanePlanObject(const Napi::CallbackInfo& info) : ObjectWrap(info) {
  Args args(info, "LanePlan");
  const Napi::Value input = args.next(), steps = args.next(), loss = args.next();
  const Napi::Value smoothing = args.next();
  const Extents extents = read_extents(args, input);
  if (!steps.IsArray()) args.fail_type("steps", "an array");
  if (!loss.IsString()) args.fail_type("loss", "the name of a loss");
  const Napi::Array array = steps.As<Napi::Array>();
  std::vector<LaneStep> list;
  for (uint32_t i = 0; i < array.Length(); ++i) list.push_back(read_step(args, array.Get(i)));
  const float label_smoothing =
      smoothing.IsUndefined() ? 0.0f : args.number(smoothing, "labelSmoothing");
  const std::string name = loss.As<Napi::String>().Utf8Value();
  guarded(info.Env(), args.where(), [&] {
    try {
      plan_ = std::make_unique<LanePlan>(extents.c, extents.h, extents.w, list,
                                         PlanOptions{name.c_str(), true, label_smoothing});
    } catch (const std::invalid_argument& error) {
      args.fail_range(error.what());
    }
  });
}

void LanePlanObject::Finalize(Napi::Env env) {
  plan_.reset();
  memory_.report(env, 0);
}

Napi::Value LanePlanObject::train_step(const Napi::CallbackInfo& info) {
  Args args(info, "LanePlan.trainStep");
  const Napi::Object fields = fields_of(args);
  const BatchFields batch_fields(fields);
  const Napi::Value gradients_field = fields.Get("gradients"), update_field = fields.Get("update");
  const Napi::Value seconds_field = fields.Get("seconds"), scale_field = fields.Get("gradScale");
  const Napi::Value seed_field = fields.Get("seed"), step_field = fields.Get("step");
  const bool updates = !update_field.IsUndefined();
  const UpdateFields update_fields = updates ? read_update(args, update_field) : UpdateFields{};

  BatchArguments taken = take_batch(args, *plan_, batch_fields);
  StepContext context{args.number(scale_field, "gradScale")};
  context.buffers = taken.buffers.data;
  context.draw = {whole_number(args, seed_field, "seed"), whole_number(args, step_field, "step")};
  // Whatever is written shares no memory with anything else.
  std::vector<Region>& others = taken.regions;
  const auto written = [&](const char* name, Region region) {
    args.disjoint(name, region, others);
    others.push_back(region);
  };
  UpdateArguments update{};
  Span<float> gradients{};
  if (updates && !gradients_field.IsUndefined())
    args.fail_range("expected gradients or an update but received both");
  if (updates) {
    update = take_update(args, update_fields);
    others.push_back(update.grads);
    if (update.params.data != taken.parameters.data ||
        update.params.size < static_cast<size_t>(plan_->parameters())) {
      args.fail_range("expected an update of the plan's parameters");
    }
    for (const Span<float>& state : update.state) written("state", state);
  } else {
    gradients =
        args.array<float>(gradients_field, "gradients", static_cast<size_t>(plan_->parameters()));
    written("gradients", gradients);
  }
  written("parameters", taken.parameters);
  written("buffers", taken.buffers);
  if (!seconds_field.IsUndefined()) {
    const auto times =
        args.array<double>(seconds_field, "seconds", static_cast<size_t>(plan_->times()));
    written("seconds", times);
    context.seconds = times.data;
  }
  const LossSum sum = guarded(info.Env(), args.where(), [&] {
    return updates ? plan_->train_step(taken.batch, update.update, taken.parameters.data, context)
                   : plan_->train_step(taken.batch, taken.parameters.data, gradients.data, context);
  });
  memory_.report(info.Env(), plan_->bytes());
  return loss_object(info.Env(), sum);
}

Napi::Value LanePlanObject::evaluate(const Napi::CallbackInfo& info) {
  Args args(info, "LanePlan.evaluate");
  const Napi::Object fields = fields_of(args);
  const BatchFields batch_fields(fields);
  const Napi::Value predictions_field = fields.Get("predictions");
  BatchArguments taken = take_batch(args, *plan_, batch_fields);
  const auto predictions =
      args.array<int32_t>(predictions_field, "predictions", static_cast<size_t>(taken.batch.count));
  taken.regions.insert(taken.regions.end(), {taken.parameters, taken.buffers});
  args.disjoint("predictions", predictions, taken.regions);
  const LossSum sum = guarded(info.Env(), args.where(), [&] {
    return plan_->evaluate(taken.batch, taken.parameters.data, taken.buffers.data,
                           predictions.data);
  });
  memory_.report(info.Env(), plan_->bytes());
  return loss_object(info.Env(), sum);
}

// Arguments in place of an object: for one image, reading that takes a twentieth of the time.
Napi::Value LanePlanObject::predict(const Napi::CallbackInfo& info) {
  Args args(info, "LanePlan.predict");
  const int64_t count = args.size("count");
  const auto x = args.array<float>(args.next(), "x", args.product({count, plan_->input_size()}));
  const auto parameters =
      args.array<float>(args.next(), "parameters", static_cast<size_t>(plan_->parameters()));
  const auto buffers = take_buffers(args, *plan_, args.next());
  const auto scores =
      args.array<float>(args.next(), "scores", args.product({count, plan_->outputs()}));
  args.disjoint("scores", scores, {x, parameters, buffers});
  guarded(info.Env(), args.where(),
          [&] { plan_->predict(x.data, count, parameters.data, buffers.data, scores.data); });
  memory_.report(info.Env(), plan_->bytes());
  return info.Env().Undefined();
}

}  // namespace rownet::bindings
