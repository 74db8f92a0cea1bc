#include "rows/gather_images.h"

#include "kernel_table.h"
#include "operations.h"
#include "threads.h"

namespace rownet {

void gather_images(const uint8_t* images, int64_t image_size, const uint32_t* indices,
                   int64_t count, float scale, float shift, float* out) {
  const KernelTable& table = kernels();
  parallel_for(count, thread_count(), [&](int64_t begin, int64_t end, int) {
    for (int64_t i = begin; i < end; ++i) {
      table.bytes_to_floats(image_size, images + int64_t{indices[i]} * image_size, scale, shift,
                            out + i * image_size);
    }
  });
}

namespace {

template <typename Pixel>
void gather_each(const Pixel* images, int64_t channels, int64_t pixels, const uint32_t* indices,
                 int64_t count, const float* scale, const float* shift, float* out) {
  const int64_t size = channels * pixels;
  parallel_for(count, thread_count(), [&](int64_t begin, int64_t end, int) {
    for (int64_t i = begin; i < end; ++i) {
      const Pixel* const from = images + int64_t{indices[i]} * size;
      float* const to = out + i * size;
      if (pixels == 1) {
        for (int64_t c = 0; c < channels; ++c)
          to[c] = static_cast<float>(from[c]) * scale[c] + shift[c];
        continue;
      }
      for (int64_t c = 0; c < channels; ++c) {
        for (int64_t p = c * pixels; p < (c + 1) * pixels; ++p)
          to[p] = static_cast<float>(from[p]) * scale[c] + shift[c];
      }
    }
  });
}

std::string check_below(const Value& indices, int64_t available) {
  const auto* const index = static_cast<const uint32_t*>(indices.data);
  for (int64_t i = 0; i < indices.size; ++i) {
    if (index[i] < available) continue;
    return "expected indices below " + std::to_string(available) + " but index " +
           std::to_string(i) + " is " + std::to_string(index[i]);
  }
  return "";
}

std::string check_indices(const Value* v) { return check_below(v[2], v[0].size / v[1].size); }

std::string check_channels(const Value* v) {
  return check_below(v[3], v[0].size / (v[1].size * v[2].size));
}

}  // namespace

void gather_channels(const uint8_t* images, int64_t channels, int64_t pixels,
                     const uint32_t* indices, int64_t count, const float* scale, const float* shift,
                     float* out) {
  gather_each(images, channels, pixels, indices, count, scale, shift, out);
}

void gather_floats(const float* images, int64_t channels, int64_t pixels, const uint32_t* indices,
                   int64_t count, const float* scale, const float* shift, float* out) {
  gather_each(images, channels, pixels, indices, count, scale, shift, out);
}

constexpr OperationTable gather_images_operations = {{
    operation<gather_images>(
        "gatherImages",
        "images[] imageSize>0 indices[] count=indices scale shift out[count,imageSize]",
        check_indices),
    operation<gather_channels>("gatherChannels",
                               "images[] channels>0 pixels>0 indices[] count=indices "
                               "scale[channels] shift[channels] out[count,channels,pixels]",
                               check_channels),
    operation<gather_floats>("gatherFloats",
                             "images[] channels>0 pixels>0 indices[] count=indices "
                             "scale[channels] shift[channels] out[count,channels,pixels]",
                             check_channels),
}};

}  // namespace rownet
