// Results do not depend on the number of threads, bit for bit. Sizes are large enough to fork.
#include <functional>

#include "harness.h"
#include "kernel_table.h"
#include "problems.h"
#include "random.h"
#include "rows/activation.h"
#include "rows/conv2d.h"
#include "rows/gather_images.h"
#include "rows/gemm.h"
#include "rows/im2row.h"
#include "rows/linear.h"
#include "rows/max_pool2d.h"
#include "rows/softmax_cross_entropy.h"
#include "threads.h"
#include "updates.h"

namespace rownet::test {

namespace {

constexpr int kThreadCounts[] = {2, 3, 7};

Floats zeros(int64_t n) { return Floats(static_cast<size_t>(n), 0.0f); }

void append(Floats& to, const Floats& from) { to.insert(to.end(), from.begin(), from.end()); }

// compute() returns every number that the operation gives.
void check_same_bits(const std::string& name, const std::function<Floats()>& compute) {
  set_thread_count(1);
  const Floats expected = compute();
  for (int threads : kThreadCounts) {
    if (!next_case()) continue;
    problem("%s, %d threads against 1", name.c_str(), threads);
    set_thread_count(threads);
    CHECK(!expected.empty());
    CHECK_NONE(difference_in_bits(compute(), expected));
  }
}

}  // namespace

TEST(sgemm_has_the_same_bits_on_any_threads) {
  struct Shape {
    int64_t m, n, k;
  };
  // Split by rows, by columns, transposed within, over several blocks of k, and too small to fork.
  constexpr Shape kShapes[] = {{1600, 16, 150}, {6, 25, 6272},  {150, 400, 16}, {16, 150, 800},
                               {37, 1000, 30},  {131, 67, 600}, {2000, 6, 25},  {7, 9, 11}};
  for (const Shape& s : kShapes) {
    for (int transposes = 0; transposes < 4; ++transposes) {
      Random random(1);
      const bool ta = (transposes & 1) != 0, tb = (transposes & 2) != 0;
      const Floats a = random.reals(s.m * s.k), b = random.reals(s.k * s.n);
      const Floats c = random.reals(s.m * s.n);
      check_same_bits("m " + std::to_string(s.m) + ", n " + std::to_string(s.n) + ", k " +
                          std::to_string(s.k) + ", transposes " + std::to_string(transposes),
                      [&] {
                        Floats result = c;
                        sgemm(ta, tb, s.m, s.n, s.k, 1.5f, a.data(), ta ? s.m : s.k, b.data(),
                              tb ? s.k : s.n, -0.5f, result.data(), s.n);
                        return result;
                      });
    }
  }
  CHECK_CASES(8 * 4 * 3);
}

TEST(windows_have_the_same_bits_on_any_threads) {
  for (const Window& v :
       {Window{11, 3, 9, 14, 3, 5, 1, 2, 1, 2}, Window{2, 1, 32, 32, 5, 5, 1, 1, 0, 0}}) {
    Random random(2);
    const Floats x = random.reals(input_size(v)), rows = random.reals(rows_size(v));
    check_same_bits("im2row, " + text(v), [&] {
      Floats result = zeros(rows_size(v));
      im2row(v, x.data(), result.data());
      return result;
    });
    for (bool average : {false, true}) {
      check_same_bits("row2im, " + text(v), [&] {
        Floats result = zeros(input_size(v));
        row2im(v, rows.data(), result.data(), average);
        return result;
      });
    }
  }
  CHECK_CASES(2 * 3 * 3);
}

TEST(layers_have_the_same_bits_on_any_threads) {
  // 1 to 30 images: fewer than threads, not a multiple of the images that a gradient is summed
  // over.
  for (int64_t n : {1, 5, 30}) {
    for (Window v : {Window{0, 1, 20, 20, 5, 5, 1, 1, 0, 0}, Window{0, 6, 14, 14, 5, 5, 1, 1, 0, 0},
                     Window{0, 3, 9, 7, 3, 2, 2, 1, 1, 0}, Window{0, 16, 5, 5, 5, 5, 1, 1, 0, 0},
                     Window{0, 13, 9, 7, 3, 2, 1, 1, 1, 0, 2, 1, 13}}) {
      v.n = n;
      const int64_t oc = 13, outputs = n * oc * out_pixels(v);
      Random random(3);
      const Floats x = random.reals(input_size(v)), weight = random.reals(oc * group_taps(v));
      const Floats bias = random.reals(oc), dy = random.reals(outputs);
      check_same_bits("conv2d, " + text(v), [&] {
        Floats y = zeros(outputs), dx = zeros(input_size(v)), dw = zeros(oc * group_taps(v));
        Floats db = zeros(oc);
        conv2d_forward(v, oc, x.data(), weight.data(), bias.data(), y.data());
        conv2d_backward(v, oc, x.data(), weight.data(), dy.data(), dx.data(), dw.data(), db.data());
        for (const Floats& part : {dx, dw, db}) append(y, part);
        return y;
      });
    }
    for (const Window& v :
         {Window{n, 6, 28, 28, 2, 2, 2, 2, 0, 0}, Window{n, 3, 9, 7, 3, 2, 2, 1, 0, 0}}) {
      Random random(4);
      const int64_t outputs = n * v.c * out_pixels(v);
      const Floats x = random.reals(input_size(v)), dy = random.reals(outputs);
      check_same_bits("max_pool2d, " + text(v), [&] {
        Floats y = zeros(outputs), dx = zeros(input_size(v));
        std::vector<uint16_t> argmax(y.size());
        max_pool2d_forward(v, x.data(), y.data(), argmax.data());
        max_pool2d_backward(v, dy.data(), argmax.data(), dx.data());
        append(y, dx);
        for (uint16_t index : argmax) y.push_back(index);
        return y;
      });
    }
  }
  for (int64_t n : {1, 128}) {
    const int64_t in = 400, out = 120;
    Random random(5);
    const Floats x = random.reals(n * in), weight = random.reals(out * in);
    const Floats bias = random.reals(out), dy = random.reals(n * out);
    check_same_bits("linear, " + std::to_string(n) + " rows", [&] {
      Floats y = zeros(n * out), dx = zeros(n * in), dw = zeros(out * in), db = zeros(out);
      linear_forward(n, in, out, x.data(), weight.data(), bias.data(), y.data());
      linear_backward(n, in, out, x.data(), weight.data(), dy.data(), dx.data(), dw.data(),
                      db.data());
      for (const Floats& part : {dx, dw, db}) append(y, part);
      return y;
    });
  }
  CHECK_CASES((3 * (5 + 2) + 2) * 3);
}

TEST(training_has_the_same_bits_on_any_threads) {
  for (int64_t n : {100, 61706}) {
    Random random(6);
    const Floats x = random.reals(n), y = random.reals(n), z = random.reals(n);
    check_same_bits("ReLU of " + std::to_string(n), [&] {
      Floats out = zeros(n), dx = zeros(n);
      activation_forward("relu", 0.0f, n, x.data(), out.data());
      activation_backward("relu", 0.0f, n, nullptr, out.data(), y.data(), dx.data());
      append(out, dx);
      return out;
    });
    check_same_bits("SGD on " + std::to_string(n), [&] {
      Floats param = y, velocity = z;
      test::sgd_update(n, {0.1f, 0.9f, true, 5e-4f, 0.5f}, x.data(), velocity.data(), param.data());
      append(param, velocity);
      return param;
    });
  }
  Random random(7);
  std::vector<uint8_t> images(50 * 784);
  for (uint8_t& byte : images) byte = static_cast<uint8_t>(random.integer(0, 255));
  std::vector<uint32_t> indices(32);
  for (uint32_t& index : indices) index = static_cast<uint32_t>(random.integer(0, 49));
  check_same_bits("gather of 32 images", [&] {
    Floats out = zeros(32 * 784);
    gather_images(images.data(), 784, indices.data(), 32, 0.0127f, -0.42f, out.data());
    return out;
  });
  const Floats logits = random.reals(128 * 10);
  const std::vector<int32_t> labels(128, 3);
  check_same_bits("softmax cross entropy of 128 rows", [&] {
    Floats out = zeros(128 * 10);
    const LossSum sum =
        softmax_cross_entropy(128, 10, logits.data(), labels.data(), 1.0f, out.data());
    out.push_back(static_cast<float>(sum.loss));
    return out;
  });
  CHECK_CASES((2 * 2 + 2) * 3);
}

}  // namespace rownet::test
