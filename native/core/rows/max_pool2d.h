// max_pool2d.h: max-pooling, fused: the maximum of each row of pool2row without the rows.
#pragma once

#include "rows/window.h"

namespace rownet {

// y[n, c, oh, ow]; argmax the index ky * kw + kx of the first maximum. kh * kw <= 65536; no
// padding.
void max_pool2d_forward(const Window& window, const float* x, float* y, uint16_t* argmax);

// dx[n, c, h, w] = each dy added to the pixel that its argmax names. An index outside the window
// adds nothing.
void max_pool2d_backward(const Window& window, const float* dy, const uint16_t* argmax, float* dx);

}  // namespace rownet
