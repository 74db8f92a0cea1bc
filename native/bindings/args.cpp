#include "bindings/args.h"

#include <cmath>
#include <string>

#include "bindings/guard.h"

namespace rownet::bindings {

namespace {

constexpr double kMaxSize = 2147483647.0;  // 2^31 - 1
constexpr int64_t kMaxProduct = int64_t{1} << 53;

// By Element.
constexpr struct {
  napi_typedarray_type type;
  const char* name;
  size_t width;
} kElements[] = {
    {napi_float32_array, "a Float32Array", 4}, {napi_float64_array, "a Float64Array", 8},
    {napi_uint8_array, "a Uint8Array", 1},     {napi_uint16_array, "a Uint16Array", 2},
    {napi_int32_array, "an Int32Array", 4},    {napi_uint32_array, "a Uint32Array", 4},
};

}  // namespace

Intrinsics::Intrinsics(Napi::Env env) {
  const Napi::Object object = env.Global().Get("Object").As<Napi::Object>();
  const Napi::Object buffer = env.Global().Get("ArrayBuffer").As<Napi::Object>();
  const Napi::Object descriptor =
      object.Get("getOwnPropertyDescriptor")
          .As<Napi::Function>()
          .Call({buffer.Get("prototype"), Napi::String::New(env, "resizable")})
          .As<Napi::Object>();
  resizable = Napi::Persistent(descriptor.Get("get").As<Napi::Function>());
}

void Args::fail_type(const char* name, const char* expected) const {
  throw_with_code(Napi::TypeError::New(info_.Env(), std::string(where_) + ": expected " + name +
                                                        " to be " + expected),
                  "ERR_ROWNET_TYPE");
}

void Args::fail_range(const std::string& message) const {
  throw_with_code(Napi::RangeError::New(info_.Env(), std::string(where_) + ": " + message),
                  "ERR_ROWNET_RANGE");
}

bool Args::boolean(Napi::Value value, const char* name) const {
  if (!value.IsBoolean()) fail_type(name, "a boolean");
  return value.As<Napi::Boolean>().Value();
}

float Args::number(Napi::Value value, const char* name) const {
  if (!value.IsNumber()) fail_type(name, "a number");
  return value.As<Napi::Number>().FloatValue();
}

std::string Args::text(Napi::Value value, const char* name) const {
  if (!value.IsString()) fail_type(name, "a string");
  return value.As<Napi::String>().Utf8Value();
}

int64_t Args::integer(Napi::Value value, const std::string& name, int64_t low) const {
  if (!value.IsNumber()) fail_type(name.c_str(), "an integer");
  const double number = value.As<Napi::Number>().DoubleValue();
  // Written so that NaN fails.
  if (!(number >= static_cast<double>(low) && number <= kMaxSize) || number != std::floor(number)) {
    fail_range("expected " + name + " to be an integer from " + std::to_string(low) +
               " to 2147483647 but received " + value.ToString().Utf8Value());
  }
  return static_cast<int64_t>(number);
}

Window Args::window(Napi::Value value, const char* name) const {
  if (!value.IsArray()) fail_type(name, "an array of 10 or 13 integers");
  const Napi::Array array = value.As<Napi::Array>();
  const uint32_t count = array.Length();
  if (count != 10 && count != 13) fail_type(name, "an array of 10 or 13 integers");
  static constexpr const char* kNames[] = {"n",         "c",         "h",       "w",    "kh",
                                           "kw",        "strideH",   "strideW", "padH", "padW",
                                           "dilationH", "dilationW", "groups"};
  int64_t part[13] = {0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1, 1, 1};
  for (uint32_t i = 0; i < count; ++i) {
    const int64_t low =
        i == 0 || i == 8 || i == 9 ? 0 : 1;  // an empty batch and no padding are fine
    part[i] = integer(array.Get(i), std::string(name) + "." + kNames[i], low);
  }
  const Window v{part[0], part[1], part[2], part[3],  part[4],  part[5], part[6],
                 part[7], part[8], part[9], part[10], part[11], part[12]};
  if (span_height(v) > v.h + 2 * v.pad_h || span_width(v) > v.w + 2 * v.pad_w) {
    fail_range("the window is larger than the padded input");
  }
  if (v.c % v.groups != 0) fail_range("expected groups that divide the channels");
  return v;
}

size_t Args::product(const std::vector<int64_t>& factors) const {
  int64_t result = 1;
  for (int64_t factor : factors) {
    if (factor != 0 && result > kMaxProduct / factor)
      fail_range("the sizes multiply to more than 2^53");
    result *= factor;
  }
  return static_cast<size_t>(result);
}

Memory Args::memory(Napi::Value value, const char* name, Element element, size_t length,
                    bool or_null) const {
  if (or_null && value.IsNull()) return {};
  const auto& [type, type_name, width] = kElements[static_cast<size_t>(element)];
  const std::string expected = std::string(type_name) + (or_null ? " or null" : "");
  const napi_env env = info_.Env();
  bool is_typed_array = false;
  if (napi_is_typedarray(env, value, &is_typed_array) != napi_ok || !is_typed_array) {
    fail_type(name, expected.c_str());
  }
  napi_typedarray_type actual;
  size_t elements = 0;
  void* data = nullptr;
  napi_value buffer = nullptr;
  if (napi_get_typedarray_info(env, value, &actual, &elements, &data, &buffer, nullptr) !=
          napi_ok ||
      actual != type) {
    fail_type(name, expected.c_str());
  }
  // A SharedArrayBuffer is no ArrayBuffer to Node-API; other threads could write to it meanwhile.
  bool is_array_buffer = false;
  if (napi_is_arraybuffer(env, buffer, &is_array_buffer) != napi_ok || !is_array_buffer) {
    fail_type(name, "backed by an ArrayBuffer that is not shared");
  }
  bool detached = false;
  if (napi_is_detached_arraybuffer(env, buffer, &detached) != napi_ok || detached) {
    fail_type(name, "backed by an attached ArrayBuffer (this one was transferred or detached)");
  }
  const auto* intrinsics = info_.Env().GetInstanceData<Intrinsics>();
  if (intrinsics->resizable.Call(buffer, {}).ToBoolean().Value()) {
    fail_type(name, "backed by an ArrayBuffer of fixed length (this one is resizable)");
  }
  if (elements < length) {
    fail_range("expected " + std::string(name) + " to hold at least " + std::to_string(length) +
               " elements but received " + std::to_string(elements));
  }
  return {data, elements, {data, elements * width}};
}

void Args::disjoint(const char* name, Region written, const std::vector<Region>& others) const {
  for (const Region& other : others) {
    if (written.bytes == 0 || other.bytes == 0) continue;
    if (written.begin < other.begin + other.bytes && other.begin < written.begin + written.bytes) {
      fail_range("expected " + std::string(name) +
                 " to share no memory with the call's other arrays. Pass a separate output");
    }
  }
}

}  // namespace rownet::bindings
