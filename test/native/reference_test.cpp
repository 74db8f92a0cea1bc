// The oracle itself, against numbers worked out by hand.
#include <cmath>

#include "harness.h"
#include "random.h"
#include "reference/gemm.h"
#include "reference/layers.h"
#include "reference/training.h"
#include "reference/windows.h"

namespace rownet::test {

namespace {

// 1 2 3
// 4 5 6
// 7 8 9
const Doubles kPicture = {1, 2, 3, 4, 5, 6, 7, 8, 9};
constexpr Window k2x2{1, 1, 3, 3, 2, 2, 1, 1, 0, 0};

std::string same(const Doubles& actual, const Doubles& expected) {
  return difference(Floats(actual.begin(), actual.end()), expected);
}

}  // namespace

TEST_ONCE(reference_gemm_by_hand) {
  // [1 2 3; 4 5 6] * [7 8; 9 10; 11 12] = [58 64; 139 154], stored in every order.
  const Doubles a = {1, 2, 3, 4, 5, 6}, a_t = {1, 4, 2, 5, 3, 6};
  const Doubles b = {7, 8, 9, 10, 11, 12}, b_t = {7, 9, 11, 8, 10, 12};
  for (int transposes = 0; transposes < 4; ++transposes) {
    if (!next_case()) continue;
    const bool ta = (transposes & 1) != 0, tb = (transposes & 2) != 0;
    problem("transposes %d %d", ta, tb);
    Doubles c = {1, 1, 1, 1};
    reference::gemm(ta, tb, 2, 2, 3, 2.0, (ta ? a_t : a).data(), ta ? 2 : 3, (tb ? b_t : b).data(),
                    tb ? 3 : 2, -1.0, c.data(), 2);
    CHECK_NONE(same(c, {115, 127, 277, 307}));
  }
  CHECK_CASES(4);
  Doubles c = {NAN};
  reference::gemm(false, false, 1, 1, 0, 1.0, nullptr, 1, nullptr, 1, 0.0, c.data(), 1);
  CHECK_EQUAL(c[0], 0.0);
}

TEST_ONCE(reference_windows_by_hand) {
  problem("3x3 picture, 2x2 windows");
  Doubles rows(16);
  reference::im2row(k2x2, kPicture.data(), rows.data());
  CHECK_NONE(same(rows, {1, 2, 4, 5, 2, 3, 5, 6, 4, 5, 7, 8, 5, 6, 8, 9}));
  Doubles x(9);
  reference::row2im(k2x2, rows.data(), x.data(), false);
  CHECK_NONE(same(x, {1, 4, 3, 8, 20, 12, 7, 16, 9}));
  reference::row2im(k2x2, rows.data(), x.data(), true);
  CHECK_NONE(same(x, kPicture));

  problem("two images of two channels, 1x2 windows of stride 1x2, padding 0x1");
  const Doubles images = {1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12};
  reference::im2row({2, 2, 1, 3, 1, 2, 1, 2, 0, 1}, images.data(), rows.data());
  CHECK_NONE(same(rows, {0, 1, 0, 4, 2, 3, 5, 6, 0, 7, 0, 10, 8, 9, 11, 12}));
  reference::pool2row({1, 2, 1, 4, 1, 2, 1, 2, 0, 0}, images.data(), rows.data());
  rows.resize(8);
  CHECK_NONE(same(rows, {1, 2, 3, 4, 5, 6, 7, 8}));
}

TEST_ONCE(reference_convolution_by_hand) {
  problem("3x3 picture, two 2x2 kernels");
  const Doubles weight = {1, 0, 0, -1, 1, 2, 3, 4}, bias = {10, 0};
  Doubles y(8);
  reference::conv2d_forward(k2x2, 2, kPicture.data(), weight.data(), bias.data(), y.data());
  CHECK_NONE(same(y, {6, 6, 6, 6, 37, 47, 67, 77}));
  const Doubles dy = {1, 0, 0, 0, 0, 0, 0, 1};
  Doubles dx(9), dw(8), db(2);
  reference::conv2d_backward(k2x2, 2, kPicture.data(), weight.data(), dy.data(), dx.data(),
                             dw.data(), db.data());
  CHECK_NONE(same(dx, {1, 0, 0, 0, 0, 2, 0, 3, 4}));
  CHECK_NONE(same(dw, {1, 2, 4, 5, 5, 6, 8, 9}));
  CHECK_NONE(same(db, {1, 1}));
}

TEST_ONCE(reference_layers_by_hand) {
  problem("max-pooling");
  const Doubles x = {1, 3, 3, 2, NAN, 0, 5, NAN};  // 2 x 4
  Doubles y(2), dx(8);
  std::vector<int64_t> argmax(2);
  const Window pool{1, 1, 2, 4, 2, 2, 2, 2, 0, 0};
  reference::max_pool2d_forward(pool, x.data(), y.data(), argmax.data());
  CHECK_NONE(same(y, {NAN, NAN}));
  CHECK(argmax[0] == 2 && argmax[1] == 3);
  reference::max_pool2d_forward({1, 1, 1, 4, 1, 3, 1, 1, 0, 0}, x.data(), y.data(), argmax.data());
  CHECK_NONE(same(y, {3, 3}));
  CHECK(argmax[0] == 1 && argmax[1] == 0);
  argmax = {2, 1};
  const Doubles dy = {7, 8};
  reference::max_pool2d_backward(pool, dy.data(), argmax.data(), dx.data());
  CHECK_NONE(same(dx, {0, 0, 0, 8, 7, 0, 0, 0}));

  problem("ReLU");
  const Doubles in = {-1, 0, 2, NAN};
  Doubles out(4);
  reference::relu_forward(4, in.data(), out.data());
  CHECK_NONE(same(out, {0, 0, 2, NAN}));
  reference::relu_backward(4, out.data(), kPicture.data(), out.data());
  CHECK_NONE(same(out, {0, 0, 3, 0}));

  problem("linear");
  const Doubles weight = {1, 2, 3, 4, 5, 6}, bias = {0.5, -0.5};
  reference::linear_forward(2, 3, 2, kPicture.data(), weight.data(), bias.data(), out.data());
  CHECK_NONE(same(out, {14.5, 31.5, 32.5, 76.5}));
  const Doubles gradient = {1, 0, 0, 2};
  Doubles lx(6), lw(6), lb(2);
  reference::linear_backward(2, 3, 2, kPicture.data(), weight.data(), gradient.data(), lx.data(),
                             lw.data(), lb.data());
  CHECK_NONE(same(lx, {1, 2, 3, 8, 10, 12}));
  CHECK_NONE(same(lw, {1, 2, 3, 8, 10, 12}));
  CHECK_NONE(same(lb, {1, 2}));
}

TEST_ONCE(reference_training_by_hand) {
  problem("softmax cross entropy of log 1, log 2, log 5");
  const Doubles logits = {0.0, std::log(2.0), std::log(5.0)};
  const int32_t label = 1;
  Doubles gradient(3);
  const reference::LossSum sum =
      reference::softmax_cross_entropy(1, 3, logits.data(), &label, 8.0, gradient.data());
  CHECK(std::fabs(sum.loss - std::log(4.0)) < 1e-15);
  CHECK_EQUAL(sum.correct, 0);
  CHECK_NONE(
      difference_beyond(Floats(gradient.begin(), gradient.end()), {1, -6, 5}, Doubles(3, 1e-14)));

  problem("SGD");
  const Doubles grad = {2};
  Doubles velocity = {4}, param = {8};
  reference::sgd_update(1, {0.5, 0.25, false, 0.5, 1.0}, grad.data(), nullptr, param.data());
  CHECK_EQUAL(param[0], 5.0);  // 8 - 0.5 * (2 + 4)
  reference::sgd_update(1, {0.5, 0.25, false, 0.0, 3.0}, grad.data(), velocity.data(),
                        param.data());
  CHECK_EQUAL(velocity[0], 7.0);  // 0.25 * 4 + 6
  CHECK_EQUAL(param[0], 1.5);
  reference::sgd_update(1, {0.5, 0.5, true, 0.0, 1.0}, grad.data(), velocity.data(), param.data());
  CHECK_EQUAL(velocity[0], 5.5);
  CHECK_EQUAL(param[0], -0.875);  // 1.5 - 0.5 * (2 + 0.5 * 5.5)
}

}  // namespace rownet::test
