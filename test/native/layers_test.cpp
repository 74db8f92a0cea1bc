// Convolution, linear, ReLU and max-pooling against the double reference: integers exactly, reals
// within the bound of their sums.
#include <cmath>
#include <limits>
#include <new>

#include "harness.h"
#include "kernel_table.h"
#include "memory.h"
#include "problems.h"
#include "random.h"
#include "reference/layers.h"
#include "rows/activation.h"
#include "rows/conv2d.h"
#include "rows/linear.h"
#include "rows/max_pool2d.h"
#include "scratch.h"
#include "threads.h"

namespace rownet::test {

namespace {

constexpr float kNan = std::numeric_limits<float>::quiet_NaN();

Side side_of(int64_t i) { return i % 2 == 0 ? Side::kEnd : Side::kStart; }

// Working memory starts as NaN: a kernel that reads what it has not written spoils its result.
void poison_scratch() {
  constexpr size_t kFloats = 1 << 18;
  float* const memory = scratch(kFloats);
  for (size_t i = 0; i < kFloats; ++i) memory[i] = kNan;
}

Floats values_of(Random& random, int64_t n, bool exact) {
  return exact ? random.integers(n) : random.reals(n);
}

// Exactly, or within the bound of sums of `terms` products whose magnitudes add up to `sums`.
std::string difference_of(const Guarded<float>& memory, const Doubles& expected, bool exact,
                          int64_t terms, const Doubles& sums) {
  std::string text = exact
                         ? difference(memory.values(), expected)
                         : difference_beyond(memory.values(), expected, bound_of_sums(terms, sums));
  return text.empty() ? memory.check() : text;
}

size_t size(int64_t n) { return static_cast<size_t>(n); }

}  // namespace

// A pixel under so much padding that 2^30 taps see 2^30 windows: 2^60 floats for each of 16 threads,
// which is 0 in 64 bits. The operands are not looked at.
TEST_ONCE(conv2d_memory_beyond_64_bits_is_refused) {
  constexpr int64_t kSide = 1 << 15;
  const Window v{1, 1, 1, 1, kSide, kSide, 1, 1, kSide - 1, kSide - 1};
  float dx = 0.0f;
  set_thread_count(16);
  for (bool backward : {false, true}) {
    problem("%s, %s", backward ? "backward" : "forward", text(v).c_str());
    bool refused = false;
    try {
      if (backward) {
        conv2d_backward(v, 1, nullptr, nullptr, nullptr, &dx, nullptr, nullptr);
      } else {
        conv2d_forward(v, 1, nullptr, nullptr, nullptr, nullptr);
      }
    } catch (const std::bad_alloc&) {
      refused = true;
    }
    CHECK(refused);
  }
}

TEST(conv2d_forward_equals_reference) {
  Guarded<float> x, weight, bias, y;
  constexpr int64_t kChannels[] = {1, 6, 16, 3, 13, 25};
  for (int64_t i = 0; i < kWindows + kGroupedWindows; ++i) {
    for (bool exact : {true, false}) {
      if (!next_case()) continue;
      const Window& v = i < kWindows ? windows()[size(i)] : grouped_windows()[size(i - kWindows)];
      const int64_t oc = kChannels[i % 6] * v.groups, k = group_taps(v);
      problem("%s, %lld output channels", text(v).c_str(), static_cast<long long>(oc));
      Random random(size(i));
      const Floats xv = values_of(random, input_size(v), exact);
      const Floats wv = values_of(random, oc * k, exact), bv = values_of(random, oc, exact);
      Doubles expected(size(v.n * oc * out_pixels(v))), sums = expected;
      reference::conv2d_forward(v, oc, widen(xv).data(), widen(wv).data(), widen(bv).data(),
                                expected.data());
      reference::conv2d_forward(v, oc, magnitudes(xv).data(), magnitudes(wv).data(),
                                magnitudes(bv).data(), sums.data());
      poison_scratch();
      y.place(static_cast<int64_t>(expected.size()), side_of(i));
      conv2d_forward(v, oc, x.place(xv, side_of(i)), weight.place(wv, side_of(i)),
                     bias.place(bv, side_of(i)), y.data());
      CHECK_NONE(difference_of(y, expected, exact, k + 1, sums));
    }
  }
  CHECK_CASES(2 * (kWindows + kGroupedWindows));
}

TEST(conv2d_backward_equals_reference) {
  Guarded<float> x, weight, dy, dx, dw, db;
  constexpr int64_t kChannels[] = {6, 1, 3, 16, 25, 13};
  for (int64_t i = 0; i < kWindows + kGroupedWindows; ++i) {
    for (bool exact : {true, false}) {
      if (!next_case()) continue;
      const Window& v = i < kWindows ? windows()[size(i)] : grouped_windows()[size(i - kWindows)];
      const int64_t oc = kChannels[i % 6] * v.groups, k = group_taps(v), rows = v.n * out_pixels(v);
      problem("%s, %lld output channels, %s", text(v).c_str(), static_cast<long long>(oc),
              exact ? "integers" : "reals");
      Random random(size(i));
      const Floats xv = values_of(random, input_size(v), exact);
      const Floats wv = values_of(random, oc * k, exact), gv = values_of(random, rows * oc, exact);
      Doubles edx(xv.size()), edw(wv.size()), edb(size(oc)), sdx = edx, sdw = edw, sdb = edb;
      reference::conv2d_backward(v, oc, widen(xv).data(), widen(wv).data(), widen(gv).data(),
                                 edx.data(), edw.data(), edb.data());
      reference::conv2d_backward(v, oc, magnitudes(xv).data(), magnitudes(wv).data(),
                                 magnitudes(gv).data(), sdx.data(), sdw.data(), sdb.data());
      for (bool input_too : {true, false}) {
        poison_scratch();
        dx.place(input_size(v), side_of(i));
        dw.place(oc * k, side_of(i));
        db.place(oc, side_of(i));
        conv2d_backward(v, oc, x.place(xv, side_of(i)), weight.place(wv, side_of(i)),
                        dy.place(gv, side_of(i)), input_too ? dx.data() : nullptr, dw.data(),
                        db.data());
        CHECK_NONE(difference_of(dw, edw, exact, rows, sdw));
        CHECK_NONE(difference_of(db, edb, exact, rows, sdb));
        if (input_too) CHECK_NONE(difference_of(dx, edx, exact, oc * v.kh * v.kw, sdx));
      }
    }
  }
  CHECK_CASES(2 * (kWindows + kGroupedWindows));
}

TEST(linear_equals_reference) {
  Guarded<float> x, weight, bias, y, dy, dx, dw, db;
  int64_t i = 0;
  for (int64_t n : {0, 1, 7, 32, 131}) {
    for (int64_t in : {1, 5, 84, 257}) {
      for (int64_t out : {1, 10, 17, 120}) {
        for (bool exact : {true, false}) {
          ++i;
          if (!next_case()) continue;
          problem("x %lldx%lld, %lld outputs, %s", static_cast<long long>(n),
                  static_cast<long long>(in), static_cast<long long>(out),
                  exact ? "integers" : "reals");
          Random random(size(i));
          const Floats xv = values_of(random, n * in, exact),
                       gv = values_of(random, n * out, exact);
          const Floats wv = values_of(random, out * in, exact), bv = values_of(random, out, exact);
          Doubles expected(gv.size()), sums = expected;
          reference::linear_forward(n, in, out, widen(xv).data(), widen(wv).data(),
                                    widen(bv).data(), expected.data());
          reference::linear_forward(n, in, out, magnitudes(xv).data(), magnitudes(wv).data(),
                                    magnitudes(bv).data(), sums.data());
          poison_scratch();
          y.place(n * out, side_of(i));
          linear_forward(n, in, out, x.place(xv, side_of(i)), weight.place(wv, side_of(i)),
                         bias.place(bv, side_of(i)), y.data());
          CHECK_NONE(difference_of(y, expected, exact, in + 1, sums));

          Doubles edx(xv.size()), edw(wv.size()), edb(bv.size()), sdx = edx, sdw = edw, sdb = edb;
          reference::linear_backward(n, in, out, widen(xv).data(), widen(wv).data(),
                                     widen(gv).data(), edx.data(), edw.data(), edb.data());
          reference::linear_backward(n, in, out, magnitudes(xv).data(), magnitudes(wv).data(),
                                     magnitudes(gv).data(), sdx.data(), sdw.data(), sdb.data());
          for (bool input_too : {true, false}) {
            poison_scratch();
            dx.place(n * in, side_of(i));
            dw.place(out * in, side_of(i));
            db.place(out, side_of(i));
            linear_backward(n, in, out, x.data(), weight.data(), dy.place(gv, side_of(i)),
                            input_too ? dx.data() : nullptr, dw.data(), db.data());
            CHECK_NONE(difference_of(dw, edw, exact, n, sdw));
            CHECK_NONE(difference_of(db, edb, exact, n, sdb));
            if (input_too) CHECK_NONE(difference_of(dx, edx, exact, out, sdx));
          }
        }
      }
    }
  }
  CHECK_CASES(5 * 4 * 4 * 2);
}

TEST(relu_equals_reference) {
  Guarded<float> x, y, dy, dx;
  const float kSpecial[] = {0.0f,   -0.0f,   kNan,    INFINITY, -INFINITY,
                            1e-45f, -1e-45f, 3.4e38f, -3.4e38f};
  for (int64_t n = 0; n <= 4 * kernels().vector_width + 3; ++n) {
    if (!next_case()) continue;
    problem("%lld numbers", static_cast<long long>(n));
    Random random(size(n));
    Floats xv = random.reals(n), gv = random.reals(n);
    for (int64_t i = 0; i < n; i += 2) xv[size(i)] = kSpecial[(i + n) % 9];
    for (int64_t i = 1; i < n; i += 5) gv[size(i)] = kSpecial[(i + n) % 9];
    Doubles forward(xv.size()), backward(xv.size());
    reference::relu_forward(n, widen(xv).data(), forward.data());
    reference::relu_backward(n, forward.data(), widen(gv).data(), backward.data());
    y.place(n, side_of(n));
    activation_forward("relu", 0.0f, n, x.place(xv, side_of(n)), y.data());
    CHECK_NONE(difference(y.values(), forward));
    CHECK_NONE(y.check());
    dx.place(n, side_of(n));
    activation_backward("relu", 0.0f, n, nullptr, y.data(), dy.place(gv, side_of(n)), dx.data());
    CHECK_NONE(difference(dx.values(), backward));
    CHECK_NONE(dx.check());
    // In place.
    activation_backward("relu", 0.0f, n, nullptr, y.data(), dy.data(), dy.data());
    CHECK_NONE(difference(dy.values(), backward));
    activation_forward("relu", 0.0f, n, x.data(), x.data());
    CHECK_NONE(difference(x.values(), forward));
  }
  CHECK_CASES(4 * kernels().vector_width + 4);
}

// Inputs from {-2 .. 2}: every window holds ties. With NaN, and with -infinity throughout, too.
TEST(max_pool2d_equals_reference) {
  enum Content { kTies, kSomeNan, kManyNan, kMinusInfinity, kContents };
  Guarded<float> x, y, dy, dx;
  Guarded<uint16_t> argmax;
  for (int64_t i = 0; i < kPoolWindows; ++i) {
    for (int content = 0; content < kContents; ++content) {
      if (!next_case()) continue;
      const Window& v = pool_windows()[size(i)];
      const int64_t outputs = v.n * v.c * out_pixels(v);
      problem("%s, content %d", text(v).c_str(), content);
      Random random(size(i));
      Floats xv = random.integers(input_size(v), 2);
      for (float& value : xv) {
        if (content == kMinusInfinity) value = -INFINITY;
        if (content == kSomeNan && random.integer(0, 15) == 0) value = kNan;
        if (content == kManyNan && random.integer(0, 1) == 0) value = kNan;
      }
      const Floats gv = random.integers(outputs);
      Doubles expected(size(outputs)), gradient(xv.size());
      std::vector<int64_t> at(size(outputs));
      reference::max_pool2d_forward(v, widen(xv).data(), expected.data(), at.data());
      reference::max_pool2d_backward(v, widen(gv).data(), at.data(), gradient.data());

      y.place(outputs, side_of(i));
      argmax.place(outputs, side_of(i));
      max_pool2d_forward(v, x.place(xv, side_of(i)), y.data(), argmax.data());
      CHECK_NONE(difference(y.values(), expected));
      CHECK_NONE(y.check());
      for (int64_t o = 0; o < outputs; ++o) CHECK_EQUAL(int64_t{argmax.data()[o]}, at[size(o)]);
      CHECK_NONE(argmax.check());

      dx.place(input_size(v), side_of(i));
      max_pool2d_backward(v, dy.place(gv, side_of(i)), argmax.data(), dx.data());
      CHECK_NONE(difference(dx.values(), gradient));
      CHECK_NONE(dx.check());
    }
  }
  CHECK_CASES(kContents * kPoolWindows);
}

TEST(max_pool2d_ignores_an_index_outside_the_window) {
  Guarded<float> dy, dx;
  Guarded<uint16_t> argmax;
  for (int64_t i = 0; i < kPoolWindows; ++i) {
    if (!next_case()) continue;
    const Window& v = pool_windows()[size(i)];
    const int64_t outputs = v.n * v.c * out_pixels(v), area = v.kh * v.kw;
    problem("%s", text(v).c_str());
    Random random(size(i));
    const Floats gv = random.integers(outputs);
    Floats live = gv;
    std::vector<uint16_t> indices(size(outputs));
    std::vector<int64_t> valid(size(outputs));
    for (size_t o = 0; o < indices.size(); ++o) {
      indices[o] = static_cast<uint16_t>(o % 3 == 0   ? random.integer(0, area - 1)
                                         : o % 3 == 1 ? random.integer(area, area + 3)
                                                      : 65535);
      valid[o] = indices[o] < area ? indices[o] : 0;
      if (indices[o] >= area) live[o] = 0.0f;
    }
    Doubles expected(size(input_size(v)));
    reference::max_pool2d_backward(v, widen(live).data(), valid.data(), expected.data());
    dx.place(input_size(v), side_of(i));
    max_pool2d_backward(v, dy.place(gv, side_of(i)), argmax.place(indices, side_of(i)), dx.data());
    CHECK_NONE(difference(dx.values(), expected));
    CHECK_NONE(dx.check());
  }
  CHECK_CASES(kPoolWindows);
}

}  // namespace rownet::test
