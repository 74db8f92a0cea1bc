// Finite differences: the slope of <forward(x), r>, r a random cotangent, measured on the double
// reference, against the float kernels' backward.
#include <cmath>
#include <functional>

#include "harness.h"
#include "problems.h"
#include "random.h"
#include "reference/layers.h"
#include "reference/training.h"
#include "rows/activation.h"
#include "rows/conv2d.h"
#include "rows/linear.h"
#include "rows/max_pool2d.h"
#include "rows/softmax_cross_entropy.h"

namespace rownet::test {

namespace {

// (f(x + h) - f(x - h)) / 2h for each coordinate.
Doubles slopes(Doubles x, double h, const std::function<double(const Doubles&)>& f) {
  Doubles result;
  for (double& coordinate : x) {
    const double middle = coordinate;
    coordinate = middle + h;
    const double above = f(x);
    coordinate = middle - h;
    const double below = f(x);
    coordinate = middle;
    result.push_back((above - below) / (2.0 * h));
  }
  return result;
}

// Room for the rounding of a few hundred float terms; a wrong index is off by the size of a term.
std::string difference_in_gradient(const Floats& actual, const Doubles& measured) {
  Doubles bound;
  for (double slope : measured) bound.push_back(1e-5 * (1.0 + std::fabs(slope)));
  return difference_beyond(actual, measured, bound);
}

double dot(const Doubles& a, const Floats& b) {
  double sum = 0.0;
  for (size_t i = 0; i < a.size(); ++i) sum += a[i] * static_cast<double>(b[i]);
  return sum;
}

// n different numbers, 0.01 apart and none nearer to 0 than 0.005, in random order: no step of 1e-3
// changes which is greatest or positive.
Floats apart(Random& random, int64_t n) {
  Floats values;
  for (int64_t i = 0; i < n; ++i) {
    values.push_back(0.01f * static_cast<float>(i - n / 2) + 0.005f);
  }
  for (int64_t i = n - 1; i > 0; --i) {
    std::swap(values[static_cast<size_t>(i)], values[static_cast<size_t>(random.integer(0, i))]);
  }
  return values;
}

}  // namespace

TEST(conv2d_gradients_equal_finite_differences) {
  constexpr Window kList[] = {
      {2, 2, 5, 4, 3, 2, 1, 1, 0, 0},       {2, 2, 5, 6, 3, 2, 2, 3, 1, 2},
      {1, 3, 4, 4, 1, 1, 1, 1, 0, 0},       {2, 1, 7, 7, 2, 2, 3, 3, 0, 0},
      {2, 2, 3, 4, 3, 4, 1, 1, 0, 0},       {9, 1, 4, 5, 2, 3, 1, 1, 1, 0},
      {2, 2, 6, 7, 2, 3, 1, 2, 1, 1, 2, 1}, {2, 3, 6, 5, 3, 2, 1, 1, 1, 0, 1, 2, 3},
  };
  for (const Window& v : kList) {
    if (!next_case()) continue;
    const int64_t oc = 3;
    problem("%s, 3 output channels", text(v).c_str());
    Random random(1);
    const Floats x = random.reals(input_size(v)), weight = random.reals(oc * group_taps(v));
    const Floats bias = random.reals(oc), r = random.reals(v.n * oc * out_pixels(v));
    const auto value = [&](const Doubles& xd, const Doubles& wd, const Doubles& bd) {
      Doubles y(r.size());
      reference::conv2d_forward(v, oc, xd.data(), wd.data(), bd.data(), y.data());
      return dot(y, r);
    };
    Floats dx(x.size()), dw(weight.size()), db(bias.size());
    conv2d_backward(v, oc, x.data(), weight.data(), r.data(), dx.data(), dw.data(), db.data());
    const Doubles xd = widen(x), wd = widen(weight), bd = widen(bias);
    // Linear in each argument: the difference quotient has no error of its own.
    constexpr double kStep = 0x1p-4;
    CHECK_NONE(difference_in_gradient(
        dx, slopes(xd, kStep, [&](const Doubles& at) { return value(at, wd, bd); })));
    CHECK_NONE(difference_in_gradient(
        dw, slopes(wd, kStep, [&](const Doubles& at) { return value(xd, at, bd); })));
    CHECK_NONE(difference_in_gradient(
        db, slopes(bd, kStep, [&](const Doubles& at) { return value(xd, wd, at); })));
  }
  CHECK_CASES(8);
}

TEST(linear_gradients_equal_finite_differences) {
  for (int64_t n : {1, 5}) {
    if (!next_case()) continue;
    const int64_t in = 19, out = 7;
    problem("x %lldx19, 7 outputs", static_cast<long long>(n));
    Random random(2);
    const Floats x = random.reals(n * in), weight = random.reals(out * in);
    const Floats bias = random.reals(out), r = random.reals(n * out);
    const auto value = [&](const Doubles& xd, const Doubles& wd, const Doubles& bd) {
      Doubles y(r.size());
      reference::linear_forward(n, in, out, xd.data(), wd.data(), bd.data(), y.data());
      return dot(y, r);
    };
    Floats dx(x.size()), dw(weight.size()), db(bias.size());
    linear_backward(n, in, out, x.data(), weight.data(), r.data(), dx.data(), dw.data(), db.data());
    const Doubles xd = widen(x), wd = widen(weight), bd = widen(bias);
    constexpr double kStep = 0x1p-4;
    CHECK_NONE(difference_in_gradient(
        dx, slopes(xd, kStep, [&](const Doubles& at) { return value(at, wd, bd); })));
    CHECK_NONE(difference_in_gradient(
        dw, slopes(wd, kStep, [&](const Doubles& at) { return value(xd, at, bd); })));
    CHECK_NONE(difference_in_gradient(
        db, slopes(bd, kStep, [&](const Doubles& at) { return value(xd, wd, at); })));
  }
  CHECK_CASES(2);
}

TEST(relu_gradient_equals_finite_differences) {
  problem("101 numbers");
  Random random(3);
  const Floats x = apart(random, 101), r = random.reals(101);
  Floats y(x.size()), dx(x.size());
  activation_forward("relu", 0.0f, 101, x.data(), y.data());
  activation_backward("relu", 0.0f, 101, nullptr, y.data(), r.data(), dx.data());
  const Doubles measured = slopes(widen(x), 1e-3, [&](const Doubles& at) {
    Doubles out(at.size());
    reference::relu_forward(101, at.data(), out.data());
    return dot(out, r);
  });
  CHECK_NONE(difference_in_gradient(dx, measured));
}

TEST(max_pool2d_gradient_equals_finite_differences) {
  constexpr Window kList[] = {
      {2, 2, 6, 8, 2, 2, 2, 2, 0, 0}, {2, 1, 7, 9, 2, 2, 2, 2, 0, 0},
      {1, 2, 7, 6, 3, 2, 1, 1, 0, 0}, {1, 2, 7, 6, 3, 3, 2, 2, 0, 0},
      {1, 1, 9, 9, 2, 2, 3, 4, 0, 0},
  };
  for (const Window& v : kList) {
    if (!next_case()) continue;
    problem("%s", text(v).c_str());
    Random random(4);
    const Floats x = apart(random, input_size(v)), r = random.reals(v.n * v.c * out_pixels(v));
    Floats y(r.size()), dx(x.size());
    std::vector<uint16_t> argmax(r.size());
    max_pool2d_forward(v, x.data(), y.data(), argmax.data());
    max_pool2d_backward(v, r.data(), argmax.data(), dx.data());
    const Doubles measured = slopes(widen(x), 1e-3, [&](const Doubles& at) {
      Doubles out(r.size());
      std::vector<int64_t> indices(r.size());
      reference::max_pool2d_forward(v, at.data(), out.data(), indices.data());
      return dot(out, r);
    });
    CHECK_NONE(difference_in_gradient(dx, measured));
  }
  CHECK_CASES(5);
}

TEST_ONCE(softmax_cross_entropy_gradient_equals_finite_differences) {
  for (float spread : {1.0f, 20.0f}) {
    if (!next_case()) continue;
    problem("5 rows of 10 logits up to %g", static_cast<double>(spread));
    Random random(5);
    Floats logits = random.reals(50);
    for (float& logit : logits) logit *= spread;
    const std::vector<int32_t> labels = {0, 9, 3, 3, 7};
    Floats gradient(50);
    softmax_cross_entropy(5, 10, logits.data(), labels.data(), 0.2f, gradient.data());
    const Doubles measured = slopes(widen(logits), 1e-4, [&](const Doubles& at) {
      Doubles unused(50);
      return 0.2 *
             reference::softmax_cross_entropy(5, 10, at.data(), labels.data(), 1.0, unused.data())
                 .loss;
    });
    CHECK_NONE(difference_in_gradient(gradient, measured));
  }
  CHECK_CASES(2);
}

}  // namespace rownet::test
