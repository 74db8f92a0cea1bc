// plan_layout.cpp: the geometry of a plan's steps, and where their arrays stand.
#include <algorithm>
#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

#include "lanes/plan_state.h"

namespace rownet {

namespace {

size_t size(int64_t n) { return static_cast<size_t>(n); }

// Whether a tensor of these extents, each below 2^31, stays below kMaxVectors.
bool too_large(const LaneTensor& t) {
  return t.h + 2 * t.margin_h > kMaxVectors / row_vectors(t) ||
         t.c > kMaxVectors / plane_vectors(t);
}

[[noreturn]] void refuse(size_t index, const std::string& why) {
  throw std::invalid_argument("lanes: step " + std::to_string(index) + ": " + why);
}

const LaneOp* find_op(const LaneKernels& lanes, const LaneStep& spec, size_t index) {
  for (const LaneOp* const* op = lanes.ops; *op != nullptr; ++op) {
    if ((*op)->name == spec.op) return *op;
  }
  refuse(index, "unknown operation \"" + spec.op.substr(0, 80) + "\"");
}

// Threads write the gradients of parameters at the same time: none may write another's.
void check_apart(const std::vector<Planned>& steps) {
  std::vector<std::pair<ArenaRange, size_t>> ranges;
  for (size_t i = 0; i < steps.size(); ++i) {
    for (int k = 0; k < steps[i].parameter_count; ++k)
      ranges.emplace_back(steps[i].parameters[k], i);
  }
  std::sort(ranges.begin(), ranges.end(),
            [](const auto& a, const auto& b) { return a.first.begin < b.first.begin; });
  for (size_t i = 1; i < ranges.size(); ++i) {
    const auto& [before, step] = ranges[i - 1];
    if (before.begin + before.count <= ranges[i].first.begin) continue;
    refuse(std::max(step, ranges[i].second), "parameters overlap");
  }
}

}  // namespace

PlanLayout::PlanLayout(PlanMemory& slices, PlanMemory& shared, PlanMemory& sums, PlanMemory& rows,
                       int64_t width, size_t step, size_t* most_scratch)
    : slices_(slices),
      shared_(shared),
      sums_(sums),
      rows_(rows),
      width_(width),
      step_(step),
      most_scratch_(most_scratch) {}

size_t PlanLayout::slice(size_t floats, const char* what) {
  return slices_.take(floats, {what, step_});
}
size_t PlanLayout::shared(size_t floats, const char* what) {
  return shared_.take(floats, {what, step_});
}
size_t PlanLayout::sums(size_t floats, const char* what) {
  return sums_.take(floats, {what, step_});
}
size_t PlanLayout::rows(int64_t live, int64_t stride, const char* what) {
  return rows_.take({1, width_, live, 0, 0, stride - live}, {what, step_});
}
void PlanLayout::scratch(size_t floats) { *most_scratch_ = std::max(*most_scratch_, floats); }

// A step with its output, margins aside, and its parameters.
Planned LanePlan::State::read_step(const LaneStep& spec, size_t index, const LaneTensor& in) {
  Planned p{};
  p.op = find_op(lanes, spec, index);
  p.in = {in.c, in.h, in.w, 0, 0};
  const StepReader reader(spec, index);
  p.op->read(reader, p);
  reader.check_all_read();
  return p;
}

void LanePlan::State::plan(const std::vector<LaneStep>& specs, bool winograd, bool input_gradient) {
  if (specs.empty()) throw std::invalid_argument("lanes: no steps");
  LaneTensor in = input;
  bool trained = input_gradient;
  // Those of a step's output are what the next one reads around its input.
  const auto set_margins = [](LaneTensor& t, const Planned& next) {
    t.margin_h = next.margin_h;
    t.margin_w = next.margin_w;
  };
  // Each is checked without margins before a step reads it, and with them.
  const auto check_size = [&](const LaneTensor& t, size_t reader) {
    if (!too_large(t)) return;
    refuse(reader == 0 ? 0 : reader - 1, reader == 0 ? "input too large" : "output too large");
  };
  for (size_t i = 0; i < specs.size(); ++i) {
    check_size(in, i);
    Planned p = read_step(specs[i], i, in);
    LaneTensor& before = i == 0 ? input : steps.back().out;
    set_margins(before, p);
    if (i > 0 && steps.back().keeps_gradient && before.margin_h + before.margin_w > 0) {
      // Its output, and the gradient of that, are rows without room for margins.
      refuse(i, "padding behind a linear step");
    }
    check_size(before, i);
    p.in = before;
    p.winograd = winograd;
    p.input_gradient = trained;
    trained = trained || p.parameter_count > 0;
    if (p.op->collect != nullptr) joints.push_back(i);
    for (int k = 0; k < p.parameter_count; ++k)
      parameters = std::max(parameters, p.parameters[k].begin + p.parameters[k].count);
    buffers = std::max(buffers, p.buffer_end);
    in = p.out;
    steps.push_back(p);
  }
  check_size(in, specs.size());
  check_apart(steps);
  outputs = in.c * in.h * in.w;
  const auto take_tensor = [&](const LaneTensor& t, PartName name) {
    return slices.take({t.c, t.h, t.w * width, t.margin_h, t.margin_w * width, t.margin_w * width},
                       name);
  };
  take_tensor(input, {"input", kNoStep});
  size_t most_scratch = 0;
  for (size_t i = 0; i < steps.size(); ++i) {
    Planned& p = steps[i];
    p.activation = take_tensor(p.out, {"output", i});
    // Its margins hold what kernels add there, and are not read.
    const size_t gradient = size(tensor_vectors(p.out) * width);
    if (!p.keeps_gradient) p.gradient = slices.take(gradient, {"output's gradient", i});
    PlanLayout layout(slices, packed, partials, batch, width, i, &most_scratch);
    if (p.op->reduce == nullptr && p.parameter_count > 0)
      p.partial = layout.sums(size(parameters_of(p)), "gradients");
    if (p.op->place != nullptr) p.op->place(p, layout);
    if (p.keeps_gradient) p.gradient = batch.take(gradient, {"output's gradient", i});
    // Of an update, which takes so many gradients at a time.
    layout.scratch(size(p.op->reduce == nullptr ? parameters_of(p)
                                                : std::min(kUpdateRows, p.units) *
                                                      (p.parameters[0].count / p.units + 1)));
  }
  // It stands behind the tensors, whose margins stay zeros.
  scratch = slices.take(most_scratch, {"scratch", kNoStep});
}

void LanePlan::State::reserve(const LaneCall& call) {
  // Not less than the threads, each of which has scratch in a slice, even where there is no block.
  const bool joined = call.training && !joints.empty();
  const int64_t own = joined ? std::max(call.blocks, call.threads) : call.threads;
  slices.reserve(own);
  packed.reserve(1);
  block_loss.resize(size(call.blocks));
  block_correct.resize(size(call.blocks));
  slices.spoil(own);
  packed.spoil(1);
  if (!call.training) return;
  partials.reserve(call.blocks);
  batch.reserve(call.blocks);
  partials.spoil(call.blocks);
  batch.spoil(call.blocks);
}

void LanePlan::State::check() const {
  for (const PlanMemory* memory : {&slices, &packed, &partials, &batch}) memory->check();
}

}  // namespace rownet
