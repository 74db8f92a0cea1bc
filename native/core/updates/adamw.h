// adamw.h: Adam, whose weight decay acts on the parameters and not on their gradients.
#pragma once

#include "updates/adam.h"

namespace rownet {
namespace {

// param -= lr * weight_decay * param, then Adam's step by the gradient alone.
// Source: Loshchilov and Hutter, Decoupled weight decay regularization (2019), as PyTorch has it.
constexpr UpdateRule kAdamW = {"adamw", kAdamSlots, kAdamNumbers, 2, adam_apply<true>};

}  // namespace
}  // namespace rownet
