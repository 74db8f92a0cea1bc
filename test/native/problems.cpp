#include "problems.h"

#include "random.h"

namespace rownet::test {

namespace {

// n, c, h, w, kernel, stride, padding
const Window kChosen[] = {
    {1, 1, 1, 1, 1, 1, 1, 1, 0, 0},
    // 1x1 kernels
    {2, 3, 5, 7, 1, 1, 1, 1, 0, 0},
    {2, 3, 5, 7, 1, 1, 2, 3, 0, 0},
    {2, 2, 4, 3, 1, 1, 1, 1, 1, 2},
    // height and width differ in everything
    {2, 2, 7, 5, 3, 2, 1, 1, 0, 0},
    {2, 2, 7, 9, 2, 3, 2, 1, 0, 0},
    {2, 2, 9, 7, 3, 4, 1, 2, 1, 2},
    {1, 2, 6, 11, 3, 5, 2, 3, 1, 2},
    {1, 2, 11, 6, 5, 3, 3, 2, 2, 0},
    // the stride skips pixels
    {2, 1, 8, 8, 2, 2, 3, 3, 0, 0},
    {1, 2, 9, 10, 2, 3, 4, 5, 0, 0},
    {1, 2, 9, 10, 2, 3, 4, 5, 1, 2},
    // the kernel is larger than the unpadded image
    {1, 2, 3, 2, 5, 4, 1, 1, 1, 1},
    {2, 1, 1, 1, 3, 3, 1, 1, 1, 1},
    // windows that lie in the padding altogether
    {1, 1, 2, 2, 3, 3, 2, 2, 3, 4},
    {1, 2, 4, 4, 2, 2, 1, 1, 3, 3},
    // the kernel covers the image: all of it, in one direction, with padding
    {3, 2, 6, 4, 6, 4, 1, 1, 0, 0},
    {3, 2, 6, 4, 6, 4, 2, 3, 0, 0},
    {2, 2, 6, 4, 6, 3, 1, 1, 0, 0},
    {2, 2, 6, 4, 5, 4, 1, 1, 0, 0},
    {2, 2, 6, 4, 6, 4, 1, 1, 1, 1},
    {2, 2, 6, 4, 6, 4, 1, 1, 1, 0},
    {2, 2, 6, 4, 6, 4, 1, 1, 0, 1},
    {2, 2, 4, 6, 6, 8, 1, 1, 1, 1},
    // no image, one line, one column
    {0, 2, 5, 5, 3, 3, 1, 1, 0, 0},
    {2, 1, 1, 40, 1, 5, 1, 1, 0, 0},
    {2, 1, 40, 1, 5, 1, 1, 1, 0, 0},
    // the three convolutions of LeNet-5
    {3, 1, 32, 32, 5, 5, 1, 1, 0, 0},
    {3, 6, 14, 14, 5, 5, 1, 1, 0, 0},
    {5, 16, 5, 5, 5, 5, 1, 1, 0, 0},
    // gaps: in one direction, in both, with stride and padding, as wide as the image
    {2, 2, 9, 7, 3, 2, 1, 1, 0, 0, 2, 1},
    {2, 3, 8, 11, 2, 3, 1, 1, 1, 2, 3, 2},
    {1, 2, 12, 9, 3, 3, 2, 3, 2, 2, 2, 3},
    {2, 2, 7, 5, 3, 3, 1, 1, 3, 2, 3, 2},
    {2, 2, 7, 5, 4, 2, 1, 1, 0, 0, 2, 4},
    // more images than two blocks of a gradient's sum; more taps than a block of the matrix product
    {21, 2, 6, 5, 3, 2, 1, 1, 0, 0},
    {1, 40, 6, 6, 3, 3, 1, 1, 1, 1},
};

const Window kChosenPools[] = {
    {1, 1, 1, 1, 1, 1, 1, 1, 0, 0},
    {2, 3, 28, 28, 2, 2, 2, 2, 0, 0},
    {2, 3, 10, 10, 2, 2, 2, 2, 0, 0},
    // odd sizes: the last line and column lie under no window
    {2, 3, 7, 9, 2, 2, 2, 2, 0, 0},
    {2, 1, 8, 9, 2, 2, 2, 2, 0, 0},
    {2, 1, 9, 8, 2, 2, 2, 2, 0, 0},
    // windows that overlap, or leave gaps
    {2, 2, 9, 9, 3, 3, 2, 2, 0, 0},
    {2, 2, 9, 8, 3, 3, 1, 1, 0, 0},
    {2, 2, 9, 8, 2, 2, 1, 1, 0, 0},
    {2, 2, 9, 8, 2, 2, 3, 3, 0, 0},
    // nearly 2x2
    {2, 2, 8, 6, 2, 3, 2, 2, 0, 0},
    {2, 2, 8, 6, 2, 2, 2, 1, 0, 0},
    // the window is the plane; no image
    {2, 2, 5, 4, 5, 4, 5, 4, 0, 0},
    {0, 2, 4, 4, 2, 2, 2, 2, 0, 0},
};

Window random_window(Random& random, int64_t padding) {
  for (;;) {
    const Window v{random.integer(1, 3),      random.integer(1, 3), random.integer(1, 12),
                   random.integer(1, 12),     random.integer(1, 5), random.integer(1, 5),
                   random.integer(1, 4),      random.integer(1, 4), random.integer(0, padding),
                   random.integer(0, padding)};
    if (v.kh <= v.h + 2 * v.pad_h && v.kw <= v.w + 2 * v.pad_w) return v;
  }
}

}  // namespace

std::string text(const Window& v) {
  const auto pair = [](int64_t a, int64_t b) {
    return std::to_string(a) + "x" + std::to_string(b);
  };
  return "x " + pair(v.n, v.c) + "x" + pair(v.h, v.w) + ", kernel " + pair(v.kh, v.kw) +
         ", stride " + pair(v.stride_h, v.stride_w) + ", padding " + pair(v.pad_h, v.pad_w) +
         ", dilation " + pair(v.dilation_h, v.dilation_w) + ", groups " + std::to_string(v.groups);
}

const std::vector<Window>& windows() {
  static const std::vector<Window> list = [] {
    std::vector<Window> all(std::begin(kChosen), std::end(kChosen));
    for (int64_t w = 1; w <= 40; ++w) all.push_back({2, 2, 3, w + 2, 2, 3, 1, 1, 0, 0});
    Random random(1);
    for (int i = 0; i < 120; ++i) all.push_back(random_window(random, 3));
    return all;
  }();
  return list;
}

const std::vector<Window>& grouped_windows() {
  static const std::vector<Window> list = {
      // depthwise; two groups; with gaps, strides and padding; a kernel that covers its image
      {2, 6, 7, 5, 3, 3, 1, 1, 1, 1, 1, 1, 6}, {9, 4, 6, 7, 3, 2, 2, 1, 0, 1, 1, 1, 2},
      {2, 6, 9, 8, 3, 3, 1, 2, 2, 2, 2, 2, 3}, {3, 2, 5, 4, 5, 4, 1, 1, 0, 0, 1, 1, 2},
      {2, 4, 6, 6, 1, 1, 1, 1, 0, 0, 1, 1, 2}, {0, 4, 6, 6, 3, 3, 1, 1, 0, 0, 1, 1, 2},
  };
  return list;
}

const std::vector<Window>& pool_windows() {
  static const std::vector<Window> list = [] {
    std::vector<Window> all(std::begin(kChosenPools), std::end(kChosenPools));
    for (int64_t w = 2; w < 72; ++w) all.push_back({1, 2, 4, w, 2, 2, 2, 2, 0, 0});
    Random random(2);
    for (int i = 0; i < 60; ++i) all.push_back(random_window(random, 0));
    return all;
  }();
  return list;
}

}  // namespace rownet::test
