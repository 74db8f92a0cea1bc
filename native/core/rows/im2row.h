// im2row.h: the article's im2row and pool2row, and their adjoints row2im and row2pool.
#pragma once

#include "rows/window.h"

namespace rownet {

// rows[n * oh * ow, c * kh * kw]: one row an output pixel, in the order image, y, x; in it the
// values under the window in the order channel, ky, kx; 0 where the window reaches into the
// padding.
void im2row(const Window& window, const float* x, float* rows);

// The adjoint: x[n, c, h, w] = every entry of rows added to the pixel that im2row reads it from.
// average divides each pixel by the number of its entries, so that row2im(im2row(x)) = x wherever a
// window reaches; pixels that none reaches are 0.
void row2im(const Window& window, const float* rows, float* x, bool average);

// rows[n * c * oh * ow, kh * kw]: one row an output value, in the order image, channel, y, x. The
// same as im2row of an [n * c, 1, h, w] tensor. No padding.
void pool2row(const Window& window, const float* x, float* rows);
void row2pool(const Window& window, const float* rows, float* x, bool average);

}  // namespace rownet
