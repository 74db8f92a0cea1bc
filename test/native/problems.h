// problems.h: the windows that the im2row, convolution and pooling tests share.
#pragma once

#include <string>
#include <vector>

#include "rows/window.h"

namespace rownet::test {

// "x 2x3x5x7, kernel 3x2, stride 1x2, padding 0x1"
std::string text(const Window& window);

inline int64_t input_size(const Window& v) { return v.n * v.c * v.h * v.w; }
// Entries of im2row's matrix.
inline int64_t rows_size(const Window& v) { return v.n * out_pixels(v) * taps(v); }

constexpr int64_t kWindows = 37 + 40 + 120;
constexpr int64_t kGroupedWindows = 6;
constexpr int64_t kPoolWindows = 14 + 70 + 60;

// Chosen shapes that find mistakes, every line length around the vector widths, and random ones.
const std::vector<Window>& windows();

// Of convolutions in groups.
const std::vector<Window>& grouped_windows();

// As windows(), without padding.
const std::vector<Window>& pool_windows();

}  // namespace rownet::test
