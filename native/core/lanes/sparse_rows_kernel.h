// sparse_rows_kernel.h: the weight gradient of a convolution of several channels behind a 2x2
// max-pool.
//
// Image by image, for in the lanes layout the live pixel of a window differs from lane to lane. The
// input is transposed to [lane][y][x][c]; there the K pixels under a kernel row are K * ic numbers
// in a row. For each output channel the live gradients of an image are listed as (offset,
// gradient), without a branch: every entry is written, the count moves on only past live ones. Each
// entry then costs K lines * `Vectors` FMAs: dw[ky][kx, c] += g * line[ky][kx, c].
//
// Loops     group of kRowsGroup images > output channel > image > entry; the sums stay in registers
//           over a group, whose transposed inputs (4 * 4.7 KB for conv2) stay in L1
// Registers conv2 (30 numbers a line): 5 x 2 sums + g on AVX-512; 3 x 4, then 2 x 4 on AVX2
// Why fast  of conv2's 100 pixels 25 windows are live at most, and where ReLU was 0 not even those
#pragma once

#include "isa/tiles.h"
#include "isa/vec.h"
#include "lanes/lane_tensor.h"

namespace rownet {
namespace {

constexpr int64_t kRowsGroup = 4;

struct Live {
  int32_t offset;
  float gradient;
};

// Floats from one transposed image to the next; loads may run a vector past the last line.
inline int64_t rows_image(const LaneConv& s) {
  return (tensor_vectors(s.in) + 2 * kWidth + 15) / 16 * 16;
}
inline int64_t rows_list(const LaneConv& s) { return s.out.h * s.out.w + 1; }
inline int64_t rows_vectors(const LaneConv& s) { return (s.kw * s.in.c + kWidth - 1) / kWidth; }

inline size_t rows_scratch_size(const LaneConv& s) {
  // Transposed images and the lists of all lanes for one output channel.
  return static_cast<size_t>(kWidth * rows_image(s) + kWidth * rows_list(s) * 2 + 64);
}

// in[c][pixel][lane] to image[lane][pixel][c].
void transpose_images(const LaneConv& s, const float* in, float* images) {
  const int64_t pixels = plane_vectors(s.in), total = pixels * s.in.c, ld = rows_image(s);
  int64_t c = 0, pixel = 0;
  for (int64_t i = 0; i < total; i += kWidth) {
    Vec r[kWidth];
    for (int j = 0; j < kWidth; ++j) {
      // Past the end the last group repeats the first vector: it lands in the tail that nothing
      // uses.
      r[j] = load(in + (i + j < total ? c * pixels + pixel : 0) * kWidth);
      if (++c == s.in.c) {
        c = 0;
        ++pixel;
      }
    }
    transpose(r);
    for (int j = 0; j < kWidth; ++j) store(images + j * ld + i, r[j]);
  }
}

// lists[lane] of output channel o, each of counts[lane] entries.
inline void list_live(const LaneConv& s, int64_t o, const uint8_t* codes, const float* dout,
                      Live* lists, int64_t* counts) {
  const int64_t row = row_vectors(s.in), ld = rows_list(s);
  const float* g = dout + (o * plane_vectors(s.out) + origin(s.out)) * kWidth;
  codes += o * s.out.h * s.out.w * kWidth;
  for (int lane = 0; lane < kWidth; ++lane) counts[lane] = 0;
  const int32_t places[4] = {0, static_cast<int32_t>(s.in.c), static_cast<int32_t>(row * s.in.c),
                             static_cast<int32_t>((row + 1) * s.in.c)};
  for (int64_t y = 0; y < s.out.h; ++y) {
    for (int64_t x = 0; x < s.out.w; ++x, codes += kWidth) {
      const int32_t corner = static_cast<int32_t>((2 * y * row + 2 * x) * s.in.c);
      const float* gs = g + (y * row_vectors(s.out) + x) * kWidth;
#pragma GCC unroll 16
      for (int lane = 0; lane < kWidth; ++lane) {
        Live* next = lists + lane * ld + counts[lane];
        next->offset = corner + places[codes[lane]];
        next->gradient = gs[lane];
        counts[lane] += gs[lane] != 0.0f;
      }
    }
  }
}

// Adds the entries of `count` images to lines [0, Rows) of dw[ky][kx * ic + c].
template <int Rows, int Vectors>
void live_rows(int64_t images, const float* image, int64_t image_stride, int64_t line,
               const Live* list, int64_t list_stride, const int64_t* counts, float* dw,
               int64_t dw_line) {
  Vec acc[Rows][Vectors];
#pragma GCC unroll 5
  for (int i = 0; i < Rows; ++i) {
#pragma GCC unroll 5
    for (int v = 0; v < Vectors; ++v) acc[i][v] = load(dw + i * dw_line + v * kWidth);
  }
  for (int64_t n = 0; n < images; ++n, image += image_stride, list += list_stride) {
    const Live* end = list + counts[n];
    for (const Live* live = list; live != end; ++live) {
      const Vec g = broadcast(live->gradient);
      const float* from = image + live->offset;
#pragma GCC unroll 5
      for (int i = 0; i < Rows; ++i) {
#pragma GCC unroll 5
        for (int v = 0; v < Vectors; ++v) {
          acc[i][v] = fma(g, load(from + i * line + v * kWidth), acc[i][v]);
        }
      }
    }
  }
#pragma GCC unroll 5
  for (int i = 0; i < Rows; ++i) {
#pragma GCC unroll 5
    for (int v = 0; v < Vectors; ++v) store(dw + i * dw_line + v * kWidth, acc[i][v]);
  }
}

constexpr int kLiveVectors = 5;
constexpr int kLiveRows = 5;
// Rows at a time, by vectors a line: as many sums as the registers hold.
inline int64_t live_rows_at_once(int64_t vectors) {
  const int64_t rows = (kRegisters - 4) / vectors;
  return rows < kLiveRows ? rows : kLiveRows;
}
constexpr auto kLiveTiles = tile_table<kLiveRows, kLiveVectors>(
    [](auto rows, auto vectors) { return live_rows<rows, vectors>; });

inline bool rows_weight_gradient_fits(const LaneConv& s) {
  return s.in.c > 1 && rows_vectors(s) <= kLiveVectors && s.kh <= kLiveRows &&
         tensor_vectors(s.in) < (int64_t{1} << 30);
}

void rows_weight_gradient(const LaneConv& s, const float* in, const uint8_t* codes,
                          const float* dout, float* dw, float* scratch) {
  const int64_t vectors = rows_vectors(s), dw_line = vectors * kWidth;
  const int64_t image_stride = rows_image(s), list_stride = rows_list(s);
  const int64_t line = row_vectors(s.in) * s.in.c, at_once = live_rows_at_once(vectors);
  float* images = scratch;
  Live* lists = reinterpret_cast<Live*>(scratch + kWidth * image_stride);
  transpose_images(s, in, images);
  alignas(64) float sums[kLiveRows * kLiveVectors * kWidth];
  int64_t counts[kWidth];
  for (int64_t o = 0; o < s.out.c; ++o) {
    list_live(s, o, codes, dout, lists, counts);
    for (int64_t i = 0; i < s.kh * dw_line; i += kWidth) store(sums + i, zero());
    const int64_t passes = (s.kh + at_once - 1) / at_once;
    for (int64_t first = 0; first < kWidth; first += kRowsGroup) {
      for (int64_t pass = 0; pass < passes; ++pass) {
        const int64_t begin = s.kh * pass / passes, rows = s.kh * (pass + 1) / passes - begin;
        kLiveTiles(rows, vectors)(kRowsGroup, images + first * image_stride + begin * line,
                                  image_stride, line, lists + first * list_stride, list_stride,
                                  counts + first, sums + begin * dw_line, dw_line);
      }
    }
    for (int64_t c = 0; c < s.in.c; ++c) {
      for (int64_t ky = 0; ky < s.kh; ++ky) {
        for (int64_t kx = 0; kx < s.kw; ++kx) *dw++ = sums[ky * dw_line + kx * s.in.c + c];
      }
    }
  }
}

}  // namespace
}  // namespace rownet
