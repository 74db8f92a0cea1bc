// augment_images.h: a batch of a data set, each image moved, turned and bent at random.
#pragma once

#include <cstdint>

namespace rownet {

// out[i] = scale * moved(images[indices[i]]) + shift, of images [channels, height, width], each channel
// by its own scale and shift. What is drawn for an image follows from seed, epoch and its index alone.
//
// settings: the largest shift in pixels, rotation in degrees, change of scale as a share, shear in
// degrees; alpha and sigma of elastic displacements in pixels; the probability of a mirror image; seed
// and epoch, integers below 2^53.
//
// Around the centre: mirrored, bent, then scaled, sheared, rotated, shifted. A pixel is looked up where
// it comes from, between four pixels; outside the image there are zeros.
void augment_bytes(const uint8_t* images, int64_t channels, int64_t height, int64_t width,
                   const uint32_t* indices, int64_t count, const float* scale, const float* shift,
                   const double* settings, float* out);
void augment_floats(const float* images, int64_t channels, int64_t height, int64_t width,
                    const uint32_t* indices, int64_t count, const float* scale, const float* shift,
                    const double* settings, float* out);

constexpr int kAugmentSettings = 9;

}  // namespace rownet
