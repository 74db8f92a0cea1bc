#include "rows/im2row.h"

#include <algorithm>
#include <vector>

#include "kernel_table.h"
#include "operations.h"
#include "threads.h"

namespace rownet {

namespace {

// How many windows cover each line (or column) of `size` along one axis. Overlap is separable: a
// pixel is covered cover(y) * cover(x) times.
std::vector<float> cover(int64_t size, int64_t kernel, int64_t stride, int64_t pad,
                         int64_t dilation, int64_t outputs) {
  std::vector<float> count(static_cast<size_t>(size), 0.0f);
  for (int64_t o = 0; o < outputs; ++o) {
    for (int64_t k = 0; k < kernel; ++k) {
      const int64_t i = o * stride + k * dilation - pad;
      if (i >= 0 && i < size) count[static_cast<size_t>(i)] += 1.0f;
    }
  }
  return count;
}

void divide_by_cover(const Window& v, const std::vector<float>& lines,
                     const std::vector<float>& columns, float* image) {
  for (int64_t c = 0; c < v.c; ++c) {
    for (int64_t y = 0; y < v.h; ++y) {
      for (int64_t x = 0; x < v.w; ++x, ++image) {
        const float times = lines[static_cast<size_t>(y)] * columns[static_cast<size_t>(x)];
        if (times > 0.0f) *image /= times;
      }
    }
  }
}

Window per_channel(Window v) {
  v.n *= v.c;
  v.c = 1;
  return v;
}

}  // namespace

void im2row(const Window& v, const float* x, float* rows) {
  const KernelTable& table = kernels();
  parallel_for(v.n, thread_count(), [&](int64_t begin, int64_t end, int) {
    for (int64_t n = begin; n < end; ++n) {
      table.im2row(v, x + n * v.c * v.h * v.w, rows + n * out_pixels(v) * taps(v));
    }
  });
}

void row2im(const Window& v, const float* rows, float* x, bool average) {
  // Without images, no memory stands behind height and width, which may be of any size.
  if (v.n == 0) return;
  const KernelTable& table = kernels();
  std::vector<float> lines, columns;
  if (average) {
    lines = cover(v.h, v.kh, v.stride_h, v.pad_h, v.dilation_h, out_height(v));
    columns = cover(v.w, v.kw, v.stride_w, v.pad_w, v.dilation_w, out_width(v));
  }
  const int64_t image_size = v.c * v.h * v.w;
  parallel_for(v.n, thread_count(), [&](int64_t begin, int64_t end, int) {
    for (int64_t n = begin; n < end; ++n) {
      float* image = x + n * image_size;
      std::fill_n(image, image_size, 0.0f);
      table.row2im(v, rows + n * out_pixels(v) * taps(v), image);
      if (average) divide_by_cover(v, lines, columns, image);
    }
  });
}

void pool2row(const Window& v, const float* x, float* rows) { im2row(per_channel(v), x, rows); }

void row2pool(const Window& v, const float* rows, float* x, bool average) {
  row2im(per_channel(v), rows, x, average);
}

std::string check_no_padding(const Value* v) {
  const Window& w = v[0].window;
  if (w.dilation_h != 1 || w.dilation_w != 1) return "expected a window without gaps";
  return w.pad_h == 0 && w.pad_w == 0 ? "" : "expected a window without padding";
}

// The matrices of im2row and pool2row have as many entries.
constexpr OperationTable im2row_operations = {{
    operation<im2row>("im2row", "window x[n,c,h,w] rows[n,oh,ow,c,kh,kw]"),
    operation<row2im>("row2im", "window rows[n,oh,ow,c,kh,kw] x[n,c,h,w] average"),
    operation<pool2row>("pool2row", "window x[n,c,h,w] rows[n,oh,ow,c,kh,kw]", check_no_padding),
    operation<row2pool>("row2pool", "window rows[n,oh,ow,c,kh,kw] x[n,c,h,w] average",
                        check_no_padding),
}};

}  // namespace rownet
