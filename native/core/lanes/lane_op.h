// lane_op.h: an operation of the lanes engine: what a layer, with what is fused behind it, does to
// the blocks of a batch. The header of the layer defines it (native/core/layers), once a level.
//
// A block is as many images as a vector has floats. One thread takes it through all steps, forward,
// loss and backward. An operation whose output depends on the whole batch has a `collect` and a
// `join`: the plan ends the fork there, so that all blocks have been collected before the join, and
// begins a new one. What a block's tensors hold then outlives its thread.
#pragma once

#include <stddef.h>
#include <stdint.h>

#include "lanes/lane_tensor.h"

namespace rownet {

struct LaneOp;
struct LaneStep;
class PlanMemory;
class PlanLayout;

// Floats [begin, begin + count) of the parameters, the gradients, or the buffers.
struct ArenaRange {
  int64_t begin, count;
};

// Beyond this many vectors a tensor's size in bytes, times any factor met here, may leave 64 bits.
constexpr int64_t kMaxVectors = int64_t{1} << 31;
constexpr int kMostParameters = 4;
constexpr size_t kOwnBytes = 256;

// A step with its geometry and its places in memory.
struct Planned {
  const LaneOp* op;
  // Tensors that it reads: 0 is the net's input, i + 1 the output of step i. The second is for an
  // operation that has_other.
  size_t from, with;
  LaneTensor in, other, out;
  int64_t margin_h, margin_w;  // of zeros that it reads around its input
  int64_t intermediate;        // the most floats of an image between its parts; 0: it has one part
  bool winograd;               // allowed
  bool input_gradient;         // its input depends on parameters
  bool other_gradient;         // the other one does
  bool keeps_gradient;         // that of its output outlives the block
  int64_t units;               // of an operation with `reduce`: rows of its first parameter
  int parameter_count;
  ArenaRange parameters[kMostParameters];
  int64_t buffer_end;  // floats that the buffers must hold for it
  size_t activation;   // the output, in a slice
  size_t gradient;     // of the output, in a slice or in a block's rows
  size_t partial;      // of the parameters' gradients, in a block's sums
  // What the operation keeps of its fields and of its places.
  alignas(8) unsigned char own[kOwnBytes];
};

// Reads the fields of a step; each call throws std::invalid_argument that names step and field.
class StepReader {
 public:
  StepReader(const LaneStep& step, size_t index);
  ~StepReader();
  StepReader(const StepReader&) = delete;
  // From `low` to 2^31 - 1.
  int64_t integer(const char* name, int64_t low) const;
  // [height, width]
  void pair(const char* name, int64_t low, int64_t* height, int64_t* width) const;
  double number(const char* name) const;
  bool has(const char* name) const;
  // Those that need not be there: false, and "".
  bool flag(const char* name) const;
  const char* text(const char* name) const;
  // The place of the next parameter of the step, of `count` floats; in their order.
  void parameter(const char* name, int64_t count, Planned& step) const;
  // Of a buffer.
  ArenaRange buffer(const char* name, int64_t count, Planned& step) const;
  [[noreturn]] void refuse(const char* why) const;
  // Refuses fields that nothing has read.
  void check_all_read() const;

 private:
  struct Seen;
  const double* find(const char* name, size_t count) const;
  int64_t whole(const char* name, double value, int64_t low) const;

  const LaneStep& step_;
  const size_t index_;
  Seen* const seen_;
};

// Hands out places to one step, in floats from the start of the named memory.
class PlanLayout {
 public:
  PlanLayout(PlanMemory& slices, PlanMemory& shared, PlanMemory& sums, PlanMemory& rows,
             int64_t width, size_t step, size_t* most_scratch);
  // In a slice: what a thread works in.
  size_t slice(size_t floats, const char* what);
  // In what all threads share, from the packing of parameters on.
  size_t shared(size_t floats, const char* what);
  // In a block's sums.
  size_t sums(size_t floats, const char* what);
  // In a block's rows: one for each lane, of `live` floats, and zeros up to `stride`.
  size_t rows(int64_t live, int64_t stride, const char* what);
  // What an operation works in, and leaves to no other.
  void scratch(size_t floats);

 private:
  PlanMemory &slices_, &shared_, &sums_, &rows_;
  const int64_t width_;
  const size_t step_;
  size_t* const most_scratch_;
};

// What layers draw from: the same numbers wherever seed, step, place, image and element are the same.
struct Draw {
  uint64_t seed, step;
};

// One block on its way through one step.
struct LaneBlock {
  const float *parameters, *buffers;
  bool training;         // statistics are those of the batch, and values are dropped
  bool backward;         // a backward pass follows, or this is one
  int64_t first, count;  // of the batch's images; lanes from `count` on repeat the first image
  Draw draw;
  float *slice, *shared, *sums, *rows, *scratch;  // sums and rows: where there is a backward
  const float *in, *other;                        // other: of an operation that has_other
  float* out;
  float* dout;
  float *din, *dother;  // nullptr where it is not needed
};

// All blocks of a batch at once.
struct LaneBatch {
  const float* parameters;
  float* buffers;
  int64_t blocks, count;
  float* shared;
  float *sums, *rows;  // of the first block
  int64_t sums_stride, rows_stride;
};

// One image in [c][h][w], without any block.
struct LaneImage {
  const float *parameters, *buffers;
  const float *in, *other;
  float *out, *intermediate;
  uint16_t* positions;  // as many as the output has pixels in a plane
};

struct LaneOp {
  const char* name;
  // Reads the fields: sets what of `out` are c, h and w, the margins, and the parameters.
  void (*read)(const StepReader& fields, Planned& step);
  // Takes memory; nullptr: none is needed.
  void (*place)(Planned& step, PlanLayout& layout) = nullptr;
  // Brings parameters into the shared memory, those of the backward pass apart; nullptr: no need.
  void (*pack)(const Planned& step, const float* parameters, bool backward,
               float* shared) = nullptr;
  // A layer on its own goes forward again before it goes backward: to the same bits.
  void (*forward)(const Planned& step, const LaneBlock& block);
  // Overwrites din, dother and the gradients of the parameters in the block's sums.
  void (*backward)(const Planned& step, const LaneBlock& block);
  void (*image)(const Planned& step, const LaneImage& image);
  // Gradients of the parameters that are one product over the whole batch: rows [begin, end) of the
  // first and as many numbers of the second, where there is one; nullptr: the blocks' sums are added up.
  void (*reduce)(const Planned& step, const LaneBatch& batch, int64_t begin, int64_t end, float* dw,
                 float* db) = nullptr;
  // Of a step that needs the whole batch in training; else nullptr.
  void (*collect)(const Planned& step, const LaneBlock& block) = nullptr;
  void (*join)(const Planned& step, const LaneBatch& batch) = nullptr;
  void (*collect_backward)(const Planned& step, const LaneBlock& block) = nullptr;
  void (*join_backward)(const Planned& step, const LaneBatch& batch) = nullptr;
  // Whether it reads a second tensor, which the field `with` names, without margins as `from` then is.
  bool has_other = false;
  // Whether its backward adds to din: only then may a later step read what it reads.
  bool adds_gradient = false;
};

namespace {

// Not constructed: a step starts as zeros.
template <typename Own>
inline Own& own_of(Planned& step) {
  static_assert(sizeof(Own) <= kOwnBytes, "kOwnBytes is too small");
  return *reinterpret_cast<Own*>(step.own);
}
template <typename Own>
inline const Own& own_of(const Planned& step) {
  return *reinterpret_cast<const Own*>(step.own);
}

// The second parameter of a step that may have one, in an arena; nullptr where it has none.
inline const float* bias_of(const Planned& step, const float* parameters) {
  return step.parameter_count < 2 ? nullptr : parameters + step.parameters[1].begin;
}

}  // namespace

}  // namespace rownet
