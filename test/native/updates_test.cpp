// Update rules: against the reference, and over the segments of an arena.
#include "updates.h"

#include <algorithm>
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

namespace {

// Three steps of a rule whose arrays start with zeros, and of its reference.
struct RuleRun {
  Guarded<float> grad, param;
  std::vector<Guarded<float>> slots;
  std::vector<Doubles> wanted;
  Doubles expected;

  RuleRun(int64_t n, size_t slot_count, Random& random) : slots(slot_count), wanted(slot_count) {
    for (size_t slot = 0; slot < slot_count; ++slot) {
      slots[slot].place(Floats(size(n)), side_of(n));
      wanted[slot].resize(size(n));
    }
    const Floats start = random.reals(n);
    expected = widen(start);
    param.place(start, side_of(n));
  }

  double* at(size_t slot) { return wanted[slot].data(); }

  // reference(t, gradients); `used`: slots that have memory.
  template <typename Numbers, typename Reference>
  void three_steps(int64_t n, const char* rule, const std::vector<bool>& used, float decay,
                   float scale, Random& random, const Numbers& numbers,
                   const Reference& reference) {
    for (int t = 1; t <= 3; ++t) {
      const Floats g = random.reals(n);
      grad.place(g, side_of(n));
      reference(t, widen(g).data());
      const UpdateSegment all{0, n, decay, scale};
      Update update{find_update_rule(rule), {}, &all, 1, {}};
      numbers(t, update.step.numbers);
      for (size_t slot = 0; slot < slots.size(); ++slot)
        update.state[slot] = used[slot] ? slots[slot].data() : nullptr;
      update_segments(update, grad.data(), param.data());
    }
  }

  // A step is about the learning rate; a gradient near 0 loses digits where weight decay is added to
  // it, and a step is then a quotient of two small numbers.
  void check(int64_t n, double lr, const std::vector<double>& bounds) {
    CHECK_NONE(difference_beyond(param.values(), expected, Doubles(size(n), 1e-4 * lr + 3e-7)));
    for (size_t slot = 0; slot < slots.size(); ++slot) {
      CHECK_NONE(
          difference_beyond(slots[slot].values(), wanted[slot], Doubles(size(n), bounds[slot])));
      CHECK_NONE(slots[slot].check());
    }
    CHECK_NONE(param.check());
    CHECK_NONE(grad.check());
  }
};

using AdamReference = decltype(reference::adam_update);

void check_adam(const char* rule, AdamReference& wanted) {
  // lr, beta1, beta2, eps, weight decay, gradient's factor.
  constexpr float kCases[][6] = {{0.001f, 0.9f, 0.999f, 1e-8f, 0.0f, 1.0f},
                                 {0.1f, 0.5f, 0.75f, 1e-3f, 0.25f, 0.5f},
                                 {0.01f, 0.0f, 0.9f, 1e-6f, 5e-4f, 1.0f / 128.0f}};
  for (const auto& c : kCases) {
    const reference::AdamStep step{c[0], c[1], c[2], c[3], c[4], c[5]};
    for (int64_t n = 0; n <= 2 * kernels().vector_width + 3; ++n) {
      if (!next_case()) continue;
      problem("%s: %lld numbers, lr %g", rule, static_cast<long long>(n), step.lr);
      Random random(size(n));
      RuleRun run(n, 2, random);
      const auto numbers = [&](int t, float* out) {
        std::copy(c, c + 4, out);
        out[4] = static_cast<float>(1.0 / (1.0 - std::pow(step.beta1, t)));
        out[5] = static_cast<float>(1.0 / (1.0 - std::pow(step.beta2, t)));
      };
      run.three_steps(n, rule, {true, true}, c[4], c[5], random, numbers,
                      [&](int t, const double* g) {
                        wanted(n, step, t, g, run.at(0), run.at(1), run.expected.data());
                      });
      run.check(n, step.lr, {1e-6, 1e-6});
    }
  }
  CHECK_CASES(3 * (2 * kernels().vector_width + 4));
}

}  // namespace

TEST(adam_update_equals_reference) { check_adam("adam", reference::adam_update); }
TEST(adamw_update_equals_reference) { check_adam("adamw", reference::adamw_update); }

TEST(rmsprop_update_equals_reference) {
  struct Case {
    float numbers[4];  // lr, alpha, eps, momentum
    float decay, scale;
    bool centered, velocity;
  };
  constexpr Case kCases[] = {
      {{0.01f, 0.99f, 1e-8f, 0.0f}, 0.0f, 1.0f, false, false},
      {{0.01f, 0.5f, 1e-3f, 0.0f}, 0.25f, 0.5f, false, false},
      {{0.01f, 0.75f, 1e-6f, 0.5f}, 5e-4f, 1.0f / 128.0f, false, true},
      {{0.01f, 0.9f, 1e-3f, 0.9f}, 0.0f, 1.0f, true, true},
      {{0.01f, 0.0f, 0.5f, 0.0f}, 0.0f, 1.0f, true, false},
  };
  for (const Case& c : kCases) {
    const float* const v = c.numbers;
    const reference::RmspropStep step{v[0], v[1], v[2], v[3], c.decay, c.scale};
    for (int64_t n = 0; n <= 2 * kernels().vector_width + 3; ++n) {
      if (!next_case()) continue;
      problem("%lld numbers, alpha %g, momentum %g, centered %d", static_cast<long long>(n),
              step.alpha, step.momentum, c.centered);
      Random random(size(n));
      RuleRun run(n, 3, random);
      run.three_steps(
          n, "rmsprop", {true, c.centered, c.velocity}, c.decay, c.scale, random,
          [&](int, float* out) { std::copy(v, v + 4, out); },
          [&](int, const double* g) {
            reference::rmsprop_update(n, step, g, run.at(0), c.centered ? run.at(1) : nullptr,
                                      c.velocity ? run.at(2) : nullptr, run.expected.data());
          });
      run.check(n, step.lr, {1e-6, 1e-6, 1e-3});
    }
  }
  CHECK_CASES(5 * (2 * kernels().vector_width + 4));
}

TEST(rmsprop_of_equal_gradients_is_finite) {
  problem("centered, where rounding takes the variance below 0");
  constexpr int64_t n = 64;
  Floats params(n, 1.0f), grads(n), squares(n, 0.0f), means(n, 0.0f);
  for (int64_t i = 0; i < n; ++i) grads[size(i)] = 0.1f * static_cast<float>(i + 1);
  const UpdateSegment all{0, n, 0.0f, 1.0f};
  for (int t = 0; t < 200; ++t) {
    update_segments({find_update_rule("rmsprop"),
                     {0.0f, 0.0f, {1e-3f, 0.5f, 1e-3f, 0.0f}},
                     &all,
                     1,
                     {squares.data(), means.data(), nullptr}},
                    grads.data(), params.data());
  }
  for (float param : params) CHECK(std::isfinite(param));
  grads.assign(n, std::nanf(""));
  update_segments({find_update_rule("rmsprop"),
                   {0.0f, 0.0f, {1e-3f, 0.5f, 1e-3f, 0.0f}},
                   &all,
                   1,
                   {squares.data(), means.data(), nullptr}},
                  grads.data(), params.data());
  for (float param : params) CHECK(std::isnan(param));
}

TEST(rate_of_a_segment_multiplies_that_of_the_step) {
  for (const char* name : {"sgd", "adam", "adamw", "rmsprop"}) {
    problem("%s", name);
    Random random(5);
    const Floats start = random.reals(20), grads = random.reals(20);
    const auto updated = [&](float lr, float rate) {
      Floats params = start, a(20, 0.5f), b(20, 0.25f);
      const UpdateSegment all{0, 20, 0.25f, 1.0f, rate};
      update_segments({find_update_rule(name),
                       {0.0f, 0.0f, {lr, 0.5f, 0.5f, 1.0f, 1.0f, 1.0f}},
                       &all,
                       1,
                       {a.data(), std::strcmp(name, "sgd") == 0 ? nullptr : b.data()}},
                      grads.data(), params.data());
      return params;
    };
    CHECK_NONE(difference_in_bits(updated(0.5f, 0.25f), updated(0.125f, 1.0f)));
    CHECK(difference_in_bits(updated(0.5f, 0.25f), updated(0.5f, 1.0f)) != "");
  }
}

TEST(updates_of_parts_equal_one_of_the_whole) {
  problem("two segments, a gap, and ranges that cut them");
  for (const char* name : {"sgd", "adam", "adamw", "rmsprop"}) {
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
