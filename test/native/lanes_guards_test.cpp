// In builds with guards: a write where nothing may be written ends the step with an error that says
// where, and whatever reads what was not written meets NaN.
#include "lanes/plan_memory.h"

#include <cmath>
#include <cstring>
#include <stdexcept>

#include "fused_nets.h"
#include "harness.h"
#include "lanes/plan_state.h"
#include "threads.h"
#include "updates.h"

#if defined(ROWNET_GUARDS)

namespace rownet {

struct LanePlanProbe {
  using State = LanePlan::State;
  static LanePlan::State& state(LanePlan& plan) { return *plan.state_; }
};

namespace test {

namespace {

std::string error_of(const PlanMemory& memory) {
  try {
    memory.check();
  } catch (const std::logic_error& error) {
    return error.what();
  }
  return "";
}

struct Broken {
  size_t at;
  const char* error;
};

}  // namespace

TEST_ONCE(plan_memory_names_the_part_that_was_written_around) {
  PlanMemory memory("slice");
  CHECK_EQUAL(memory.take(5, {"weights", 1}), size_t{0});
  // Two planes of 3 lines of 2 zeros, 4 numbers and 1 zero, with 1 line of zeros above and below.
  const size_t tensor = memory.take({2, 3, 4, 1, 2, 1}, {"output", 2});
  CHECK_EQUAL(tensor, size_t{32});
  const size_t last = memory.take(16, {"scratch", kNoStep});
  memory.reserve(3);
  CHECK_EQUAL(error_of(memory), "");
  memory.spoil(3);
  CHECK_EQUAL(error_of(memory), "");
  int64_t spoilt = 0;
  for (size_t i = 0; i < 70; ++i) spoilt += std::isnan(memory.copy(2)[tensor + i]);
  CHECK_EQUAL(spoilt, 2 * 3 * 4);

  const std::string around = "lanes: expected zeros around the output of step 2 in slice 1 but ";
  const std::string behind = "lanes: expected an untouched guard behind the ";
  const auto written = [&](size_t at, const std::string& error) {
    problem("a write at %zu", at);
    float& value = memory.copy(1)[at];
    float kept;
    std::memcpy(&kept, &value, sizeof kept);
    value = 0.5f;
    CHECK_EQUAL(error_of(memory), error + " is 0.500000");
    std::memcpy(&value, &kept, sizeof kept);
  };
  written(5, behind + "weights of step 1 in slice 1 but float 5");
  written(31, behind + "weights of step 1 in slice 1 but float 31");
  written(tensor, around + "float 0");
  written(tensor + 6, around + "float 6");       // the last of the line above
  written(tensor + 7 + 1, around + "float 8");   // left
  written(tensor + 7 + 6, around + "float 13");  // right
  written(tensor + 28, around + "float 28");     // the line below
  written(tensor + 69, around + "float 69");     // the last of all
  written(tensor + 70, behind + "output of step 2 in slice 1 but float 70");
  written(last - 1,
          behind + "output of step 2 in slice 1 but float " + std::to_string(last - 1 - tensor));
  written(last + 16, behind + "scratch in slice 1 but float 16");
  written(memory.floats() - 1, behind + "scratch in slice 1 but float 31");
  memory.copy(1)[tensor] = std::nanf("");
  CHECK_EQUAL(error_of(memory), around + "float 0 is nan");
}

TEST(plans_look_at_their_guards_after_each_call) {
  FusedNet net(1, 5, 6);
  net.conv({2, 3, 3, 1, 1, 1, 1, true, true}).conv({3, 3, 3, 1, 1, 2, 2}).linear(5, true).linear(4);
  const int64_t width = kernels().vector_width, count = 2 * width + 1;
  Random random(3);
  const FusedImages images = random_images(net, random, 9, 255, 1.0f / 64.0f, -2.0f, 4);
  const std::vector<uint32_t> indices = random_indices(random, count, 9, width);
  const Floats parameters = net.real_parameters(random);
  const ByteBatch batch{images.bytes.data(), images.labels.data(), indices.data(), count,
                        images.scale,        images.shift};
  using State = LanePlanProbe::State;
  using Memory = PlanMemory State::*;
  struct Write {
    Memory memory;
    int64_t copy;
    size_t at;  // from the end of a copy where `back`
    bool back;
    const char* names;
  };
  const std::vector<Write> writes = {
      {&State::slices, 0, 0, false, "zeros around the input in slice 0"},
      {&State::slices, 2, 0, false, "zeros around the input in slice 2"},
      {&State::slices, 1, 1, true, "guard behind the scratch in slice 1"},
      {&State::packed, 0, 1, true, "guard behind the backward weights of step 1 in packed copy 0"},
      {&State::partials, 2, 1, true, "guard behind the gradients of step 1 in sums of block 2"},
      {&State::batch, 1, 1, true,
       "guard behind the output's gradient of step 3 in rows of block 1"},
  };
  for (const Write& write : writes) {
    for (int call = 0; call < 4; ++call) {
      if (!next_case()) continue;
      problem("call %d, %s", call, write.names);
      set_thread_count(3);
      LanePlan plan = net.plan(true);
      Floats moved = parameters, gradients(parameters.size());
      const std::vector<UpdateSegment> all = {{0, net.parts().back().begin, 0.0f, 1.0f}};
      const auto run = [&](int which) {
        std::vector<int32_t> predictions(indices.size());
        Floats x(static_cast<size_t>(count * net.input_size()));
        Floats logits(static_cast<size_t>(count * net.classes()));
        if (which == 0) plan.train_step(batch, parameters.data(), gradients.data(), {1.0f});
        if (which == 1) plan.train_step(batch, sgd({}, all, nullptr), moved.data(), {1.0f});
        if (which == 2) plan.evaluate(batch, parameters.data(), nullptr, predictions.data());
        if (which == 3) plan.predict(x.data(), count, parameters.data(), nullptr, logits.data());
      };
      run(0);
      PlanMemory& memory = LanePlanProbe::state(plan).*write.memory;
      float* const copy = memory.copy(write.copy);
      copy[write.back ? memory.floats() - write.at : write.at] = 1.0f;
      std::string error;
      try {
        run(call);
      } catch (const std::logic_error& thrown) {
        error = thrown.what();
      }
      CHECK(error.find(write.names) != std::string::npos);
    }
  }
  CHECK_CASES(6 * 4);
}

}  // namespace test

}  // namespace rownet

#endif
