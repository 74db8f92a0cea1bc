// reference/windows.h: im2row and its kin from their definitions, in double. The oracle of
// rows/im2row.h.
#pragma once

#include <functional>

#include "rows/window.h"

namespace rownet::reference {

// Calls visit(row, tap, pixel) for every entry of im2row's [n * oh * ow, c * kh * kw] matrix; pixel
// is the index into x[n, c, h, w], or -1 where the window reaches into the padding.
void for_each_entry(const Window& window,
                    const std::function<void(int64_t row, int64_t tap, int64_t pixel)>& visit);

// As in rows/im2row.h.
void im2row(const Window& window, const double* x, double* rows);
void row2im(const Window& window, const double* rows, double* x, bool average);
void pool2row(const Window& window, const double* x, double* rows);
void row2pool(const Window& window, const double* rows, double* x, bool average);

}  // namespace rownet::reference
