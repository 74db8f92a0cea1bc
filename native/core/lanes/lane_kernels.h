// lane_kernels.h: what a level gives to the lanes engine: the ways into its layout, and the tables of
// its operations and losses.
#pragma once

#include <cstddef>
#include <cstdint>

#include "lanes/lane_op.h"
#include "lanes/lane_tensor.h"
#include "losses/loss.h"

namespace rownet {

// A pixel x reaches the net as x * scale + shift: by the numbers of its channel, or where there are
// none by those of all.
struct Scaling {
  float scale, shift;
  const float *scales, *shifts;  // [c], or nullptr
};

struct LaneKernels {
  // images[index] for `count` (<= width) indices, scaled, into the tensor's interior; lanes from
  // count on repeat the first image, so that they hold ordinary numbers.
  void (*gather_bytes)(const LaneTensor& t, const uint8_t* images, const uint32_t* indices,
                       int64_t count, const Scaling& scaling, float* out);
  // The same for floats.
  void (*gather_floats)(const LaneTensor& t, const float* images, const uint32_t* indices,
                        int64_t count, const Scaling& scaling, float* out);
  // The first images of [n, c, h, w], as they are.
  void (*gather_ready)(const LaneTensor& t, const float* images, int64_t count, float* out);
  // As gather_ready, but lanes from `count` on are zeros, as the gradients of no image are; and back again.
  void (*gather_gradients)(const LaneTensor& t, const float* images, int64_t count, float* out);
  void (*scatter)(const LaneTensor& t, const float* in, int64_t count, float* images);
  // Lists that end with nullptr: layers/layers.inc, losses/losses.inc.
  const LaneOp* const* ops;
  const Loss* const* losses;
};

}  // namespace rownet
