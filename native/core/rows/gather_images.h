// gather_images.h: a batch of a data set.
#pragma once

#include <cstdint>

namespace rownet {

// out[i] = images[indices[i]] * scale + shift, for `count` images of `image_size` bytes.
void gather_images(const uint8_t* images, int64_t image_size, const uint32_t* indices,
                   int64_t count, float scale, float shift, float* out);

// The same of images [channels, pixels], each channel by its own scale and shift.
void gather_channels(const uint8_t* images, int64_t channels, int64_t pixels,
                     const uint32_t* indices, int64_t count, const float* scale, const float* shift,
                     float* out);
void gather_floats(const float* images, int64_t channels, int64_t pixels, const uint32_t* indices,
                   int64_t count, const float* scale, const float* shift, float* out);

}  // namespace rownet
