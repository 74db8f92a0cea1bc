// net.h: LeNet-5 out of oneDNN primitives, which choose the layouts of memory; reorders stand only
// where two neighbours chose differently. Written for oneDNN 2; version 3 has another interface.
//
// Training  convolutions and inner products with ReLU as a post-op, max-pooling with a workspace,
//           their backward primitives, SGD. conv3, whose window covers its input, is an inner
//           product. The gradient of ReLU is masked after pooling, where there is a quarter as
//           much: a pooled value is positive where the input that it was is.
// Inference the same forward without workspaces, weights reordered once.

#pragma once

#include <dnnl.hpp>
#include <functional>
#include <memory>
#include <string>
#include <unordered_map>
#include <vector>

// Primitives in the order in which they run, with their arguments.
class Program {
 public:
  Program(const dnnl::engine& engine, const dnnl::stream& stream)
      : engine_(engine), stream_(stream) {}

  void add(const dnnl::primitive& primitive, std::unordered_map<int, dnnl::memory> arguments);
  // The memory in another layout; itself, if it has that already.
  dnnl::memory as(const dnnl::memory& memory, const dnnl::memory::desc& layout);
  dnnl::memory allocate(const dnnl::memory::desc& layout) const { return {layout, engine_}; }
  void run();
  size_t reorders() const { return reorders_; }
  const dnnl::engine& engine() const { return engine_; }

 private:
  struct Call {
    dnnl::primitive primitive;
    std::unordered_map<int, dnnl::memory> arguments;
  };
  dnnl::engine engine_;
  dnnl::stream stream_;
  std::vector<Call> calls_;
  size_t reorders_ = 0;
};

// A layer with parameters.
struct AffineSpec {
  const char* name;
  bool convolution;
  dnnl::memory::dims weights;
  bool relu, pool;
};

// The layers of LeNet-5, in order.
const std::vector<AffineSpec>& lenet5_layers();

class Net {
 public:
  // params: as fixture.mjs stores them. Without `training` there is no train().
  Net(int64_t batch, bool training, const std::vector<float>& params);

  // [batch, 32, 32] floats; to be filled before forward() or train().
  float* images() { return static_cast<float*>(input_.get_data_handle()); }
  // Scores [batch, 10].
  const float* forward();
  // One step of SGD; returns the mean loss before it. labels[batch].
  float train(const std::vector<int>& labels, float lr);
  // As fixture.mjs stores them.
  std::vector<float> params();
  size_t reorders() const { return forward_.reorders() + backward_.reorders(); }

 private:
  struct Affine {
    AffineSpec spec;
    dnnl::memory x, y, weights, bias, weights_gradient, bias_gradient;
    dnnl::memory::desc plain_weights;
    // After pooling, where there is any.
    dnnl::memory out, workspace;
    dnnl::convolution_forward::primitive_desc convolution;
    dnnl::inner_product_forward::primitive_desc inner_product;
    dnnl::pooling_forward::primitive_desc pooling;
  };

  void add_forward(Affine& layer, const float*& params);
  dnnl::memory add_backward(Affine& layer, const dnnl::memory& gradient, bool first);
  dnnl::memory add_convolution_backward(Affine& layer, const dnnl::memory& dy, bool first);
  dnnl::memory add_inner_product_backward(Affine& layer, const dnnl::memory& dy);
  void add_parameter_gradients(Affine& layer, const dnnl::primitive& primitive,
                               const dnnl::memory& x, const dnnl::memory& dy,
                               const dnnl::memory::desc& weights);

  int64_t batch_;
  bool training_;
  dnnl::engine engine_;
  dnnl::stream stream_;
  Program forward_, backward_;
  std::vector<Affine> layers_;
  dnnl::memory input_, scores_, scores_gradient_;
};
