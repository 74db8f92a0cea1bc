// conv2d.cpp: the three products of a convolution, in pieces that stay in cache.
//
// Written as in the article, forward materialises im2row of the whole batch: 10 MB for conv1 of
// LeNet-5 at batch 128, written once and read once from DRAM. Here each thread unrolls one image
// (78 KB) into its own scratch and multiplies at once. It unrolls the transpose, im2col, because
// then
//   forward  y[n]  = W * cols          C is [oc, pixels], which is y's own layout: no transpose at all
//   input    cols' = W^T * dy[n]       and col2im adds whole pieces of lines
//   weight   dw    = dy[n] * cols^T    both contiguous along pixels: gemm_dot
// each once for every group of channels.
//
// Threads   slices of images. dw and db are summed per block of kReductionImages images and the blocks
//           added in order, so bits do not depend on the thread count.
// Oracle    reference/layers.h, run by test/native/layers_test.cpp

#include "rows/conv2d.h"

#include <algorithm>

#include "kernel_table.h"
#include "operations.h"
#include "rows/linear.h"
#include "scratch.h"
#include "threads.h"

namespace rownet {

namespace {

// Images whose gradients are summed by one thread, in order.
constexpr int64_t kReductionImages = 8;
// Images unrolled at a time for dw: their cols (4 * 78 KB in conv1) stay in L2.
constexpr int64_t kDotImages = 4;

// The window covers the whole unpadded image: im2row(x) is x itself, and the convolution is a
// Linear layer (conv3 of LeNet-5).
bool covers_image(const Window& v) {
  return v.kh == v.h && v.kw == v.w && v.pad_h == 0 && v.pad_w == 0 && v.groups == 1;
}

size_t size(int64_t n) { return static_cast<size_t>(n); }

}  // namespace

void conv2d_forward(const Window& v, int64_t oc, const float* x, const float* weight,
                    const float* bias, float* y) {
  // Without images, no memory stands behind height and width, which may be of any size.
  if (v.n == 0) return;
  // Of a group: its taps, and its output channels.
  const int64_t k = group_taps(v), channels = oc / v.groups, pixels = out_pixels(v);
  if (covers_image(v)) {
    linear_forward(v.n, k, oc, x, weight, bias, y);
    return;
  }
  const KernelTable& table = kernels();
  const int slices = thread_count();
  const int64_t ld = static_cast<int64_t>(cache_lines(size(pixels)));
  const size_t part = floats_of({taps(v), ld});
  float* const packed = scratch(cache_lines(size(oc * k)) + floats_of({taps(v), ld, slices}));
  float* const cols = packed + cache_lines(size(oc * k));
  for (int64_t g = 0; g < v.groups; ++g) {
    const int64_t at = g * channels * k;
    table.gemm_pack_a(channels, k, 1.0f, {weight + at, k, 1}, packed + at);
  }
  parallel_for(v.n, slices, [&](int64_t begin, int64_t end, int slice) {
    float* const mine = cols + part * size(slice);
    for (int64_t n = begin; n < end; ++n) {
      table.im2col(v, x + n * v.c * v.h * v.w, mine, ld);
      for (int64_t g = 0; g < v.groups; ++g) {
        const int64_t first = g * channels;
        table.gemm_packed(channels, pixels, k, packed + first * k, mine + g * k * ld, ld,
                          {y + (n * oc + first) * pixels, pixels, 1,
                           bias == nullptr ? nullptr : bias + first, false});
      }
    }
  });
}

namespace {

void input_gradient(const Window& v, int64_t oc, const float* weight, const float* dy, float* dx) {
  const KernelTable& table = kernels();
  const int64_t k = group_taps(v), channels = oc / v.groups, pixels = out_pixels(v);
  const int64_t image = v.c * v.h * v.w;
  const int slices = thread_count();
  const int64_t ld = static_cast<int64_t>(cache_lines(size(pixels)));
  const size_t part = floats_of({taps(v), ld});
  float* const packed = scratch(cache_lines(size(oc * k)) + floats_of({taps(v), ld, slices}));
  float* const cols = packed + cache_lines(size(oc * k));
  for (int64_t g = 0; g < v.groups; ++g) {
    const int64_t at = g * channels * k;
    table.gemm_pack_a(k, channels, 1.0f, {weight + at, 1, k}, packed + at);
  }
  parallel_for(v.n, slices, [&](int64_t begin, int64_t end, int slice) {
    float* const mine = cols + part * size(slice);
    for (int64_t n = begin; n < end; ++n) {
      for (int64_t g = 0; g < v.groups; ++g) {
        const int64_t first = g * channels;
        table.gemm_packed(k, pixels, channels, packed + first * k, dy + (n * oc + first) * pixels,
                          pixels, {mine + g * k * ld, ld, 1, nullptr, false});
      }
      std::fill_n(dx + n * image, image, 0.0f);
      table.col2im(v, mine, ld, dx + n * image);
    }
  });
}

void parameter_gradients(const Window& v, int64_t oc, const float* x, const float* dy, float* dw,
                         float* db) {
  const KernelTable& table = kernels();
  const int64_t k = group_taps(v), channels = oc / v.groups, pixels = out_pixels(v);
  const int64_t image = v.c * v.h * v.w, rows = taps(v);
  const int slices = thread_count();
  const int64_t ld = static_cast<int64_t>(cache_lines(size(pixels)));
  const int64_t blocks = (v.n + kReductionImages - 1) / kReductionImages;
  const size_t part = floats_of({kDotImages, rows, ld});
  const size_t partial = cache_lines(size(oc * (k + 1)));
  float* const partials = scratch(floats_of({static_cast<int64_t>(partial), blocks}) +
                                  floats_of({kDotImages, rows, ld, slices}));
  float* const cols = partials + partial * size(blocks);
  parallel_for(blocks, slices, [&](int64_t begin, int64_t end, int slice) {
    float* const mine = cols + part * size(slice);
    for (int64_t block = begin; block < end; ++block) {
      float* const block_dw = partials + partial * size(block);
      float* const block_db = block_dw + oc * k;
      std::fill_n(block_dw, oc * (k + 1), 0.0f);
      const int64_t last = std::min((block + 1) * kReductionImages, v.n);
      for (int64_t n = block * kReductionImages; n < last; n += kDotImages) {
        const int64_t images = std::min(kDotImages, last - n);
        for (int64_t i = 0; i < images; ++i)
          table.im2col(v, x + (n + i) * image, mine + i * rows * ld, ld);
        const float* const gradient = dy + n * oc * pixels;
        for (int64_t g = 0; g < v.groups; ++g) {
          const int64_t first = g * channels;
          table.gemm_dot(images, channels, k, pixels, gradient + first * pixels, pixels,
                         oc * pixels, mine + g * k * ld, ld, rows * ld, block_dw + first * k, k);
        }
        for (int64_t i = 0; i < images; ++i) {
          for (int64_t o = 0; o < oc; ++o)
            block_db[o] += table.sum(pixels, gradient + (i * oc + o) * pixels);
        }
      }
    }
  });
  std::fill_n(dw, oc * k, 0.0f);
  std::fill_n(db, oc, 0.0f);
  for (int64_t block = 0; block < blocks; ++block) {
    table.add(oc * k, partials + partial * size(block), dw);
    table.add(oc, partials + partial * size(block) + oc * k, db);
  }
}

}  // namespace

void conv2d_backward(const Window& v, int64_t oc, const float* x, const float* weight,
                     const float* dy, float* dx, float* dw, float* db) {
  if (v.n == 0) {
    std::fill_n(dw, oc * group_taps(v), 0.0f);
    std::fill_n(db, oc, 0.0f);
    return;
  }
  if (covers_image(v)) {
    linear_backward(v.n, taps(v), oc, x, weight, dy, dx, dw, db);
    return;
  }
  parameter_gradients(v, oc, x, dy, dw, db);
  if (dx != nullptr) input_gradient(v, oc, weight, dy, dx);
}

std::string check_groups(const Value* v) {
  if (v[1].size % v[0].window.groups == 0) return "";
  return "expected groups that divide the output channels";
}

constexpr OperationTable conv2d_operations = {{
    operation<conv2d_forward>("conv2dForward",
                              "window outChannels>0 x[n,c,h,w] weight[outChannels,groupc,kh,kw] "
                              "bias[outChannels] y[n,outChannels,oh,ow]",
                              check_groups),
    operation<conv2d_backward>("conv2dBackward",
                               "window outChannels>0 x[n,c,h,w] weight[outChannels,groupc,kh,kw] "
                               "dy[n,outChannels,oh,ow] dx?[n,c,h,w] "
                               "dw[outChannels,groupc,kh,kw] db[outChannels]",
                               check_groups),
}};

}  // namespace rownet
