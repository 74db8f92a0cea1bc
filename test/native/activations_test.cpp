// The activations of layers/activations.inc, as rows runs them, against their definitions in double.
#include <cmath>
#include <functional>
#include <limits>

#include "harness.h"
#include "kernel_table.h"
#include "memory.h"
#include "random.h"
#include "rows/activation.h"

namespace rownet::test {

namespace {

constexpr float kNan = std::numeric_limits<float>::quiet_NaN();

Side side_of(int64_t i) { return i % 2 == 0 ? Side::kEnd : Side::kStart; }

struct Defined {
  const char* name;
  float number;
  std::function<double(double)> value;
  // The derivative at x, where the kernel gave y.
  std::function<double(double x, double y)> slope;
  double tolerance;  // relative
};

const Defined& leaky(float slope) {
  static std::vector<Defined> made;
  const double s = static_cast<double>(slope);
  made.push_back({"leakyRelu", slope, [s](double x) { return x > 0.0 ? x : s * x; },
                  [s](double x, double) { return x > 0.0 ? 1.0 : s; }, 2e-7});
  return made.back();
}

const std::vector<Defined>& all() {
  static const std::vector<Defined> list = {
      {"sigmoid", 0.0f, [](double x) { return 1.0 / (1.0 + std::exp(-x)); },
       [](double, double y) { return y * (1.0 - y); }, 1e-6},
      {"tanh", 0.0f, [](double x) { return std::tanh(x); },
       [](double, double y) { return 1.0 - y * y; }, 4e-7},
      leaky(0.01f),
      leaky(0.0f),
      leaky(1.5f),
      leaky(-0.5f),
  };
  return list;
}

// What underflows, and the exponential below -87, which is that of -87, is 0 beside 1.
Doubles bounds_of(const Doubles& values, double tolerance) {
  Doubles bounds;
  for (double v : values) {
    const bool finite = std::isfinite(v);
    bounds.push_back(finite ? tolerance * std::fabs(v) + 2e-38 : 0.0);
  }
  return bounds;
}

}  // namespace

TEST(activations_equal_their_definitions) {
  Guarded<float> x, y, dx;
  const float kSpecial[] = {0.0f,  -0.0f,  kNan,   INFINITY, -INFINITY, 88.0f, -88.0f,
                            2e38f, -2e38f, 1e-45f, -1e-45f,  1e-7f,     0.17f, -0.18f};
  for (const Defined& each : all()) {
    const bool reads_input = each.number < 0.0f;
    for (int64_t n = 0; n <= 2 * kernels().vector_width + 3; ++n) {
      if (!next_case()) continue;
      problem("%s of %g, %lld numbers", each.name, static_cast<double>(each.number),
              static_cast<long long>(n));
      Random random(static_cast<uint64_t>(n));
      Floats xv = random.reals(n), gv = random.reals(n);
      for (int64_t i = 0; i < n; ++i) {
        float& value = xv[static_cast<size_t>(i)];
        value = i % 3 == 0 ? kSpecial[(i / 3 + n) % 14] : i % 3 == 1 ? 20.0f * value : value;
      }
      Doubles forward, backward, errors;
      for (float v : xv) forward.push_back(each.value(static_cast<double>(v)));
      y.place(n, side_of(n));
      activation_forward(each.name, each.number, n, x.place(xv, side_of(n)), y.data());
      CHECK_NONE(difference_beyond(y.values(), forward, bounds_of(forward, each.tolerance)));
      CHECK_NONE(y.check());
      for (size_t i = 0; i < xv.size(); ++i) {
        const double at = static_cast<double>(y.values()[i]), dy = static_cast<double>(gv[i]);
        const bool nan = std::isnan(at) && each.name != std::string("leakyRelu");
        backward.push_back(nan ? at : dy * each.slope(static_cast<double>(xv[i]), at));
        // 1 - y of a y that is nearly 1 is as good as its last bit.
        errors.push_back(nan ? 0.0 : each.tolerance * std::fabs(backward.back()) + 2e-38);
      }
      dx.place(gv, side_of(n));
      activation_backward(each.name, each.number, n, reads_input ? x.data() : nullptr, y.data(),
                          dx.data(), dx.data());
      CHECK_NONE(difference_beyond(dx.values(), backward, errors));
      CHECK_NONE(dx.check());
      // In place.
      activation_forward(each.name, each.number, n, x.data(), x.data());
      CHECK_NONE(difference_in_bits(x.values(), y.values()));
    }
  }
  CHECK_CASES(6 * (2 * kernels().vector_width + 4));
  CHECK(find_activation("Sigmoid") == nullptr);
}

}  // namespace rownet::test
