#include "net.h"

#include <cmath>
#include <cstring>

using namespace dnnl;
using dims = memory::dims;
using tag = memory::format_tag;

namespace {

memory::desc layout(const dims& sizes, tag format = tag::any) {
  return {sizes, memory::data_type::f32, format};
}

memory::desc plain(const dims& sizes) {
  return layout(sizes, sizes.size() == 4 ? tag::nchw : sizes.size() == 2 ? tag::nc : tag::x);
}

primitive_attr with_relu(bool relu) {
  primitive_attr attributes;
  post_ops operations;
  if (relu) operations.append_eltwise(1.0f, algorithm::eltwise_relu, 0.0f, 0.0f);
  attributes.set_post_ops(operations);
  return attributes;
}

float* floats(const memory& memory) { return static_cast<float*>(memory.get_data_handle()); }

// Mean loss of scores [n, classes], and its gradient.
float softmax_cross_entropy(int64_t n, int64_t classes, const float* scores,
                            const std::vector<int>& labels, float* gradient) {
  double loss = 0;
  for (int64_t i = 0; i < n; ++i) {
    const float* const s = scores + i * classes;
    float* const g = gradient + i * classes;
    float most = s[0];
    for (int64_t c = 1; c < classes; ++c) most = std::max(most, s[c]);
    float sum = 0;
    for (int64_t c = 0; c < classes; ++c) sum += g[c] = std::exp(s[c] - most);
    for (int64_t c = 0; c < classes; ++c) g[c] *= 1.0f / (sum * static_cast<float>(n));
    const int label = labels[static_cast<size_t>(i)];
    g[label] -= 1.0f / static_cast<float>(n);
    loss += std::log(sum) - (s[label] - most);
  }
  return static_cast<float>(loss / static_cast<double>(n));
}

}  // namespace

// ---------------------------------------------------------------------------------------- program

void Program::add(const primitive& primitive, std::unordered_map<int, memory> arguments) {
  calls_.push_back({primitive, std::move(arguments)});
}

memory Program::as(const memory& memory, const memory::desc& layout) {
  if (memory.get_desc() == layout) return memory;
  const dnnl::memory other = allocate(layout);
  add(reorder(memory, other), {{DNNL_ARG_FROM, memory}, {DNNL_ARG_TO, other}});
  ++reorders_;
  return other;
}

void Program::run() {
  for (const Call& call : calls_) call.primitive.execute(stream_, call.arguments);
  stream_.wait();
}

// -------------------------------------------------------------------------------------------- net

const std::vector<AffineSpec>& lenet5_layers() {
  static const std::vector<AffineSpec> layers = {
      {"conv1", true, {6, 1, 5, 5}, true, true},      {"conv2", true, {16, 6, 5, 5}, true, true},
      {"conv3", false, {120, 16, 5, 5}, true, false}, {"fc1", false, {84, 120}, true, false},
      {"fc2", false, {10, 84}, false, false},
  };
  return layers;
}

Net::Net(int64_t batch, bool training, const std::vector<float>& params)
    : batch_(batch),
      training_(training),
      engine_(engine::kind::cpu, 0),
      stream_(engine_),
      forward_(engine_, stream_),
      backward_(engine_, stream_),
      input_(plain({batch, 1, 32, 32}), engine_),
      scores_gradient_(plain({batch, 10}), engine_) {
  const float* rest = params.data();
  for (const AffineSpec& spec : lenet5_layers()) {
    Affine layer;
    layer.spec = spec;
    layer.x = layers_.empty() ? input_ : layers_.back().out;
    layers_.push_back(layer);
    add_forward(layers_.back(), rest);
  }
  scores_ = forward_.as(layers_.back().out, plain({batch, 10}));
  if (!training) return;
  memory gradient = scores_gradient_;
  for (size_t i = layers_.size(); i-- > 0;) gradient = add_backward(layers_[i], gradient, i == 0);
}

// Takes the layer's parameters from the front of `params`.
void Net::add_forward(Affine& layer, const float*& params) {
  const prop_kind kind = training_ ? prop_kind::forward_training : prop_kind::forward_inference;
  const AffineSpec& spec = layer.spec;
  const dims x = layer.x.get_desc().dims(), bias = {spec.weights[0]};
  memory::desc weights;
  if (spec.convolution) {
    const dims y = {batch_, spec.weights[0], x[2] - spec.weights[2] + 1,
                    x[3] - spec.weights[3] + 1};
    layer.convolution = {{kind, algorithm::convolution_direct, layout(x), layout(spec.weights),
                          layout(bias), layout(y), dims{1, 1}, dims{0, 0}, dims{0, 0}},
                         with_relu(spec.relu),
                         engine_};
    layer.x = forward_.as(layer.x, layer.convolution.src_desc());
    layer.y = forward_.allocate(layer.convolution.dst_desc());
    weights = layer.convolution.weights_desc();
  } else {
    layer.inner_product = {
        {kind, layout(x), layout(spec.weights), layout(bias), layout({batch_, spec.weights[0]})},
        with_relu(spec.relu),
        engine_};
    layer.x = forward_.as(layer.x, layer.inner_product.src_desc());
    layer.y = forward_.allocate(layer.inner_product.dst_desc());
    weights = layer.inner_product.weights_desc();
  }

  layer.plain_weights = layout(spec.weights, spec.weights.size() == 4 ? tag::oihw : tag::oi);
  const memory given = forward_.allocate(layer.plain_weights);
  layer.weights = forward_.allocate(weights);
  layer.bias = forward_.allocate(plain(bias));
  std::memcpy(given.get_data_handle(), params, layer.plain_weights.get_size());
  params += layer.plain_weights.get_size() / sizeof(float);
  std::memcpy(layer.bias.get_data_handle(), params, layer.bias.get_desc().get_size());
  params += bias[0];
  memory from = given, to = layer.weights;
  reorder(from, to).execute(stream_, from, to);
  stream_.wait();

  const primitive affine = spec.convolution ? primitive(convolution_forward(layer.convolution))
                                            : primitive(inner_product_forward(layer.inner_product));
  forward_.add(affine, {{DNNL_ARG_SRC, layer.x},
                        {DNNL_ARG_WEIGHTS, layer.weights},
                        {DNNL_ARG_BIAS, layer.bias},
                        {DNNL_ARG_DST, layer.y}});
  layer.out = layer.y;
  if (!spec.pool) return;

  const dims y = layer.y.get_desc().dims();
  layer.pooling = {
      {kind, algorithm::pooling_max, layer.y.get_desc(), layout({y[0], y[1], y[2] / 2, y[3] / 2}),
       dims{2, 2}, dims{2, 2}, dims{0, 0}, dims{0, 0}},
      engine_};
  layer.out = forward_.allocate(layer.pooling.dst_desc());
  std::unordered_map<int, memory> arguments = {{DNNL_ARG_SRC, layer.y}, {DNNL_ARG_DST, layer.out}};
  if (training_) {
    layer.workspace = forward_.allocate(layer.pooling.workspace_desc());
    arguments.insert({DNNL_ARG_WORKSPACE, layer.workspace});
  }
  forward_.add(pooling_forward(layer.pooling), arguments);
}

// Returns the gradient of the layer's input; nothing for the first layer.
memory Net::add_backward(Affine& layer, const memory& gradient, bool first) {
  const AffineSpec& spec = layer.spec;
  memory dy = gradient;
  if (spec.relu) {
    const memory::desc& desc = layer.out.get_desc();
    dy = backward_.as(dy, desc);
    const algorithm relu = algorithm::eltwise_relu_use_dst_for_bwd;
    const eltwise_forward::primitive_desc hint({prop_kind::forward_training, relu, desc, 0.0f},
                                               engine_);
    const eltwise_backward::primitive_desc backward({relu, desc, desc, 0.0f}, engine_, hint);
    // In place.
    backward_.add(eltwise_backward(backward),
                  {{DNNL_ARG_DST, layer.out}, {DNNL_ARG_DIFF_DST, dy}, {DNNL_ARG_DIFF_SRC, dy}});
  }
  if (spec.pool) {
    const pooling_backward::primitive_desc backward(
        {algorithm::pooling_max, layer.y.get_desc(), layer.out.get_desc(), dims{2, 2}, dims{2, 2},
         dims{0, 0}, dims{0, 0}},
        engine_, layer.pooling);
    const memory dx = backward_.allocate(backward.diff_src_desc());
    backward_.add(
        pooling_backward(backward),
        {{DNNL_ARG_DIFF_DST, dy}, {DNNL_ARG_WORKSPACE, layer.workspace}, {DNNL_ARG_DIFF_SRC, dx}});
    dy = dx;
  }
  return spec.convolution ? add_convolution_backward(layer, dy, first)
                          : add_inner_product_backward(layer, dy);
}

memory Net::add_convolution_backward(Affine& layer, const memory& dy, bool first) {
  const dims x = layer.x.get_desc().dims(), y = dy.get_desc().dims(), &w = layer.spec.weights;
  // Left to itself, conv2's falls to an AVX2 kernel (2.6.3): its input has 6 channels.
  const tag format = x[1] > 1 ? tag::nhwc : tag::any;
  const convolution_backward_weights::primitive_desc gradients(
      {algorithm::convolution_direct, layout(x, format), layout(w), layout({w[0]}),
       layout(y, format), dims{1, 1}, dims{0, 0}, dims{0, 0}},
      engine_, layer.convolution);
  add_parameter_gradients(
      layer, convolution_backward_weights(gradients), backward_.as(layer.x, gradients.src_desc()),
      backward_.as(dy, gradients.diff_dst_desc()), gradients.diff_weights_desc());
  if (first) return {};
  const convolution_backward_data::primitive_desc input(
      {algorithm::convolution_direct, layout(x), layout(w), layout(y), dims{1, 1}, dims{0, 0},
       dims{0, 0}},
      engine_, layer.convolution);
  const memory dx = backward_.allocate(input.diff_src_desc());
  backward_.add(convolution_backward_data(input),
                {{DNNL_ARG_DIFF_DST, backward_.as(dy, input.diff_dst_desc())},
                 {DNNL_ARG_WEIGHTS, backward_.as(layer.weights, input.weights_desc())},
                 {DNNL_ARG_DIFF_SRC, dx}});
  return dx;
}

memory Net::add_inner_product_backward(Affine& layer, const memory& dy) {
  const dims x = layer.x.get_desc().dims(), y = dy.get_desc().dims(), &w = layer.spec.weights;
  const inner_product_backward_weights::primitive_desc gradients(
      {layout(x), layout(w), layout({w[0]}), layout(y)}, engine_, layer.inner_product);
  add_parameter_gradients(
      layer, inner_product_backward_weights(gradients), backward_.as(layer.x, gradients.src_desc()),
      backward_.as(dy, gradients.diff_dst_desc()), gradients.diff_weights_desc());
  const inner_product_backward_data::primitive_desc input({layout(x), layout(w), layout(y)},
                                                          engine_, layer.inner_product);
  const memory dx = backward_.allocate(input.diff_src_desc());
  backward_.add(inner_product_backward_data(input),
                {{DNNL_ARG_DIFF_DST, backward_.as(dy, input.diff_dst_desc())},
                 {DNNL_ARG_WEIGHTS, backward_.as(layer.weights, input.weights_desc())},
                 {DNNL_ARG_DIFF_SRC, dx}});
  return dx;
}

// The gradients end in the layout of the parameters, for the update.
void Net::add_parameter_gradients(Affine& layer, const primitive& primitive, const memory& x,
                                  const memory& dy, const memory::desc& weights) {
  const memory dw = backward_.allocate(weights);
  layer.bias_gradient = backward_.allocate(layer.bias.get_desc());
  backward_.add(primitive, {{DNNL_ARG_SRC, x},
                            {DNNL_ARG_DIFF_DST, dy},
                            {DNNL_ARG_DIFF_WEIGHTS, dw},
                            {DNNL_ARG_DIFF_BIAS, layer.bias_gradient}});
  layer.weights_gradient = backward_.as(dw, layer.weights.get_desc());
}

const float* Net::forward() {
  forward_.run();
  return floats(scores_);
}

float Net::train(const std::vector<int>& labels, float lr) {
  const float loss = softmax_cross_entropy(batch_, 10, forward(), labels, floats(scores_gradient_));
  backward_.run();
  const auto update = [lr](const memory& values, const memory& gradients) {
    float* const v = floats(values);
    const float* const g = floats(gradients);
    const size_t count = values.get_desc().get_size() / sizeof(float);
    for (size_t i = 0; i < count; ++i) v[i] -= lr * g[i];
  };
  for (const Affine& layer : layers_) {
    update(layer.weights, layer.weights_gradient);
    update(layer.bias, layer.bias_gradient);
  }
  return loss;
}

std::vector<float> Net::params() {
  std::vector<float> all;
  for (Affine& layer : layers_) {
    memory plain(layer.plain_weights, engine_);
    reorder(layer.weights, plain).execute(stream_, layer.weights, plain);
    stream_.wait();
    for (const memory& part : {plain, layer.bias})
      all.insert(all.end(), floats(part),
                 floats(part) + part.get_desc().get_size() / sizeof(float));
  }
  return all;
}
