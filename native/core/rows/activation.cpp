#include "rows/activation.h"

#include <algorithm>
#include <cstring>

#include "kernel_table.h"
#include "operations.h"
#include "threads.h"

namespace rownet {

const ActivationRow* find_activation(const char* name) {
  const KernelTable& table = kernels();
  const ActivationRow* const end = table.activations + table.activation_count;
  const ActivationRow* const found =
      std::find_if(table.activations, end,
                   [&](const ActivationRow& each) { return std::strcmp(each.name, name) == 0; });
  return found == end ? nullptr : found;
}

void activation_forward(const char* kind, float number, int64_t n, const float* x, float* y) {
  const ActivationRow& activation = *find_activation(kind);
  parallel_floats(
      n, [&](int64_t i, int64_t count) { activation.forward(number, count, x + i, y + i); });
}

void activation_backward(const char* kind, float number, int64_t n, const float* x, const float* y,
                         const float* dy, float* dx) {
  const ActivationRow& activation = *find_activation(kind);
  parallel_floats(n, [&](int64_t i, int64_t count) {
    activation.backward(number, count, x == nullptr ? nullptr : x + i, y + i, dy + i, dx + i);
  });
}

namespace {

std::string check_kind(const Value* v) {
  if (find_activation(v[0].text) != nullptr) return "";
  return std::string("expected kind to be one of tables().activations but received ") + v[0].text;
}

std::string check_input(const Value* v) {
  const std::string wrong = check_kind(v);
  if (!wrong.empty() || v[3].data != nullptr) return wrong;
  if (is_from_output(*find_activation(v[0].text), v[1].number)) return "";
  return std::string("expected x, which ") + v[0].text + " needs, but received null";
}

}  // namespace

constexpr OperationTable activation_operations = {{
    operation<activation_forward>("activationForward", "kind number n=x x[] y~[n]", check_kind),
    operation<activation_backward>("activationBackward", "kind number n=y x?[n] y[] dy[n] dx~[n]",
                                   check_input),
}};

}  // namespace rownet
