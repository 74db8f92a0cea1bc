// Update rules: against the reference, and over the segments of an arena.
#include "updates.h"

#include <cmath>
#include <cstring>

#include "compare.h"
#include "harness.h"
#include "kernel_table.h"
#include "memory.h"
#include "random.h"

namespace rownet::test {

namespace {

Side side_of(int64_t i) { return i % 2 == 0 ? Side::kEnd : Side::kStart; }
size_t size(int64_t n) { return static_cast<size_t>(n); }

}  // namespace

TEST(sgd_update_equals_reference) {
  struct Case {
    reference::SgdStep step;
    bool velocity;
    // Powers of two, so that integers stay exact.
    bool exact;
  };
  constexpr Case kCases[] = {
      {{0.5f, 0.0f, false, 0.0f, 1.0f}, false, true},
      {{0.5f, 0.0f, false, 0.25f, 0.5f}, false, true},
      {{0.25f, 0.5f, false, 0.0f, 1.0f}, true, true},
      {{0.25f, 0.5f, true, 0.25f, 2.0f}, true, true},
      {{0.1f, 0.0f, false, 5e-4f, 1.0f}, false, false},
      {{0.1f, 0.9f, false, 0.0f, 1.0f / 128.0f}, true, false},
      {{0.1f, 0.9f, true, 5e-4f, 1.0f}, true, false},
      {{-1e-3f, 0.99f, true, 1e-3f, 3.0f}, true, false},
      {{0.0f, 0.9f, true, 1e-3f, 1.0f}, true, false},
  };
  Guarded<float> grad, velocity, param;
  for (const Case& c : kCases) {
    for (int64_t n = 0; n <= 2 * kernels().vector_width + 3; ++n) {
      if (!next_case()) continue;
      problem("%lld numbers, lr %g, momentum %g, nesterov %d, decay %g, scale %g, velocity %d",
              static_cast<long long>(n), c.step.lr, c.step.momentum, c.step.nesterov,
              c.step.weight_decay, c.step.grad_scale, c.velocity);
      Random random(size(n));
      const auto draw = [&] { return c.exact ? random.integers(n) : random.reals(n); };
      const Floats g = draw(), v = draw(), p = draw();
      Doubles ep = widen(p), ev = widen(v), sp = magnitudes(p), sv = magnitudes(v);
      reference::sgd_update(n, c.step, widen(g).data(), c.velocity ? ev.data() : nullptr,
                            ep.data());
      // With a negative rate everything adds up.
      reference::SgdStep step = c.step;
      step.lr = -std::fabs(step.lr);
      reference::sgd_update(n, step, magnitudes(g).data(), c.velocity ? sv.data() : nullptr,
                            sp.data());
      grad.place(g, side_of(n));
      velocity.place(v, side_of(n));
      param.place(p, side_of(n));
      sgd_update(n, c.step, grad.data(), c.velocity ? velocity.data() : nullptr, param.data());
      if (c.exact) {
        CHECK_NONE(difference(param.values(), ep));
        CHECK_NONE(difference(velocity.values(), ev));
      } else {
        CHECK_NONE(difference_beyond(param.values(), ep, bound_of_sums(5, sp)));
        CHECK_NONE(difference_beyond(velocity.values(), ev, bound_of_sums(3, sv)));
      }
      CHECK_NONE(param.check());
      CHECK_NONE(velocity.check());
      CHECK_NONE(grad.check());
    }
  }
  CHECK_CASES(9 * (2 * kernels().vector_width + 4));
}

TEST(adam_update_equals_reference) {
  const UpdateRule* const adam = find_update_rule("adam");
  // lr, beta1, beta2, eps, weight decay, gradient's factor.
  constexpr float kCases[][6] = {{0.001f, 0.9f, 0.999f, 1e-8f, 0.0f, 1.0f},
                                 {0.1f, 0.5f, 0.75f, 1e-3f, 0.25f, 0.5f},
                                 {0.01f, 0.0f, 0.9f, 1e-6f, 5e-4f, 1.0f / 128.0f}};
  Guarded<float> grad, first, second, param;
  for (const auto& c : kCases) {
    const reference::AdamStep step{c[0], c[1], c[2], c[3], c[4], c[5]};
    for (int64_t n = 0; n <= 2 * kernels().vector_width + 3; ++n) {
      if (!next_case()) continue;
      problem("%lld numbers, lr %g", static_cast<long long>(n), step.lr);
      Random random(size(n));
      Doubles m(size(n)), v(size(n));
      first.place(Floats(size(n)), side_of(n));
      second.place(Floats(size(n)), side_of(n));
      const Floats start = random.reals(n);
      Doubles expected = widen(start);
      param.place(start, side_of(n));
      for (int t = 1; t <= 3; ++t) {
        const Floats g = random.reals(n);
        grad.place(g, side_of(n));
        reference::adam_update(n, step, t, widen(g).data(), m.data(), v.data(), expected.data());
        const UpdateSegment all{0, n, c[4], c[5]};
        const float correction1 = static_cast<float>(1.0 / (1.0 - std::pow(step.beta1, t)));
        const float correction2 = static_cast<float>(1.0 / (1.0 - std::pow(step.beta2, t)));
        update_segments({adam,
                         {0.0f, 0.0f, {c[0], c[1], c[2], c[3], correction1, correction2}},
                         &all,
                         1,
                         {first.data(), second.data()}},
                        grad.data(), param.data());
      }
      // A step is about the learning rate; a gradient near 0 loses digits where weight decay is
      // added to it, and a step is then a quotient of two small numbers.
      CHECK_NONE(
          difference_beyond(param.values(), expected, Doubles(size(n), 1e-4 * step.lr + 3e-7)));
      CHECK_NONE(difference_beyond(first.values(), m, Doubles(size(n), 1e-6)));
      CHECK_NONE(difference_beyond(second.values(), v, Doubles(size(n), 1e-6)));
      for (Guarded<float>* each : {&param, &first, &second, &grad}) CHECK_NONE(each->check());
    }
  }
  CHECK_CASES(3 * (2 * kernels().vector_width + 4));
}

TEST(updates_of_parts_equal_one_of_the_whole) {
  problem("two segments, a gap, and ranges that cut them");
  for (const char* name : {"sgd", "adam"}) {
    Random random(3);
    const Floats start = random.reals(50), grads = random.reals(50);
    const std::vector<UpdateSegment> segments = {{1, 20, 0.25f, 1.0f}, {30, 15, 0.0f, 0.5f}};
    const auto updated = [&](const auto& body) {
      Floats params = start, a(50, 0.5f), b(50, 0.25f);
      body(Update{find_update_rule(name),
                  {0.0f, 0.0f, {0.5f, 0.5f, 0.5f, 1.0f, 1.0f, 1.0f}},
                  segments.data(),
                  2,
                  {a.data(), b.data()}},
           params);
      params.insert(params.end(), a.begin(), a.end());
      params.insert(params.end(), b.begin(), b.end());
      return params;
    };
    const Floats whole = updated([&](const Update& update, Floats& params) {
      update_segments(update, grads.data(), params.data());
    });
    const Floats parts = updated([&](const Update& update, Floats& params) {
      for (int64_t begin = 0; begin < 50; begin += 7) {
        const int64_t end = begin + 7 < 50 ? begin + 7 : 50;
        update_range(update, begin, end, grads.data() + begin, params.data());
      }
    });
    CHECK_NONE(difference_in_bits(parts, whole));
    for (size_t i = 0; i < 50; ++i) {
      const bool inside = (i >= 1 && i < 21) || (i >= 30 && i < 45);
      CHECK_EQUAL(whole[i] != start[i], inside);
      CHECK_EQUAL(whole[50 + i] != 0.5f, inside);
    }
  }
  CHECK(find_update_rule("Adam") == nullptr);
}

}  // namespace rownet::test
