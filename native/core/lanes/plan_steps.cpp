// plan_steps.cpp: a block through a plan's steps, forward and backward, and the gradients of a
// batch.
#include <algorithm>

#include "lanes/plan_state.h"

namespace rownet {

namespace {

size_t size(int64_t n) { return static_cast<size_t>(n); }

}  // namespace

void LanePlan::State::pack(const float* params, bool training, StepClock& clock) {
  for (size_t i = 0; i < steps.size(); ++i) {
    const Planned& p = steps[i];
    if (p.step.kind != LaneStep::Kind::kConv) continue;
    lanes.conv_pack(p.conv, params + p.step.weight, packed.copy(0) + p.packed);
    clock.lap(forward_time(i));
    if (training && p.input_gradient) {
      lanes.conv_backward_pack(p.conv, params + p.step.weight, packed.copy(0) + p.packed_backward);
      clock.lap(backward_time(i));
    }
  }
}

ConvMemory LanePlan::State::conv_memory(const Planned& p, float* memory, bool training) {
  return {packed.copy(0) + p.packed, packed.copy(0) + p.packed_backward,
          training ? memory + p.saved : nullptr, fresh_scratch(memory)};
}

// The logits of one block, whose input stands at the start of `memory`.
const float* LanePlan::State::forward(float* memory, const float* params, bool training,
                                      float* block_batch, StepClock& clock) {
  const float* in = memory;
  for (size_t i = 0; i < steps.size(); ++i) {
    const Planned& p = steps[i];
    float* out = memory + p.activation;
    uint8_t* codes = reinterpret_cast<uint8_t*>(memory + p.codes);
    switch (p.step.kind) {
      case LaneStep::Kind::kConv:
        lanes.conv_forward(p.conv, in, conv_memory(p, memory, training), params + p.step.bias, out,
                           codes);
        break;
      case LaneStep::Kind::kPool:
        lanes.pool_forward(p.pool, in, out, codes);
        break;
      case LaneStep::Kind::kRelu:
        lanes.relu_forward(p.in, p.out, in, out);
        break;
      case LaneStep::Kind::kLinear:
        if (training) lanes.to_rows(p.step.in_features, in, block_batch + p.rows, p.row_stride);
        lanes.linear_forward(p.step.in_features, p.step.out_features, p.step.relu,
                             params + p.step.weight, params + p.step.bias, in, out);
        break;
    }
    clock.lap(forward_time(i));
    in = out;
  }
  return in;
}

// Where the gradient of step `index`'s output stands: a linear layer's outlives its block.
float* LanePlan::State::delta_of(size_t index, float* memory, float* block_batch) {
  const Planned& p = steps[index];
  return p.step.kind == LaneStep::Kind::kLinear ? block_batch + p.deltas : memory + p.gradient;
}

void LanePlan::State::backward(float* memory, const float* params, float* block_batch,
                               float* block_partial, StepClock& clock) {
  for (size_t i = steps.size(); i-- > 0;) {
    const Planned& p = steps[i];
    const float* in = i == 0 ? memory : memory + steps[i - 1].activation;
    const float* out = memory + p.activation;
    const uint8_t* codes = reinterpret_cast<const uint8_t*>(memory + p.codes);
    float* dout = delta_of(i, memory, block_batch);
    float* din = p.input_gradient ? delta_of(i - 1, memory, block_batch) : nullptr;
    switch (p.step.kind) {
      case LaneStep::Kind::kConv: {
        float* dw = block_partial + p.partial;
        lanes.conv_backward(p.conv, in, out, codes, dout, conv_memory(p, memory, true), din, dw,
                            dw + p.weights());
        break;
      }
      case LaneStep::Kind::kPool:
        if (din != nullptr) lanes.pool_backward(p.pool, codes, dout, din);
        break;
      case LaneStep::Kind::kRelu:
        if (din != nullptr) lanes.relu_backward(p.in, p.out, out, dout, din);
        break;
      case LaneStep::Kind::kLinear:
        if (p.step.relu) lanes.relu_mask(p.step.out_features * width, out, dout);
        if (din != nullptr) {
          lanes.linear_backward_input(p.step.in_features, p.step.out_features,
                                      params + p.step.weight, dout, din);
        }
        break;
    }
    clock.lap(backward_time(i));
  }
}

// Rows [begin, end) of the weights of step `p`, and their biases; dw and db receive row `begin`
// first.
void LanePlan::State::reduce_linear(const Planned& p, int64_t begin, int64_t end, int64_t blocks,
                                    float* dw, float* db) {
  lanes.linear_backward_weight(begin, end, p.step.in_features, blocks, batch.copy(0) + p.deltas,
                               batch.copy(0) + p.rows, p.row_stride,
                               static_cast<int64_t>(batch.floats()), dw, db);
}

// Numbers [begin, end) of the weights of step `p`, followed by its biases.
void LanePlan::State::reduce_conv(const Planned& p, int64_t begin, int64_t end, int64_t blocks,
                                  float* dw, float* db) {
  for (int64_t i = begin; i < end; ++i) {
    float sum = 0.0f;
    for (int64_t block = 0; block < blocks; ++block)
      sum += partials.copy(block)[p.partial + size(i)];
    (i < p.weights() ? dw[i] : db[i - p.weights()]) = sum;
  }
}

// Part `part` of `parts` of all gradients, from the batch's rows and the blocks' partial sums.
void LanePlan::State::reduce(int64_t part, int64_t parts, int64_t blocks, float* gradients,
                             StepClock& clock) {
  for (size_t i = 0; i < steps.size(); ++i) {
    const Planned& p = steps[i];
    if (!p.has_parameters()) continue;
    float *const dw = gradients + p.step.weight, *const db = gradients + p.step.bias;
    const bool linear = p.step.kind == LaneStep::Kind::kLinear;
    const int64_t total = linear ? p.step.out_features : p.weights() + p.biases();
    const int64_t begin = total * part / parts, end = total * (part + 1) / parts;
    if (linear) {
      reduce_linear(p, begin, end, blocks, dw + begin * p.step.in_features, db + begin);
    } else {
      reduce_conv(p, begin, end, blocks, dw, db);
    }
    clock.lap(backward_time(i));
  }
}

// The same, but each gradient goes into the update while it is in L1, and nowhere else: written to
// the arena and read again, it would move half as many bytes as parameters and velocities together.
void LanePlan::State::reduce_and_update(int64_t part, int64_t parts, int64_t blocks,
                                        const Update& update, float* params, float* gradients,
                                        StepClock& clock) {
  const auto apply = [&](int64_t begin, int64_t count, const float* from) {
    update_range(update, begin, begin + count, from, params);
  };
  for (size_t i = 0; i < steps.size(); ++i) {
    const Planned& p = steps[i];
    if (!p.has_parameters()) continue;
    const bool linear = p.step.kind == LaneStep::Kind::kLinear;
    const int64_t total = linear ? p.step.out_features : p.weights() + p.biases();
    const int64_t last = total * (part + 1) / parts;
    const int64_t chunk = linear ? kUpdateRows : total;
    for (int64_t begin = total * part / parts, end = begin; begin < last; begin = end) {
      end = std::min(begin + chunk, last);
      if (linear) {
        const int64_t in = p.step.in_features;
        float* const db = gradients + (end - begin) * in;
        reduce_linear(p, begin, end, blocks, gradients, db);
        clock.lap(backward_time(i));
        apply(p.step.weight + begin * in, (end - begin) * in, gradients);
        apply(p.step.bias + begin, end - begin, db);
      } else {
        float* const db = gradients + p.weights();
        reduce_conv(p, begin, end, blocks, gradients, db);
        clock.lap(backward_time(i));
        const int64_t first = std::min(begin, p.weights()), second = std::max(begin, p.weights());
        apply(p.step.weight + first, std::min(end, p.weights()) - first, gradients + first);
        apply(p.step.bias + second - p.weights(), std::max(end, p.weights()) - second,
              gradients + second);
      }
      clock.lap(kUpdateTime);
    }
  }
}

}  // namespace rownet
