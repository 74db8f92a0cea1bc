// lane_io_kernel.h: into and out of the lanes layout.
#pragma once

#include "isa/vec.h"
#include "lanes/lane_kernels.h"
#include "lanes/lane_tensor.h"

namespace rownet {
namespace {

// kWidth pixels of kWidth images at a time: a line of each image is loaded as one vector, and the
// square of them transposed. 1-3% of a training step. load_pixels(lane, place in the image, pixels,
// channel); the features of a table, channels of one pixel, are taken as a line of channel 0.
template <typename Load>
inline void gather(const LaneTensor& tensor, int64_t count, float* out, Load&& load_pixels) {
  const LaneTensor t = is_table(tensor) ? LaneTensor{1, 1, tensor.c, 0, 0} : tensor;
  out += origin(t) * kWidth;
  for (int64_t c = 0; c < t.c; ++c) {
    for (int64_t y = 0; y < t.h; ++y) {
      float* to = out + (c * plane_vectors(t) + y * row_vectors(t)) * kWidth;
      const int64_t line = (c * t.h + y) * t.w;
      for (int64_t x = 0; x < t.w; x += kWidth) {
        const int64_t pixels = t.w - x < kWidth ? t.w - x : kWidth;
        Vec r[kWidth];
        for (int lane = 0; lane < kWidth; ++lane) {
          r[lane] = load_pixels(lane < count ? lane : 0, line + x, pixels, c);
        }
        transpose(r);
        for (int64_t i = 0; i < pixels; ++i) store(to + (x + i) * kWidth, r[i]);
      }
    }
  }
}

inline Vec load_up_to(const float* from, int64_t n) {
  return n == kWidth ? load(from) : load_n(from, n);
}

inline Vec load_up_to(const uint8_t* from, int64_t n) {
  uint8_t tail[kWidth] = {};
  if (n < kWidth) {
    for (int64_t i = 0; i < n; ++i) tail[i] = from[i];
    from = tail;
  }
  return bytes_as_floats(from);
}

// Product and sum round separately, as in the rows engine: both engines see the same pixels.
template <typename Pixel>
inline void gather_scaled(const LaneTensor& t, const Pixel* images, const uint32_t* indices,
                          int64_t count, const Scaling& scaling, float* out) {
  const int64_t size = t.c * t.h * t.w;
  const auto from = [&](int64_t lane, int64_t at) {
    return images + static_cast<int64_t>(indices[lane]) * size + at;
  };
  const float *const scales = scaling.scales, *const shifts = scaling.shifts;
  if (scales == nullptr) {
    const Vec f = broadcast(scaling.scale), s = broadcast(scaling.shift);
    gather(t, count, out, [&](int64_t lane, int64_t at, int64_t pixels, int64_t) {
      return add(mul(load_up_to(from(lane, at), pixels), f), s);
    });
  } else if (is_table(t)) {
    gather(t, count, out, [&](int64_t lane, int64_t at, int64_t pixels, int64_t) {
      const Vec f = load_up_to(scales + at, pixels), s = load_up_to(shifts + at, pixels);
      return add(mul(load_up_to(from(lane, at), pixels), f), s);
    });
  } else {
    gather(t, count, out, [&](int64_t lane, int64_t at, int64_t pixels, int64_t c) {
      const Vec f = broadcast(scales[c]), s = broadcast(shifts[c]);
      return add(mul(load_up_to(from(lane, at), pixels), f), s);
    });
  }
}

void gather_bytes(const LaneTensor& t, const uint8_t* images, const uint32_t* indices,
                  int64_t count, const Scaling& scaling, float* out) {
  gather_scaled(t, images, indices, count, scaling, out);
}

void gather_floats(const LaneTensor& t, const float* images, const uint32_t* indices, int64_t count,
                   const Scaling& scaling, float* out) {
  gather_scaled(t, images, indices, count, scaling, out);
}

void gather_ready(const LaneTensor& t, const float* images, int64_t count, float* out) {
  const int64_t size = t.c * t.h * t.w;
  gather(t, count, out, [&](int64_t lane, int64_t at, int64_t pixels, int64_t) {
    return load_up_to(images + lane * size + at, pixels);
  });
}

void gather_gradients(const LaneTensor& t, const float* images, int64_t count, float* out) {
  const int64_t size = t.c * t.h * t.w;
  gather(t, kWidth, out, [&](int64_t lane, int64_t at, int64_t pixels, int64_t) {
    return lane < count ? load_up_to(images + lane * size + at, pixels) : zero();
  });
}

void scatter(const LaneTensor& t, const float* in, int64_t count, float* images) {
  const int64_t size = t.c * t.h * t.w;
  in += origin(t) * kWidth;
  for (int64_t c = 0; c < t.c; ++c) {
    for (int64_t y = 0; y < t.h; ++y) {
      const float* from = in + (c * plane_vectors(t) + y * row_vectors(t)) * kWidth;
      float* to = images + (c * t.h + y) * t.w;
      for (int64_t x = 0; x < t.w; x += kWidth) {
        const int64_t pixels = t.w - x < kWidth ? t.w - x : kWidth;
        Vec r[kWidth];
        for (int64_t i = 0; i < kWidth; ++i)
          r[i] = i < pixels ? load(from + (x + i) * kWidth) : zero();
        transpose(r);
        for (int64_t lane = 0; lane < count; ++lane) store_n(to + lane * size + x, pixels, r[lane]);
      }
    }
  }
}

void to_rows(int64_t n, const float* lanes, float* rows, int64_t ld) {
  for (int64_t i = 0; i < n; i += kWidth) {
    Vec r[kWidth];
    for (int j = 0; j < kWidth; ++j) r[j] = i + j < n ? load(lanes + (i + j) * kWidth) : zero();
    transpose(r);
    for (int j = 0; j < kWidth; ++j) store(rows + j * ld + i, r[j]);
  }
}

// Calls op(i, j, n) for each line of pixels: n floats, at i in a tensor like `in` and at j in one
// like `out`, which are equal but for margins.
template <typename Op>
inline void for_each_line(const LaneTensor& in, const LaneTensor& out, Op&& op) {
  for (int64_t c = 0; c < in.c; ++c) {
    for (int64_t y = 0; y < in.h; ++y) {
      const int64_t from = c * plane_vectors(in) + origin(in) + y * row_vectors(in);
      const int64_t to = c * plane_vectors(out) + origin(out) + y * row_vectors(out);
      op(from * kWidth, to * kWidth, in.w * kWidth);
    }
  }
}

inline void copy_lanes(const LaneTensor& in, const LaneTensor& out, const float* x, float* y) {
  for_each_line(in, out, [&](int64_t i, int64_t j, int64_t n) {
    for (int64_t at = 0; at < n; at += kWidth) store(y + j + at, load(x + i + at));
  });
}

}  // namespace
}  // namespace rownet
