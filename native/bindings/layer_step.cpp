#include "bindings/layer_step.h"

#include <algorithm>
#include <stdexcept>
#include <string>
#include <vector>

#include "bindings/guard.h"

namespace rownet::bindings {

namespace {

// The elements of a list of arrays. Reading them may run code of the caller: before the first array.
std::vector<Napi::Value> read_list(const Args& args, Napi::Value value, const char* name) {
  if (!value.IsArray()) args.fail_type(name, "a list of Float32Arrays");
  const Napi::Array list = value.As<Napi::Array>();
  std::vector<Napi::Value> items;
  for (uint32_t i = 0; i < list.Length(); ++i) items.push_back(list.Get(i));
  return items;
}

// Arrays that an operation takes as one, in their order.
class Arena {
 public:
  Arena(const Args& args, const std::vector<Napi::Value>& items, const char* name, int64_t size) {
    size_t total = 0;
    for (const Napi::Value& item : items) {
      parts_.push_back(args.array<float>(item, name));
      total += parts_.back().size;
    }
    if (total != static_cast<size_t>(size)) {
      args.fail_range(std::string("expected ") + name + " of " + std::to_string(size) +
                      " floats in all but received " + std::to_string(total));
    }
  }

  const std::vector<Span<float>>& parts() const { return parts_; }
  // A copy of all, and back.
  std::vector<float> joined() const {
    std::vector<float> all;
    for (const Span<float>& part : parts_) all.insert(all.end(), part.data, part.data + part.size);
    return all;
  }
  void assign(const std::vector<float>& all) const {
    const float* from = all.data();
    for (const Span<float>& part : parts_) {
      std::copy_n(from, part.size, part.data);
      from += part.size;
    }
  }

 private:
  std::vector<Span<float>> parts_;
};

// Whatever a call has checked: what it writes shares no memory with anything else.
class Regions {
 public:
  explicit Regions(const Args& args) : args_(args) {}
  void read(Region region) { all_.push_back(region); }
  void read(const Arena& arena) {
    for (const Span<float>& part : arena.parts()) read(part);
  }
  void written(const char* name, Region region) {
    args_.disjoint(name, region, all_);
    read(region);
  }
  void written(const char* name, const Arena& arena) {
    for (const Span<float>& part : arena.parts()) written(name, part);
  }

 private:
  const Args& args_;
  std::vector<Region> all_;
};

}  // namespace

Napi::Function LayerStepObject::define(Napi::Env env) {
  return DefineClass(env, "LayerStep",
                     {InstanceMethod("forward", &LayerStepObject::forward),
                      InstanceMethod("backward", &LayerStepObject::backward)});
}

LayerStepObject::LayerStepObject(const Napi::CallbackInfo& info) : ObjectWrap(info) {
  Args args(info, "LayerStep");
  const Extents input = read_extents(args, args.next());
  const LaneStep step = read_step(args, args.next());
  guarded(info.Env(), args.where(), [&] {
    try {
      step_ = std::make_unique<LayerStep>(input.c, input.h, input.w, step);
    } catch (const std::invalid_argument& error) {
      args.fail_range(error.what());
    }
  });
}

void LayerStepObject::Finalize(Napi::Env env) {
  step_.reset();
  memory_.report(env, 0);
}

Napi::Value LayerStepObject::forward(const Napi::CallbackInfo& info) {
  Args args(info, "LayerStep.forward");
  const Napi::Object fields = fields_of(args);
  const int64_t count = args.integer(fields.Get("count"), "count");
  const bool training = args.boolean(fields.Get("training"), "training");
  const Draw draw = {whole_number(args, fields.Get("seed"), "seed"),
                     whole_number(args, fields.Get("step"), "step")};
  const auto parameter_list = read_list(args, fields.Get("parameters"), "parameters");
  const auto buffer_list = read_list(args, fields.Get("buffers"), "buffers");
  const Napi::Value x_field = fields.Get("x"), y_field = fields.Get("y");

  const auto x = args.array<float>(x_field, "x", args.product({count, step_->input_size()}));
  const auto y = args.array<float>(y_field, "y", args.product({count, step_->output_size()}));
  const Arena parameters(args, parameter_list, "parameters", step_->parameters());
  const Arena buffers(args, buffer_list, "buffers", step_->buffers());
  Regions regions(args);
  regions.read(x);
  regions.read(parameters);
  regions.written("buffers", buffers);
  regions.written("y", y);
  guarded(info.Env(), args.where(), [&] {
    std::vector<float> moved = buffers.joined();
    step_->forward(x.data, count, parameters.joined().data(), moved.data(), training, draw, y.data);
    if (training) buffers.assign(moved);
  });
  memory_.report(info.Env(), step_->bytes());
  return info.Env().Undefined();
}

Napi::Value LayerStepObject::backward(const Napi::CallbackInfo& info) {
  Args args(info, "LayerStep.backward");
  const Napi::Object fields = fields_of(args);
  const auto parameter_list = read_list(args, fields.Get("parameters"), "parameters");
  const auto buffer_list = read_list(args, fields.Get("buffers"), "buffers");
  const auto gradient_list = read_list(args, fields.Get("gradients"), "gradients");
  const Napi::Value x_field = fields.Get("x"), dy_field = fields.Get("dy");
  const Napi::Value dx_field = fields.Get("dx");

  const int64_t count = step_->count();
  if (count < 0) args.fail_range("expected a forward before backward but there was none");
  const size_t inputs = args.product({count, step_->input_size()});
  const auto x = args.array<float>(x_field, "x", inputs);
  const auto dy = args.array<float>(dy_field, "dy", args.product({count, step_->output_size()}));
  const auto dx = args.array<float>(dx_field, "dx", inputs, true);
  const Arena parameters(args, parameter_list, "parameters", step_->parameters());
  const Arena buffers(args, buffer_list, "buffers", step_->buffers());
  const Arena gradients(args, gradient_list, "gradients", step_->parameters());
  Regions regions(args);
  regions.read(x);
  regions.read(dy);
  regions.read(parameters);
  regions.read(buffers);
  regions.written("dx", dx);
  regions.written("gradients", gradients);
  guarded(info.Env(), args.where(), [&] {
    std::vector<float> all(static_cast<size_t>(step_->parameters()));
    step_->backward(x.data, dy.data, parameters.joined().data(), buffers.joined().data(), dx.data,
                    all.data());
    gradients.assign(all);
  });
  memory_.report(info.Env(), step_->bytes());
  return info.Env().Undefined();
}

}  // namespace rownet::bindings
