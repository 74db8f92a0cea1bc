// batch_norm1d.h: each feature of a row to mean 0 and variance 1 over the batch: the arithmetic of
// batch_norm2d.h on channels of one pixel.
#pragma once

#include "layers/batch_norm2d.h"

namespace rownet {
namespace {

// As a row of features, whatever an image in front of a flatten was.
inline LaneTensor row_of_features(const LaneTensor& t) { return {t.c * t.h * t.w, 1, 1, 0, 0}; }

void batch_norm1d_read(const StepReader& fields, Planned& step) {
  step.in = row_of_features(step.in);
  batch_norm_read(fields, step);
}

void batch_norm1d_place(Planned& step, PlanLayout& layout) {
  step.in = row_of_features(step.in);
  batch_norm_place(step, layout);
}

const LaneOp batch_norm1d_op = batch_norm_op("batchNorm1d", batch_norm1d_read, batch_norm1d_place);

}  // namespace
}  // namespace rownet
