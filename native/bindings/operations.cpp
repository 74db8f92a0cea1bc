#include "bindings/operations.h"

#include <algorithm>
#include <iterator>
#include <sstream>
#include <stdexcept>
#include <string>
#include <vector>

#include "bindings/args.h"
#include "bindings/guard.h"

namespace rownet::bindings {

namespace {

// A parameter, as the operation's row has it.
struct Declared {
  ParameterType type;
  std::string name;
  // Of a size: its place among the sizes, the least, and the array whose elements it counts.
  size_t place;
  int64_t low;
  std::string counted;
  // Of an array: the places of the sizes that multiply to its length.
  std::vector<size_t> factors;
  bool or_null, in_place;
};

// An operation and its row, read once.
class Callable {
 public:
  explicit Callable(const Operation& operation) : operation_(operation) {
    std::istringstream row(operation.parameters);
    for (std::string text; row >> text;) declare(text);
    if (declared_.size() != operation.count) fail("a name for each parameter");
  }

  const char* name() const { return operation_.name; }
  Napi::Value call(const Napi::CallbackInfo& info) const;

 private:
  void declare(const std::string& text);
  size_t place_of(const std::string& size) const;
  [[noreturn]] void fail(const std::string& expected) const {
    throw std::logic_error(std::string(operation_.name) + ": expected " + expected);
  }

  const Operation& operation_;
  std::vector<Declared> declared_;
  std::vector<std::string> sizes_;
};

size_t Callable::place_of(const std::string& size) const {
  const auto found = std::find(sizes_.begin(), sizes_.end(), size);
  if (found == sizes_.end()) fail("a size " + size);
  return static_cast<size_t>(found - sizes_.begin());
}

void Callable::declare(const std::string& text) {
  if (declared_.size() == operation_.count) fail("no parameter " + text);
  const auto has = [&](char mark) { return text.find(mark) != std::string::npos; };
  Declared d{};
  d.type = operation_.types[declared_.size()];
  d.name = text.substr(0, text.find_first_of(">=?~["));
  d.low = has('>') ? 1 : 0;
  d.or_null = has('?');
  d.in_place = has('~');
  d.place = sizes_.size();
  if (d.type.kind == Kind::kWindow) sizes_ = {"n", "c", "h", "w", "kh", "kw", "oh", "ow", "groupc"};
  if (d.type.kind == Kind::kSize) sizes_.push_back(d.name);
  if (has('=')) d.counted = text.substr(text.find('=') + 1);
  if (has('[')) {
    std::istringstream list(text.substr(text.find('[') + 1));
    for (std::string size; std::getline(list, size, ',');) {
      if (size.back() == ']') size.pop_back();
      if (!size.empty()) d.factors.push_back(place_of(size));
    }
  }
  declared_.push_back(d);
}

Napi::Value Callable::call(const Napi::CallbackInfo& info) const {
  Args args(info, operation_.name);
  const size_t count = declared_.size();
  std::vector<Value> values(count);
  std::vector<Napi::Value> arrays(count);
  std::vector<Region> regions(count);
  std::vector<int64_t> sizes(sizes_.size());
  std::string text;

  // Reading a window may run code of the caller, which could detach what an array stands on: so the
  // arrays come last.
  for (size_t i = 0; i < count; ++i) {
    const Declared& d = declared_[i];
    if (!d.counted.empty()) continue;
    const Napi::Value value = args.next();
    switch (d.type.kind) {
      case Kind::kWindow: {
        const Window& v = values[i].window = args.window(value, d.name.c_str());
        const int64_t parts[] = {v.n,  v.c,           v.h,          v.w,           v.kh,
                                 v.kw, out_height(v), out_width(v), v.c / v.groups};
        std::copy(std::begin(parts), std::end(parts), sizes.begin());
        break;
      }
      case Kind::kSize:
        values[i].size = sizes[d.place] = args.integer(value, d.name, d.low);
        break;
      case Kind::kNumber:
        values[i].number = args.number(value, d.name.c_str());
        break;
      case Kind::kBoolean:
        values[i].boolean = args.boolean(value, d.name.c_str());
        break;
      case Kind::kText:
        text = args.text(value, d.name.c_str());
        values[i].text = text.c_str();
        break;
      case Kind::kArray:
        arrays[i] = value;
        break;
    }
  }
  const auto take_arrays = [&](bool of_any_length) {
    for (size_t i = 0; i < count; ++i) {
      const Declared& d = declared_[i];
      if (d.type.kind != Kind::kArray || d.factors.empty() != of_any_length) continue;
      std::vector<int64_t> factors;
      for (size_t place : d.factors) factors.push_back(sizes[place]);
      const size_t length = of_any_length ? 0 : args.product(factors);
      const Memory memory =
          args.memory(arrays[i], d.name.c_str(), d.type.element, length, d.or_null);
      values[i].data = memory.data;
      values[i].size = static_cast<int64_t>(memory.size);
      regions[i] = memory.region;
    }
  };
  take_arrays(true);
  for (size_t i = 0; i < count; ++i) {
    const Declared& d = declared_[i];
    for (size_t j = 0; j < count; ++j) {
      if (declared_[j].name == d.counted) values[i].size = sizes[d.place] = values[j].size;
    }
  }
  take_arrays(false);

  const std::string wrong = operation_.check == nullptr ? "" : operation_.check(values.data());
  if (!wrong.empty()) args.fail_range(wrong);
  for (size_t i = 0; i < count; ++i) {
    const Declared& d = declared_[i];
    for (size_t j = 0; j < count; ++j) {
      const bool apart = i != j && !(d.in_place && regions[i].begin == regions[j].begin);
      if (d.type.written && apart) args.disjoint(d.name.c_str(), regions[i], {regions[j]});
    }
  }
  const LossSum sum = operation_.run(values.data());
  return operation_.has_result ? loss_object(info.Env(), sum) : info.Env().Undefined();
}

const std::vector<Callable>& callables() {
  static const std::vector<Callable> list = [] {
    std::vector<Callable> all;
#define ROWNET_OPERATIONS(table)                    \
  for (const Operation& row : table.rows) {         \
    if (row.name != nullptr) all.emplace_back(row); \
  }
#include "core/operations.inc"
    return all;
  }();
  return list;
}

}  // namespace

Napi::Value loss_object(Napi::Env env, const LossSum& sum) {
  Napi::Object result = Napi::Object::New(env);
  result.Set("loss", sum.loss);
  result.Set("correct", static_cast<double>(sum.correct));
  return result;
}

void define_operations(Napi::Env env, Napi::Object exports) {
  const auto call = [](const Napi::CallbackInfo& info) {
    const auto* self = static_cast<const Callable*>(info.Data());
    return guarded(info.Env(), self->name(), [&] { return self->call(info); });
  };
  for (const Callable& each : callables()) {
    exports.Set(each.name(),
                Napi::Function::New(env, call, each.name(), const_cast<Callable*>(&each)));
  }
}

}  // namespace rownet::bindings
