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

// A step with what it reads and its output, margins aside, and its parameters.
Planned LanePlan::State::read_step(const LaneStep& spec, size_t index) {
  Planned p{};
  p.op = find_op(lanes, spec, index);
  const StepReader reader(spec, index);
  const auto read_tensor = [&](const char* name, size_t* number, LaneTensor* t) {
    *number = size(reader.integer(name, 0));
    if (*number > index) refuse(index, "\"" + std::string(name) + "\" is not there yet");
    const LaneTensor& from = tensor(*number);
    *t = {from.c, from.h, from.w, 0, 0};
  };
  p.from = index;
  p.in = {tensor(index).c, tensor(index).h, tensor(index).w, 0, 0};
  if (reader.has("from")) read_tensor("from", &p.from, &p.in);
  if (p.op->has_other) read_tensor("with", &p.with, &p.other);
  p.op->read(reader, p);
  reader.check_all_read();
  return p;
}

void LanePlan::State::plan(const std::vector<LaneStep>& specs, bool winograd, bool input_gradient) {
  if (specs.empty()) throw std::invalid_argument("lanes: no steps");
  // Of each tensor: whether it depends on parameters, and whether the last of its readers is known.
  std::vector<bool> trained{input_gradient}, settled{false};
  // Each tensor is checked without margins before a step reads it, and with them.
  const auto check_size = [&](size_t number) {
    if (!too_large(tensor(number))) return;
    refuse(number == 0 ? 0 : number - 1, number == 0 ? "input too large" : "output too large");
  };
  // The margins of a tensor are what the last step that reads it reads around it.
  const auto take_reader = [&](size_t number, size_t index, const Planned& p) {
    if (settled[number]) refuse(index, "it reads what a step has read that is no branch");
    if (p.op->adds_gradient) return;
    settled[number] = true;
    LaneTensor& t = tensor(number);
    t.margin_h = p.margin_h;
    t.margin_w = p.margin_w;
    if (number > 0 && steps[number - 1].keeps_gradient && t.margin_h + t.margin_w > 0) {
      // Its output, and the gradient of that, are rows without room for margins.
      refuse(index, "padding behind a linear step");
    }
    check_size(number);
  };
  for (size_t i = 0; i < specs.size(); ++i) {
    check_size(i);
    Planned p = read_step(specs[i], i);
    take_reader(p.from, i, p);
    if (p.op->has_other) take_reader(p.with, i, p);
    p.winograd = winograd;
    p.input_gradient = trained[p.from];
    p.other_gradient = p.op->has_other && trained[p.with];
    trained.push_back(p.input_gradient || p.other_gradient || p.parameter_count > 0);
    settled.push_back(false);
    if (p.op->collect != nullptr) joints.push_back(i);
    for (int k = 0; k < p.parameter_count; ++k)
      parameters = std::max(parameters, p.parameters[k].begin + p.parameters[k].count);
    buffers = std::max(buffers, p.buffer_end);
    steps.push_back(p);
  }
  check_size(specs.size());
  for (size_t number = 0; number < specs.size(); ++number) {
    if (!settled[number]) {
      refuse(number == 0 ? 0 : number - 1, number == 0 ? "nothing reads the input but branches"
                                                       : "nothing reads its output but branches");
    }
  }
  // Branches have read a tensor before its margins were known.
  for (Planned& p : steps) p.in = tensor(p.from);
  check_apart(steps);
  const LaneTensor& last = steps.back().out;
  outputs = last.c * last.h * last.w;
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
