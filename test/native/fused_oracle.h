// fused_oracle.h: what a plan has to give, from the double reference, and how far float may be off.
//
// Every number goes through the net with a bound of its error in float, however the sums are
// ordered: a sum of n products of x (off by e_x) and w is off by at most
//   sum |w| e_x  +  (n + 2) * 2^-24 * sum |w| (|x| + e_x)
// Source: Higham, Accuracy and Stability of Numerical Algorithms, section 3.1. Where a ReLU's input
// or two values under a max-pool are closer than their errors, float may take either branch, so the
// error of the gradient there grows by the gradient itself. No data has to avoid such places.
//
// Between whole numbers all sums are exact and every error is 0; then ties count, too.
#pragma once

#include "fused_nets.h"
#include "rows/window.h"

namespace rownet::test {

// kExactForward: whole numbers and grained parameters, so that only the loss and what comes behind
// it rounds. Then no branch is in doubt, and the bounds stay tight at any depth.
enum class Arithmetic { kExact, kExactForward, kFloat };

// Sums over the images added so far.
class FusedOracle {
 public:
  FusedOracle(const FusedNet& net, const Floats& parameters, double grad_scale,
              Arithmetic arithmetic);

  void add(const Floats& image, int32_t label);
  int64_t images() const { return images_; }

  double loss() const { return loss_; }
  const Doubles& gradients() const { return gradients_; }
  // How far a plan's gradients may be off, summed in blocks of `width`.
  Doubles bounds(int64_t width) const;
  // [images, classes]
  const Doubles& logits() const { return logits_; }

  // Ends the test when the result of these images is not within the bounds. `width`: of a block.
  void check(const FusedResult& result, int64_t width) const;

  // Which branch each ReLU and maximum of the images took.
  const std::vector<int64_t>& branches() const { return branches_; }
  // Gradients' bounds over gradients, both summed: whether check() can see anything.
  double looseness(int64_t width) const;

 private:
  // Numbers, and a bound of their errors.
  struct Values {
    Doubles value, error;
  };

  const FusedNet& net_;
  Doubles parameters_, parameter_magnitudes_;
  double grad_scale_;
  // The largest power of two that divides grad_scale: exact gradients are multiples of it.
  double grad_unit_;
  bool exact_forward_, exact_;
  int64_t images_ = 0, correct_ = 0, undecided_ = 0;
  double loss_ = 0.0, loss_error_ = 0.0;
  Doubles logits_, logit_errors_;
  std::vector<int32_t> predictions_;  // -1: the two highest logits are closer than their errors
  Doubles gradients_, errors_, magnitudes_;
  std::vector<int64_t> branches_;
  std::vector<int64_t> argmax_;

  Window window(size_t step) const;
  Values product(size_t step, const Values& in) const;
  Values relu(const Values& in);
  Values max_pool(const Window& v, const Values& in);
  Values loss_of(const Values& logits, int32_t label);
  Values product_backward(size_t step, const Values& in, const Values& dout);
  void relu_backward(const Values& in, Values& gradient) const;
  Values max_pool_backward(const Window& v, const Values& in, const int64_t* argmax,
                           const Values& dout) const;
  // What a sum in float adds to its error: `terms` products, whose magnitudes' sum is given.
  double rounding(bool exact, int64_t terms, double magnitude) const;
};

}  // namespace rownet::test
