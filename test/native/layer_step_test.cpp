// Layers on their own, by their operations of lanes. The oracle is a forward pass in double over the
// whole batch, and its differences along each number of the input and of the parameters.
#include "lanes/layer_step.h"

#include <algorithm>
#include <functional>
#include <stdexcept>
#include <string>

#include "batch_net.h"
#include "compare.h"
#include "harness.h"
#include "kernel_table.h"
#include "memory.h"
#include "random.h"
#include "threads.h"

namespace rownet::test {

namespace {

const BatchNet kColour{{3, 5, 4}, {3, 5, 4}};

struct Named {
  const char* name;
  BatchNet net;  // of one step
};

const std::vector<Named>& layers() {
  static const std::vector<Named> list = {
      {"batch normalization", BatchNet().batch_norm(true)},
      {"batch normalization without parameters", BatchNet().batch_norm(false)},
      {"dropout", BatchNet().dropout(0.4)},
      {"sigmoid", BatchNet().activation("sigmoid")},
      {"batch normalization of rows", BatchNet().batch_norm(true, true)},
      {"dropout of channels", BatchNet(kColour).dropout(0.4, true)},
      {"max-pooling", BatchNet().max_pool()},
      {"max-pooling with padding", BatchNet(kColour).padded_pool(false)},
      {"mean pooling with padding", BatchNet(kColour).padded_pool(true)},
      {"mean of channels", BatchNet(kColour).global_avg_pool()},
      {"softmax", BatchNet().softmax()},
      {"convolution with padding", BatchNet().conv(3, 3, 1, "sigmoid", false)},
      {"linear", BatchNet().linear(5, "sigmoid")},
  };
  return list;
}

LayerStep make(const BatchNet& net) {
  return LayerStep(net.input.c, net.input.h, net.input.w, net.steps.front());
}

struct Results {
  Floats y, buffers, dx, gradients, gradients_alone;
};

// Forward and backward between guard pages; the second backward without dx.
struct Run {
  const BatchNet& net;
  int64_t count;
  bool training;
  Draw draw;
  Floats x, dy, parameters, buffers;

  Run(const BatchNet& of, int64_t images, bool train, uint64_t seed)
      : net(of), count(images), training(train), draw{seed << 33, seed << 31} {
    Random random(seed);
    x = random.reals(count * net.input.size());
    dy = random.reals(count * net.shape.size());
    parameters = random.reals(net.parameters);
    buffers = random.reals(net.buffers);
    for (float& value : buffers) value = 1.0f + 0.5f * value;
  }

  Results take(LayerStep& layer, Side side) const {
    Guarded<float> x_at, dy_at, y_at, dx_at, parameters_at, buffers_at, gradients_at, alone_at;
    const float* const px = x_at.place(x, side);
    const float* const pp = parameters_at.place(parameters, side);
    float* const pb = buffers_at.place(buffers, side);
    layer.forward(px, count, pp, pb, training, draw,
                  y_at.place(static_cast<int64_t>(dy.size()), side));
    const float* const pdy = dy_at.place(dy, side);
    layer.backward(px, pdy, pp, pb, dx_at.place(static_cast<int64_t>(x.size()), side),
                   gradients_at.place(net.parameters, side));
    layer.backward(px, pdy, pp, pb, nullptr, alone_at.place(net.parameters, side));
    for (const auto* memory :
         {&x_at, &dy_at, &y_at, &dx_at, &parameters_at, &buffers_at, &gradients_at, &alone_at})
      CHECK_EQUAL(memory->check(), "");
    return {y_at.values(), buffers_at.values(), dx_at.values(), gradients_at.values(),
            alone_at.values()};
  }

  Doubles reference(const Doubles& at_x, const Doubles& at_parameters, Doubles& moved) const {
    Pass pass{at_parameters, moved, training, draw};
    return net.forward.front()({count, net.input, at_x}, pass).values;
  }

  // Of the sum of dy * y, along each of `numbers`.
  Doubles slopes(Doubles& numbers, const std::function<Doubles()>& forward) const {
    const auto total = [&] {
      const Doubles y = forward();
      double sum = 0.0;
      for (size_t i = 0; i < y.size(); ++i) sum += y[i] * static_cast<double>(dy[i]);
      return sum;
    };
    Doubles result;
    for (double& number : numbers) {
      const double here = number, step = 1e-5;
      number = here + step;
      const double above = total();
      number = here - step;
      result.push_back((above - total()) / (2.0 * step));
      number = here;
    }
    return result;
  }
};

}  // namespace

TEST(layer_step_gives_values_and_gradients_with_the_same_bits_on_any_threads) {
  uint64_t seed = 0;
  for (const Named& one : layers()) {
    LayerStep layer = make(one.net);
    CHECK_EQUAL(layer.count(), -1);
    for (int64_t count : {int64_t{2 * kernels().vector_width + 3}, int64_t{1}, int64_t{0}}) {
      for (bool training : {true, false}) {
        ++seed;
        if (!next_case()) continue;
        problem("%s, %lld images, %s", one.name, static_cast<long long>(count),
                training ? "training" : "evaluation");
        const Run run(one.net, count, training, seed);
        set_thread_count(1);
        const Results results = run.take(layer, Side::kEnd);
        CHECK_EQUAL(layer.count(), count);
        CHECK_NONE(difference_in_bits(results.gradients_alone, results.gradients));

        Doubles x = widen(run.x), parameters = widen(run.parameters), moved = widen(run.buffers);
        if (count == 0) {
          CHECK(results.gradients == Floats(results.gradients.size(), 0.0f));
          CHECK(results.buffers == run.buffers);
        } else {
          check_near(results.y, run.reference(x, parameters, moved));
          check_near(results.buffers, moved);
        }
        const auto forward = [&] {
          Doubles unused = widen(run.buffers);
          return run.reference(x, parameters, unused);
        };
        if (count > 0) check_near(results.dx, run.slopes(x, forward));
        if (count > 0) check_near(results.gradients, run.slopes(parameters, forward));

        for (int threads : {2, 3, 7}) {
          set_thread_count(threads);
          const Results others = run.take(layer, Side::kStart);
          CHECK_NONE(difference_in_bits(others.y, results.y));
          CHECK_NONE(difference_in_bits(others.buffers, results.buffers));
          CHECK_NONE(difference_in_bits(others.dx, results.dx));
          CHECK_NONE(difference_in_bits(others.gradients, results.gradients));
        }
      }
    }
  }
  CHECK_CASES(13 * 3 * 2);
}

TEST_ONCE(layer_step_refuses_what_does_not_fit) {
  const auto message = [](int64_t c, const LaneStep& step) -> std::string {
    try {
      LayerStep(c, 2, 2, step);
    } catch (const std::invalid_argument& error) {
      return error.what();
    }
    return "";
  };
  const LaneStep norm = BatchNet().batch_norm(false).steps.front();
  CHECK_EQUAL(message(1, norm), "");
  CHECK_EQUAL(message(0, norm), "lanes: empty input");
  CHECK_EQUAL(message(2, norm), "lanes: step 0: features differ from the input's channels");
  CHECK_EQUAL(message(1, {"none", {}, {}}), "lanes: step 0: unknown operation \"none\"");
}

}  // namespace rownet::test
