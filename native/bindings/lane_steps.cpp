#include "bindings/lane_steps.h"

#include <cmath>

namespace rownet::bindings {

namespace {

std::vector<double> numbers_of(const Args& args, const Napi::Value value, const std::string& name) {
  if (value.IsNumber()) return {value.As<Napi::Number>().DoubleValue()};
  if (value.IsBoolean()) return {value.As<Napi::Boolean>().Value() ? 1.0 : 0.0};
  if (!value.IsArray()) args.fail_type(name.c_str(), "a number, a boolean, a text or numbers");
  std::vector<double> numbers;
  const Napi::Array array = value.As<Napi::Array>();
  for (uint32_t i = 0; i < array.Length(); ++i) {
    const Napi::Value number = array.Get(i);
    if (!number.IsNumber()) args.fail_type(name.c_str(), "a list of numbers");
    numbers.push_back(number.As<Napi::Number>().DoubleValue());
  }
  return numbers;
}

}  // namespace

LaneStep read_step(const Args& args, const Napi::Value value) {
  if (!value.IsObject()) args.fail_type("each step", "an object with its operation as op");
  const Napi::Object object = value.As<Napi::Object>();
  const Napi::Value op = object.Get("op");
  if (!op.IsString()) args.fail_type("op", "the name of an operation");
  LaneStep step{op.As<Napi::String>().Utf8Value(), {}, {}};
  const Napi::Array names = object.GetPropertyNames();
  for (uint32_t i = 0; i < names.Length(); ++i) {
    const std::string name = names.Get(i).ToString().Utf8Value();
    const Napi::Value field = object.Get(name);
    if (name == "op" || field.IsUndefined()) continue;
    if (field.IsString()) {
      step.texts[name] = field.As<Napi::String>().Utf8Value();
    } else {
      step.numbers[name] = numbers_of(args, field, name);
    }
  }
  return step;
}

Napi::Object fields_of(Args& args) {
  const Napi::Value value = args.next();
  if (!value.IsObject()) args.fail_type("its argument", "an object");
  return value.As<Napi::Object>();
}

Extents read_extents(const Args& args, Napi::Value input) {
  if (!input.IsArray() || input.As<Napi::Array>().Length() != 3)
    args.fail_type("input", "[channels, height, width]");
  const Napi::Array list = input.As<Napi::Array>();
  const auto extent = [&](uint32_t i) {
    return args.integer(list.Get(i), "an extent of the input", 1);
  };
  const int64_t c = extent(0), h = extent(1);
  return {c, h, extent(2)};
}

uint64_t whole_number(const Args& args, Napi::Value value, const char* name) {
  if (!value.IsNumber()) args.fail_type(name, "an integer");
  const double number = value.As<Napi::Number>().DoubleValue();
  // Written so that NaN fails.
  if (!(number >= 0.0 && number < 0x1p53) || number != std::floor(number)) {
    args.fail_range(std::string("expected ") + name + " from 0 to 2^53 - 1 but received " +
                    value.ToString().Utf8Value());
  }
  return static_cast<uint64_t>(number);
}

void ReportedMemory::report(Napi::Env env, size_t bytes) {
  if (bytes == bytes_) return;
  Napi::MemoryManagement::AdjustExternalMemory(
      env, static_cast<int64_t>(bytes) - static_cast<int64_t>(bytes_));
  bytes_ = bytes;
}

}  // namespace rownet::bindings
