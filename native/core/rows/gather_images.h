// gather_images.h: a batch of a data set in bytes.
#pragma once

#include <cstdint>

namespace rownet {

// out[i] = images[indices[i]] * scale + shift, for `count` images of `image_size` bytes.
void gather_images(const uint8_t* images, int64_t image_size, const uint32_t* indices,
                   int64_t count, float scale, float shift, float* out);

}  // namespace rownet
