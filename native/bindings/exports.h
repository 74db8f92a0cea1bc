// exports.h: the functions that addon.cpp exports, by the file that defines them.
#pragma once

#include <napi.h>

namespace rownet::bindings {

// runtime.cpp
Napi::Value info(const Napi::CallbackInfo& info);
Napi::Value set_threads(const Napi::CallbackInfo& info);
Napi::Value fma_burst(const Napi::CallbackInfo& info);

// tables.cpp
Napi::Value tables(const Napi::CallbackInfo& info);

// matrix.cpp
Napi::Value im2row(const Napi::CallbackInfo& info);
Napi::Value row2im(const Napi::CallbackInfo& info);
Napi::Value pool2row(const Napi::CallbackInfo& info);
Napi::Value row2pool(const Napi::CallbackInfo& info);
Napi::Value sgemm(const Napi::CallbackInfo& info);

// layers.cpp
Napi::Value conv2d_forward(const Napi::CallbackInfo& info);
Napi::Value conv2d_backward(const Napi::CallbackInfo& info);
Napi::Value max_pool2d_forward(const Napi::CallbackInfo& info);
Napi::Value max_pool2d_backward(const Napi::CallbackInfo& info);
Napi::Value relu_forward(const Napi::CallbackInfo& info);
Napi::Value relu_backward(const Napi::CallbackInfo& info);
Napi::Value linear_forward(const Napi::CallbackInfo& info);
Napi::Value linear_backward(const Napi::CallbackInfo& info);

// training.cpp
Napi::Value softmax_cross_entropy(const Napi::CallbackInfo& info);
Napi::Value update_segments(const Napi::CallbackInfo& info);
Napi::Value gather_images(const Napi::CallbackInfo& info);

}  // namespace rownet::bindings
