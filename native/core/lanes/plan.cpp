// plan.cpp: executes a plan.
//
// A training step packs weights and forks twice: each thread takes whole blocks of images
// through forward, loss and backward, so that a block's tensors (420 KB for LeNet-5 on AVX-512)
// stay in its L2; the gradients of linear layers, one product over the whole batch, are split by
// rows, and those of convolutions summed over blocks.

#include "lanes/plan.h"

#include <algorithm>
#include <cmath>
#include <cstdlib>
#include <new>
#include <stdexcept>
#include <string>

#include "kernel_table.h"
#include "lanes/lane_kernels.h"
#include "threads.h"

namespace rownet {

namespace {

// Zeroed, 64-byte aligned memory that only grows.
class Memory {
 public:
  ~Memory() { std::free(data_); }
  Memory() = default;
  Memory(const Memory&) = delete;
  Memory& operator=(const Memory&) = delete;

  float* get() const { return data_; }
  void reserve(size_t floats) {
    if (floats <= floats_) return;
    const size_t bytes = (floats * sizeof(float) + 63) / 64 * 64;
    void* data = std::aligned_alloc(64, bytes);
    if (data == nullptr) throw std::bad_alloc();
    std::free(data_);
    data_ = static_cast<float*>(data);
    std::fill_n(data_, bytes / sizeof(float), 0.0f);
    floats_ = floats;
  }

 private:
  float* data_ = nullptr;
  size_t floats_ = 0;
};

size_t size(int64_t n) { return static_cast<size_t>(n); }
size_t lines(size_t floats) { return (floats + 15) / 16 * 16; }

// A step with its geometry and its places in memory (in floats, from the start of the named part).
struct Planned {
  LaneStep step;
  LaneConv conv;
  LanePool pool;
  LaneTensor in, out;
  bool input_gradient;  // a step before this one has parameters
  size_t activation;    // of the output, in a slice's memory
  size_t gradient;      // of the output, in a slice's memory
  size_t codes;         // in a slice's memory; bytes, so a quarter of the floats are used
  size_t saved;         // from forward to backward, in a slice's memory
  size_t packed, packed_backward;  // in the shared packed weights
  size_t partial;                  // of dw and db, in a block's partial sums
  size_t rows, deltas;             // of a linear layer, in the batch's memory, per block
  int64_t row_stride;              // of those rows

  int64_t weights() const {
    return step.kind == LaneStep::Kind::kConv ? step.out_channels * in.c * step.kh * step.kw
                                              : step.in_features * step.out_features;
  }
  int64_t biases() const {
    return step.kind == LaneStep::Kind::kConv ? step.out_channels : step.out_features;
  }
  bool has_parameters() const {
    return step.kind == LaneStep::Kind::kConv || step.kind == LaneStep::Kind::kLinear;
  }
};

// Beyond this many vectors a tensor's size in bytes, times any factor met here, may leave 64 bits.
constexpr int64_t kMaxVectors = int64_t{1} << 31;

// Whether a tensor of these extents, each below 2^31, stays below kMaxVectors.
bool too_large(const LaneTensor& t) {
  return t.h + 2 * t.margin_h > kMaxVectors / row_vectors(t) ||
         t.c > kMaxVectors / plane_vectors(t);
}

[[noreturn]] void refuse(size_t index, const char* why) {
  throw std::invalid_argument("lanes: step " + std::to_string(index) + ": " + why);
}

}  // namespace

struct LanePlan::State {
  const LaneKernels& lanes = *kernels().lanes;
  const int64_t width = kernels().vector_width;
  LaneTensor input;
  std::vector<Planned> steps;
  int64_t classes = 0, parameters = 0;
  size_t slice_floats = 0, packed_floats = 0, partial_floats = 0, batch_floats = 0, scratch = 0;
  Memory slices, packed, partials, batch;
  std::vector<double> block_loss;
  std::vector<int64_t> block_correct;

  LaneTensor output_of(size_t index, const LaneTensor& in, const LaneStep& step);
  void plan(std::vector<LaneStep> specs, bool winograd);
  void reserve(int slice_count, int64_t blocks, bool training);
  void pack(const float* parameters_, bool training);
  float* slice(int index) { return slices.get() + slice_floats * size(index); }
  float* partial(int64_t block) { return partials.get() + partial_floats * size(block); }
  float* batch_of(int64_t block) { return batch.get() + batch_floats * size(block); }
  ConvMemory conv_memory(const Planned& p, float* memory, bool training) const;
  const float* forward(float* memory, const float* params, float* block_batch);
  void backward(float* memory, const float* params, float* block_batch, float* block_partial);
  float* delta_of(size_t index, float* memory, float* block_batch);
  void reduce(int64_t part, int64_t parts, int64_t blocks, float* gradients);
};

LaneTensor LanePlan::State::output_of(size_t index, const LaneTensor& in, const LaneStep& step) {
  const auto slide = [&](int64_t extent, int64_t pad, int64_t kernel, int64_t stride) {
    if (kernel < 1 || stride < 1 || pad < 0 || extent + 2 * pad < kernel)
      refuse(index, "window does not fit");
    return (extent + 2 * pad - kernel) / stride + 1;
  };
  switch (step.kind) {
    case LaneStep::Kind::kConv: {
      if (step.pad_h >= step.kh || step.pad_w >= step.kw)
        refuse(index, "padding is not below the kernel");
      if (step.out_channels < 1) refuse(index, "no output channels");
      const int64_t oh = slide(in.h, step.pad_h, step.kh, step.stride_h);
      const int64_t ow = slide(in.w, step.pad_w, step.kw, step.stride_w);
      if (step.pool && (oh < 2 || ow < 2)) refuse(index, "too small to be pooled");
      return {step.out_channels, step.pool ? oh / 2 : oh, step.pool ? ow / 2 : ow, 0, 0};
    }
    case LaneStep::Kind::kPool:
      if (step.kh < 1 || step.kw < 1 || step.kh > 256 / step.kw)
        refuse(index, "window of more than 256 values");
      return {in.c, slide(in.h, 0, step.kh, step.stride_h), slide(in.w, 0, step.kw, step.stride_w),
              0, 0};
    case LaneStep::Kind::kRelu:
      return {in.c, in.h, in.w, 0, 0};
    case LaneStep::Kind::kLinear:
      if (step.in_features != in.c * in.h * in.w)
        refuse(index, "features differ from the input's size");
      if (step.out_features < 1) refuse(index, "no output features");
      return {step.out_features, 1, 1, 0, 0};
  }
  refuse(index, "unknown kind");
}

void LanePlan::State::plan(std::vector<LaneStep> specs, bool winograd) {
  if (specs.empty()) throw std::invalid_argument("lanes: no steps");
  const auto margins = [&](size_t index, LaneTensor& t) {
    if (index < specs.size() && specs[index].kind == LaneStep::Kind::kConv) {
      t.margin_h = specs[index].pad_h;
      t.margin_w = specs[index].pad_w;
    }
  };
  margins(0, input);
  if (too_large(input)) refuse(0, "input too large");
  LaneTensor in = input;
  bool trained = false;
  size_t at = lines(size(tensor_vectors(input) * width));
  for (size_t i = 0; i < specs.size(); ++i) {
    Planned p{};
    p.step = specs[i];
    p.in = in;
    p.out = output_of(i, in, p.step);
    margins(i + 1, p.out);
    if (too_large(p.out)) refuse(i, "output too large");
    if (p.step.kind == LaneStep::Kind::kConv &&
        (p.step.out_channels > kMaxVectors / (in.c * p.step.kh) ||
         p.step.out_channels * in.c * p.step.kh > kMaxVectors / p.step.kw)) {
      refuse(i, "too many weights");
    }
    p.input_gradient = trained;
    const size_t floats = lines(size(tensor_vectors(p.out) * width));
    p.activation = at;
    p.gradient = at + floats;
    at += 2 * floats;
    if (p.step.kind == LaneStep::Kind::kConv) {
      p.conv = {in,
                p.out,
                p.step.kh,
                p.step.kw,
                p.step.stride_h,
                p.step.stride_w,
                (in.h + 2 * in.margin_h - p.step.kh) / p.step.stride_h + 1,
                (in.w + 2 * in.margin_w - p.step.kw) / p.step.stride_w + 1,
                p.step.relu,
                p.step.pool,
                winograd};
      p.packed = packed_floats;
      packed_floats += lines(lanes.conv_packed_size(p.conv));
      p.packed_backward = packed_floats;
      if (trained) packed_floats += lines(lanes.conv_backward_packed_size(p.conv));
      p.saved = at;
      at += lines(lanes.conv_saved_size(p.conv));
      scratch = std::max(scratch, lanes.conv_scratch_size(p.conv));
      p.partial = partial_floats;
      partial_floats += lines(size(p.weights() + p.biases()));
    } else if (p.step.kind == LaneStep::Kind::kPool) {
      p.pool = {in, p.out, p.step.kh, p.step.kw, p.step.stride_h, p.step.stride_w};
    } else if (p.step.kind == LaneStep::Kind::kLinear) {
      const int64_t unit = 2 * width;
      p.row_stride = (p.step.in_features + unit - 1) / unit * unit;
      p.rows = batch_floats;
      batch_floats += size(p.row_stride * width);
      p.deltas = batch_floats;
      batch_floats += lines(size(p.step.out_features * width));
    }
    if (p.step.pool || p.step.kind == LaneStep::Kind::kPool) {
      p.codes = at;
      at += lines(size(p.out.c * p.out.h * p.out.w * width + 3) / 4);
    }
    if (p.has_parameters()) {
      if (p.step.weight < 0 || p.step.bias < 0) refuse(i, "negative parameter offset");
      parameters = std::max({parameters, p.step.weight + p.weights(), p.step.bias + p.biases()});
      trained = true;
    }
    steps.push_back(p);
    in = p.out;
  }
  classes = in.c * in.h * in.w;
  slice_floats = at + lines(scratch);
}

void LanePlan::State::reserve(int slice_count, int64_t blocks, bool training) {
  slices.reserve(slice_floats * size(slice_count));
  packed.reserve(packed_floats);
  block_loss.resize(size(blocks));
  block_correct.resize(size(blocks));
  if (!training) return;
  partials.reserve(partial_floats * size(blocks));
  batch.reserve(batch_floats * size(blocks));
}

void LanePlan::State::pack(const float* params, bool training) {
  for (const Planned& p : steps) {
    if (p.step.kind != LaneStep::Kind::kConv) continue;
    lanes.conv_pack(p.conv, params + p.step.weight, packed.get() + p.packed);
    if (training && p.input_gradient) {
      lanes.conv_backward_pack(p.conv, params + p.step.weight, packed.get() + p.packed_backward);
    }
  }
}

ConvMemory LanePlan::State::conv_memory(const Planned& p, float* memory, bool training) const {
  return {packed.get() + p.packed, packed.get() + p.packed_backward,
          training ? memory + p.saved : nullptr, memory + slice_floats - lines(scratch)};
}

// The logits of one block, whose input stands at the start of `memory`. block_batch is nullptr
// where no backward pass follows.
const float* LanePlan::State::forward(float* memory, const float* params, float* block_batch) {
  const float* in = memory;
  for (const Planned& p : steps) {
    float* out = memory + p.activation;
    uint8_t* codes = reinterpret_cast<uint8_t*>(memory + p.codes);
    switch (p.step.kind) {
      case LaneStep::Kind::kConv:
        lanes.conv_forward(p.conv, in, conv_memory(p, memory, block_batch != nullptr),
                           params + p.step.bias, out, codes);
        break;
      case LaneStep::Kind::kPool:
        lanes.pool_forward(p.pool, in, out, codes);
        break;
      case LaneStep::Kind::kRelu:
        lanes.relu_forward(p.in, p.out, in, out);
        break;
      case LaneStep::Kind::kLinear:
        if (block_batch != nullptr) {
          lanes.to_rows(p.step.in_features, in, block_batch + p.rows, p.row_stride);
        }
        lanes.linear_forward(p.step.in_features, p.step.out_features, p.step.relu,
                             params + p.step.weight, params + p.step.bias, in, out);
        break;
    }
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
                               float* block_partial) {
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
  }
}

// Part `part` of `parts` of all gradients, from the batch's rows and the blocks' partial sums.
void LanePlan::State::reduce(int64_t part, int64_t parts, int64_t blocks, float* gradients) {
  for (const Planned& p : steps) {
    if (p.step.kind == LaneStep::Kind::kLinear) {
      const int64_t begin = p.step.out_features * part / parts;
      const int64_t end = p.step.out_features * (part + 1) / parts;
      if (begin == end) continue;
      lanes.linear_backward_weight(begin, end, p.step.in_features, blocks, batch.get() + p.deltas,
                                   batch.get() + p.rows, p.row_stride,
                                   static_cast<int64_t>(batch_floats), gradients + p.step.weight,
                                   gradients + p.step.bias);
    } else if (p.step.kind == LaneStep::Kind::kConv) {
      const int64_t total = p.weights() + p.biases();
      const int64_t begin = total * part / parts, end = total * (part + 1) / parts;
      for (int64_t i = begin; i < end; ++i) {
        float sum = 0.0f;
        for (int64_t block = 0; block < blocks; ++block) sum += partial(block)[p.partial + size(i)];
        (i < p.weights() ? gradients[p.step.weight + i]
                         : gradients[p.step.bias + i - p.weights()]) = sum;
      }
    }
  }
}

LanePlan::LanePlan(int64_t c, int64_t h, int64_t w, std::vector<LaneStep> steps, bool winograd)
    : state_(new State) {
  if (c < 1 || h < 1 || w < 1) throw std::invalid_argument("lanes: empty input");
  state_->input = {c, h, w, 0, 0};
  state_->plan(std::move(steps), winograd);
}

LanePlan::~LanePlan() = default;

int64_t LanePlan::input_size() const { return state_->input.c * state_->input.h * state_->input.w; }
int64_t LanePlan::classes() const { return state_->classes; }
int64_t LanePlan::parameters() const { return state_->parameters; }

namespace {

struct LossLanes {
  float sums[64], below[64];
  int32_t best[64], labels[64];
};

}  // namespace

// Loss of one block, and its gradient where dlogits is not nullptr.
static LossSum block_loss_of(const LaneKernels& lanes, int64_t classes, const ByteBatch& batch,
                             int64_t first, int64_t count, const float* logits, float grad_scale,
                             float* dlogits, int32_t* predictions) {
  LossLanes l{};
  for (int64_t i = 0; i < count; ++i) l.labels[i] = batch.labels[batch.indices[first + i]];
  lanes.softmax(classes, count, logits, l.labels, grad_scale, dlogits, l.sums, l.below, l.best);
  LossSum total{0.0, 0};
  for (int64_t i = 0; i < count; ++i) {
    total.loss += std::log(static_cast<double>(l.sums[i])) - static_cast<double>(l.below[i]);
    total.correct += l.best[i] == l.labels[i];
    if (predictions != nullptr) predictions[first + i] = l.best[i];
  }
  return total;
}

LossSum LanePlan::train_step(const ByteBatch& batch, const float* parameters, float grad_scale,
                             float* gradients) {
  State& s = *state_;
  const int64_t blocks = (batch.count + s.width - 1) / s.width;
  const int threads = thread_count();
  s.reserve(threads, blocks, true);
  s.pack(parameters, true);
  parallel_for(blocks, threads, [&](int64_t begin, int64_t end, int slice) {
    float* memory = s.slice(slice);
    for (int64_t block = begin; block < end; ++block) {
      const int64_t first = block * s.width, count = std::min(s.width, batch.count - first);
      s.lanes.gather_bytes(s.input, batch.images, batch.indices + first, count, batch.scale,
                           batch.shift, memory);
      const float* logits = s.forward(memory, parameters, s.batch_of(block));
      float* dlogits = s.delta_of(s.steps.size() - 1, memory, s.batch_of(block));
      const LossSum loss = block_loss_of(s.lanes, s.classes, batch, first, count, logits,
                                         grad_scale, dlogits, nullptr);
      s.block_loss[size(block)] = loss.loss;
      s.block_correct[size(block)] = loss.correct;
      s.backward(memory, parameters, s.batch_of(block), s.partial(block));
    }
  });
  parallel_for(threads, threads, [&](int64_t begin, int64_t end, int) {
    for (int64_t part = begin; part < end; ++part) s.reduce(part, threads, blocks, gradients);
  });
  LossSum total{0.0, 0};
  for (int64_t block = 0; block < blocks; ++block) {
    total.loss += s.block_loss[size(block)];
    total.correct += s.block_correct[size(block)];
  }
  return total;
}

LossSum LanePlan::evaluate(const ByteBatch& batch, const float* parameters, int32_t* predictions) {
  State& s = *state_;
  const int64_t blocks = (batch.count + s.width - 1) / s.width;
  s.reserve(thread_count(), blocks, false);
  s.pack(parameters, false);
  parallel_for(blocks, thread_count(), [&](int64_t begin, int64_t end, int slice) {
    float* memory = s.slice(slice);
    for (int64_t block = begin; block < end; ++block) {
      const int64_t first = block * s.width, count = std::min(s.width, batch.count - first);
      s.lanes.gather_bytes(s.input, batch.images, batch.indices + first, count, batch.scale,
                           batch.shift, memory);
      const float* logits = s.forward(memory, parameters, nullptr);
      const LossSum loss = block_loss_of(s.lanes, s.classes, batch, first, count, logits, 0.0f,
                                         nullptr, predictions);
      s.block_loss[size(block)] = loss.loss;
      s.block_correct[size(block)] = loss.correct;
    }
  });
  LossSum total{0.0, 0};
  for (int64_t block = 0; block < blocks; ++block) {
    total.loss += s.block_loss[size(block)];
    total.correct += s.block_correct[size(block)];
  }
  return total;
}

void LanePlan::predict(const float* x, int64_t count, const float* parameters, float* logits) {
  State& s = *state_;
  const int64_t blocks = (count + s.width - 1) / s.width;
  s.reserve(thread_count(), 0, false);
  s.pack(parameters, false);
  parallel_for(blocks, thread_count(), [&](int64_t begin, int64_t end, int slice) {
    float* memory = s.slice(slice);
    for (int64_t block = begin; block < end; ++block) {
      const int64_t first = block * s.width, live = std::min(s.width, count - first);
      s.lanes.gather_floats(s.input, x + first * input_size(), live, memory);
      const float* lane_logits = s.forward(memory, parameters, nullptr);
      for (int64_t i = 0; i < live; ++i) {
        for (int64_t j = 0; j < s.classes; ++j) {
          logits[(first + i) * s.classes + j] = lane_logits[j * s.width + i];
        }
      }
    }
  });
}

}  // namespace rownet
