// level.cpp: the kernel table of one ISA level. CMake compiles this file once per level, with
// the level's name, header and machine options; it is the only file that gets them.
//
// What it includes keeps to two rules, which test/native/isa-objects.test.ts checks on the objects:
// every function is static or in an anonymous namespace, and nothing of the C++ library is used.
// Otherwise the linker may keep the AVX-512 copy of a shared inline function for everyone.

#include "kernel_table.h"
#include "lanes/lane_io_kernel.h"
#include "lanes/lane_kernels.h"
#include "rows/elementwise_kernels.h"
#include "rows/gemm_dot_kernel.h"
#include "rows/gemm_kernel.h"
#include "rows/max_pool_kernel.h"
#include "rows/window_kernels.h"

#define ROWNET_LAYER(op)
#include "layers/layers.inc"
#undef ROWNET_LAYER
#define ROWNET_LOSS(loss)
#include "losses/losses.inc"
#undef ROWNET_LOSS
#define ROWNET_UPDATE(rule)                                                      \
  static_assert(rownet::count_names(rownet::rule.slots) <= rownet::kMostSlots && \
                rownet::count_names(rownet::rule.numbers) <= rownet::kMostNumbers);
#include "updates/updates.inc"
#undef ROWNET_UPDATE

namespace rownet {

static const LaneOp* const lane_ops[] = {
#define ROWNET_LAYER(op) &op,
#include "layers/layers.inc"
    nullptr,
};

static const Loss* const losses[] = {
#define ROWNET_LOSS(loss) &loss,
#include "losses/losses.inc"
    nullptr,
};

static const LaneKernels lane_kernels = {
    gather_bytes, gather_floats, gather_ready, gather_gradients, scatter, lane_ops, losses};

static const UpdateRule update_rules[] = {
#define ROWNET_UPDATE(rule) rule,
#include "updates/updates.inc"
};

extern const KernelTable ROWNET_TABLE;
const KernelTable ROWNET_TABLE = {
    ROWNET_NAME,
    kWidth,
    kRegisters,
    kGemmScratch,
    gemm,
    gemm_pack_a,
    gemm_packed,
    gemm_dot,
    im2row,
    im2col,
    row2im,
    col2im,
    max_pool_forward,
    max_pool_backward,
    sum_floats,
    add_to,
    scale,
    bytes_to_floats,
    fma_burst,
    update_rules,
    sizeof update_rules / sizeof *update_rules,
    kActivations,
    sizeof kActivations / sizeof *kActivations,
    &lane_kernels,
};

}  // namespace rownet
