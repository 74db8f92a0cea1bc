// A small LeNet (conv, ReLU, pool, conv, ReLU, pool, linear, ReLU, linear, cross entropy) composed
// of the kernels and, by the same code, of the reference.
#include <cmath>

#include "harness.h"
#include "random.h"
#include "reference/layers.h"
#include "reference/training.h"
#include "rows/activation.h"
#include "rows/conv2d.h"
#include "rows/linear.h"
#include "rows/max_pool2d.h"
#include "rows/softmax_cross_entropy.h"
#include "updates.h"

namespace rownet::test {

namespace {

// The same names for both sets of layers: float overloads are the kernels, double ones the oracle.
namespace either {
using namespace rownet;
using namespace rownet::reference;
using reference::relu_backward;
using reference::relu_forward;
using reference::sgd_update;
using test::sgd_update;

void relu_forward(int64_t n, const float* x, float* y) {
  activation_forward("relu", 0.0f, n, x, y);
}
void relu_backward(int64_t n, const float* y, const float* dy, float* dx) {
  activation_backward("relu", 0.0f, n, nullptr, y, dy, dx);
}
}  // namespace either

template <typename Real>
struct Types;
template <>
struct Types<float> {
  using Index = uint16_t;
};
template <>
struct Types<double> {
  using Index = int64_t;
};

constexpr int64_t kImages = 3, kClasses = 5;
constexpr Window kConv1{kImages, 1, 12, 12, 3, 3, 1, 1, 0, 0};  // -> 3 x 10 x 10
constexpr Window kPool1{kImages, 3, 10, 10, 2, 2, 2, 2, 0, 0};  // -> 3 x 5 x 5
constexpr Window kConv2{kImages, 3, 5, 5, 2, 2, 1, 1, 0, 0};    // -> 4 x 4 x 4
constexpr Window kPool2{kImages, 4, 4, 4, 2, 2, 2, 2, 0, 0};    // -> 4 x 2 x 2
constexpr int64_t kFeatures = 16, kHidden = 8;
constexpr int64_t kChannels1 = 3, kChannels2 = 4;
const std::vector<int32_t> kLabels = {4, 0, 2};

// Offsets of weight and bias of each layer in one array.
constexpr int64_t kSizes[] = {kChannels1 * 9,     kChannels1, kChannels2 * 12,   kChannels2,
                              kHidden* kFeatures, kHidden,    kClasses* kHidden, kClasses};
constexpr int64_t kParameters = 27 + 3 + 48 + 4 + 128 + 8 + 40 + 5;

constexpr int64_t offset(int part) {
  int64_t sum = 0;
  for (int i = 0; i < part; ++i) sum += kSizes[i];
  return sum;
}
static_assert(offset(8) == kParameters);

template <typename Real>
class SmallLeNet {
 public:
  using Numbers = std::vector<Real>;
  using Indices = std::vector<typename Types<Real>::Index>;

  Numbers parameters = Numbers(kParameters), gradient = Numbers(kParameters);
  Numbers velocity = Numbers(kParameters, Real{0});

  double forward(const Numbers& x) {
    x_ = x;
    either::conv2d_forward(kConv1, kChannels1, x_.data(), at(0), at(1), y1_.data());
    either::relu_forward(count(y1_), y1_.data(), y1_.data());
    either::max_pool2d_forward(kPool1, y1_.data(), p1_.data(), argmax1_.data());
    either::conv2d_forward(kConv2, kChannels2, p1_.data(), at(2), at(3), y2_.data());
    either::relu_forward(count(y2_), y2_.data(), y2_.data());
    either::max_pool2d_forward(kPool2, y2_.data(), p2_.data(), argmax2_.data());
    either::linear_forward(kImages, kFeatures, kHidden, p2_.data(), at(4), at(5), y3_.data());
    either::relu_forward(count(y3_), y3_.data(), y3_.data());
    either::linear_forward(kImages, kHidden, kClasses, y3_.data(), at(6), at(7), logits_.data());
    return either::softmax_cross_entropy(kImages, kClasses, logits_.data(), kLabels.data(), Real{1},
                                         dlogits_.data())
        .loss;
  }

  void backward() {
    Numbers d3(y3_.size()), dp2(p2_.size()), d2(y2_.size()), dp1(p1_.size()), d1(y1_.size());
    Numbers dx(x_.size());
    either::linear_backward(kImages, kHidden, kClasses, y3_.data(), at(6), dlogits_.data(),
                            d3.data(), into(6), into(7));
    either::relu_backward(count(y3_), y3_.data(), d3.data(), d3.data());
    either::linear_backward(kImages, kFeatures, kHidden, p2_.data(), at(4), d3.data(), dp2.data(),
                            into(4), into(5));
    either::max_pool2d_backward(kPool2, dp2.data(), argmax2_.data(), d2.data());
    either::relu_backward(count(y2_), y2_.data(), d2.data(), d2.data());
    either::conv2d_backward(kConv2, kChannels2, p1_.data(), at(2), d2.data(), dp1.data(), into(2),
                            into(3));
    either::max_pool2d_backward(kPool1, dp1.data(), argmax1_.data(), d1.data());
    either::relu_backward(count(y1_), y1_.data(), d1.data(), d1.data());
    either::conv2d_backward(kConv1, kChannels1, x_.data(), at(0), d1.data(), dx.data(), into(0),
                            into(1));
  }

  void update(const reference::SgdStep& step) {
    either::sgd_update(kParameters, step, gradient.data(), velocity.data(), parameters.data());
  }

  // Which branch each ReLU and maximum took: between two equal answers the loss is smooth.
  std::vector<int64_t> branches() const {
    std::vector<int64_t> all(argmax1_.begin(), argmax1_.end());
    all.insert(all.end(), argmax2_.begin(), argmax2_.end());
    for (const Numbers* y : {&y1_, &y2_, &y3_}) {
      for (Real value : *y) all.push_back(value > 0);
    }
    return all;
  }

 private:
  Numbers x_;
  Numbers y1_ = Numbers(kImages * 3 * 10 * 10), p1_ = Numbers(kImages * 3 * 5 * 5);
  Numbers y2_ = Numbers(kImages * 4 * 4 * 4), p2_ = Numbers(kImages * kFeatures);
  Numbers y3_ = Numbers(kImages * kHidden);
  Numbers logits_ = Numbers(kImages * kClasses), dlogits_ = Numbers(kImages * kClasses);
  Indices argmax1_ = Indices(kImages * 3 * 5 * 5), argmax2_ = Indices(kImages * kFeatures);

  static int64_t count(const Numbers& values) { return static_cast<int64_t>(values.size()); }
  const Real* at(int part) const { return parameters.data() + offset(part); }
  Real* into(int part) { return gradient.data() + offset(part); }
};

struct Pair {
  SmallLeNet<float> kernels;
  SmallLeNet<double> reference;
  Floats images;

  Pair() {
    Random random(11);
    images = random.reals(kImages * 12 * 12);
    kernels.parameters = random.reals(kParameters);
    for (float& value : kernels.parameters) value *= 0.5f;
    reference.parameters = widen(kernels.parameters);
  }
};

}  // namespace

TEST(lenet_gradients_equal_finite_differences) {
  Pair net;
  const double loss = net.kernels.forward(net.images);
  net.kernels.backward();
  const Doubles x = widen(net.images);
  problem("loss");
  CHECK(std::fabs(loss - net.reference.forward(x)) < 1e-5);
  const std::vector<int64_t> branches = net.reference.branches();
  CHECK(net.kernels.branches() == branches);
  int64_t not_zero = 0;
  for (int64_t i = 0; i < kParameters; ++i) {
    if (!next_case()) continue;
    constexpr double kStep = 1e-5;
    double& parameter = net.reference.parameters[static_cast<size_t>(i)];
    const double middle = parameter;
    problem("parameter %lld of %lld", static_cast<long long>(i),
            static_cast<long long>(kParameters));
    parameter = middle + kStep;
    const double above = net.reference.forward(x);
    CHECK(net.reference.branches() == branches);
    parameter = middle - kStep;
    const double below = net.reference.forward(x);
    CHECK(net.reference.branches() == branches);
    parameter = middle;
    const double slope = (above - below) / (2.0 * kStep);
    const double gradient = net.kernels.gradient[static_cast<size_t>(i)];
    CHECK_NONE(difference_beyond({static_cast<float>(gradient)}, {slope},
                                 {1e-5 * (1.0 + std::fabs(slope))}));
    if (std::fabs(slope) > 1e-3) ++not_zero;
  }
  CHECK_CASES(kParameters);
  // Dead ReLUs would make every comparison one of zeros.
  problem("parameters with a gradient");
  CHECK(not_zero > kParameters / 32);
}

TEST(lenet_training_follows_the_reference) {
  Pair net;
  const Doubles x = widen(net.images);
  double first = 0.0, last = 0.0;
  for (int step = 0; step < 30; ++step) {
    problem("step %d", step);
    const double loss = net.kernels.forward(net.images), expected = net.reference.forward(x);
    CHECK(std::fabs(loss - expected) < 1e-4);
    net.kernels.backward();
    net.reference.backward();
    constexpr reference::SgdStep kStep{0.03125, 0.5, true, 0.0078125, 1.0};
    net.kernels.update(kStep);
    net.reference.update(kStep);
    if (step == 0) first = loss;
    last = loss;
  }
  CHECK(last < 0.5 * first);
  CHECK_NONE(difference_beyond(net.kernels.parameters, net.reference.parameters,
                               Doubles(kParameters, 1e-4)));
}

}  // namespace rownet::test
