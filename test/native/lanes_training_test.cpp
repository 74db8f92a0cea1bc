// Several fused steps of one plan, on nets that nobody chose: the bits of plans that are new in each
// step, on any number of threads, whatever was computed in between; and each step within the bounds
// of the double reference. One step alone is right as long as a plan's memory is still that of a new
// one: what it leaves behind shows in the next.
#include <algorithm>
#include <cmath>

#include "fused_oracle.h"
#include "harness.h"
#include "kernel_table.h"
#include "reference/training.h"
#include "threads.h"
#include "updates.h"

namespace rownet::test {

namespace {

constexpr int64_t kNets = 48, kSteps = 6, kImages = 40;

// How many nets, or convolutions of theirs, had what is named: a generator that loses it is seen.
struct Seen {
  int64_t padded = 0, strided = 0, not_square = 0, without_relu = 0;
  int64_t fused_pools = 0, pools_of_2 = 0, pools_of_3 = 0, overlapping = 0;
  int64_t odd = 0, momentum = 0, nesterov = 0, decay = 0;
  // By their number.
  int64_t channels[5] = {}, convolutions[5] = {}, linear_layers[4] = {};
};

void check_seen(const Seen& seen) {
  for (int64_t count : {seen.padded, seen.strided, seen.not_square, seen.without_relu,
                        seen.fused_pools, seen.odd, seen.momentum, seen.nesterov, seen.decay}) {
    CHECK(count > kNets / 8);
  }
  for (int64_t count : {seen.pools_of_2, seen.pools_of_3, seen.overlapping}) {
    CHECK(count > kNets / 16);
  }
  for (int i = 1; i <= 4; ++i) CHECK(seen.channels[i] > 0 && seen.convolutions[i] > 0);
  for (int64_t count : seen.linear_layers) CHECK(count > 0);
}

ConvSpec random_conv(Random& random) {
  ConvSpec s{random.integer(1, 7), random.integer(1, 5), random.integer(1, 5)};
  // Those that have kernels of their own are drawn more often.
  const int64_t square = random.integer(0, 3);
  if (square > 0) s.kh = s.kw = square == 1 ? 5 : 3;
  s.pad_h = random.integer(0, s.kh - 1);
  s.pad_w = random.integer(0, s.kw - 1);
  if (random.integer(0, 2) == 0) s.stride_h = random.integer(1, 2);
  if (random.integer(0, 2) == 0) s.stride_w = random.integer(1, 2);
  s.relu = random.integer(0, 3) > 0;
  return s;
}

// One to four convolutions with pools between them, then up to two hidden linear layers, then mostly
// one that gives the scores.
FusedNet random_stack(Random& random, Seen& seen) {
  const PlaneShape input{random.integer(1, 4), random.integer(5, 13), random.integer(5, 13)};
  FusedNet net(input.c, input.h, input.w);
  ++seen.channels[input.c];
  if (input.h % 2 == 1 || input.w % 2 == 1) ++seen.odd;
  const int64_t convs = random.integer(1, 4);
  int64_t made = 0;
  for (int64_t i = 0; i < convs; ++i) {
    const PlaneShape in = net.shape(net.steps().size());
    ConvSpec s = random_conv(random);
    const int64_t over_h = in.h + 2 * s.pad_h - s.kh, over_w = in.w + 2 * s.pad_w - s.kw;
    if (over_h < 0 || over_w < 0) continue;
    s.pool = over_h >= s.stride_h && over_w >= s.stride_w && random.integer(0, 2) > 0;
    net.conv(s);
    ++made;
    if (s.pad_h + s.pad_w > 0) ++seen.padded;
    if (s.stride_h + s.stride_w > 2) ++seen.strided;
    if (s.kh != s.kw) ++seen.not_square;
    if (s.pool) ++seen.fused_pools;
    if (!s.relu) ++seen.without_relu;
    const PlaneShape out = net.shape(net.steps().size());
    const int64_t window = random.integer(2, 3), stride = random.integer(1, 2);
    if (random.integer(0, 2) == 0 && out.h >= window && out.w >= window) {
      net.pool(window, window, stride, stride);
      ++(window == 2 ? seen.pools_of_2 : seen.pools_of_3);
      if (stride < window) ++seen.overlapping;
    }
  }
  ++seen.convolutions[made];
  int64_t linears = random.integer(0, 2);
  for (int64_t i = 0; i < linears; ++i) {
    // One draw a statement: compilers evaluate arguments in different orders.
    const int64_t features = random.integer(1, 30);
    net.linear(features, random.integer(0, 3) > 0);
  }
  const int64_t classes = net.classes();
  if (linears > 0 || made == 0 || classes < 2 || classes > 64 || random.integer(0, 2) > 0) {
    net.linear(random.integer(2, 12));
    ++linears;
  }
  ++seen.linear_layers[linears];
  return net;
}

// Everything that the steps of a run start from.
struct Course {
  FusedNet net;
  bool winograd;
  FusedImages images;
  Floats parameters;
  std::vector<std::vector<uint32_t>> batches;
  std::vector<UpdateSegment> segments;
  reference::SgdStep step;  // of what is the same for all parameters
};

// Nets that the generator hardly draws.
const std::vector<FusedNet>& chosen_nets() {
  static const std::vector<FusedNet> list = {
      // The README's.
      FusedNet(1, 28, 28).conv({8, 3, 3, 2, 2, 1, 1, true, true}).linear(10),
      // Transformed inputs of a convolution, and no linear layer, whose rows would be kept beside.
      FusedNet(1, 8, 9).conv({4, 3, 3, 1, 1, 0, 0, true}).conv({5, 5, 5, 1, 1, 0, 0, true, true}),
      // Many channels: each kernel behind and in front of others, in front of a pool too.
      FusedNet(1, 8, 9)
          .conv({9, 3, 3, 1, 1, 1, 1, true})
          .conv({8, 3, 3, 1, 1, 1, 1, true, true})
          .conv({10, 1, 1, 1, 1, 0, 0, true})
          .conv({8, 3, 3, 1, 1, 1, 1, true})
          .linear(4),
      // A ReLU of its own between margins.
      FusedNet(2, 6, 7)
          .conv({3, 3, 3, 1, 1, 1, 1})
          .relu()
          .conv({4, 3, 3, 1, 1, 2, 2, true, true})
          .linear(5),
      // As many biases as weights: threads share biases out, too.
      FusedNet(1, 5, 6).conv({17, 1, 1}).linear(3),
  };
  return list;
}

Course random_course(uint64_t seed, Seen& seen) {
  Random random(seed);
  const bool chosen = seed < chosen_nets().size();
  Course c{chosen ? chosen_nets()[seed] : random_stack(random, seen),
           chosen || seed % 3 > 0,
           {},
           {},
           {},
           {},
           {}};
  c.images = random_images(c.net, random, kImages, 255, 1.0f / 64.0f, -2.0f, c.net.classes());
  c.parameters = c.net.real_parameters(random);
  const int64_t width = kernels().vector_width;
  const int64_t sizes[] = {width - 1, width, width + 1, 2 * width + 3};
  const int64_t batch = sizes[seed % 4];
  for (int64_t i = 0; i < kSteps; ++i) {
    // The third is what the end of an epoch may leave.
    const int64_t count = i == 2 ? random.integer(1, batch) : batch;
    c.batches.push_back(random_indices(random, count, kImages, width));
  }
  const bool momentum = random.integer(0, 2) > 0;
  const bool nesterov = momentum && random.integer(0, 1) == 1, decay = random.integer(0, 1) == 1;
  seen.momentum += momentum;
  seen.nesterov += nesterov;
  seen.decay += decay;
  c.step = {1.0 / 64.0, momentum ? 0.75 : 0.0, nesterov, 0.0, 0.0};
  for (const FusedNet::Part& part : c.net.parts()) {
    c.segments.push_back({part.begin, part.count, part.weight && decay ? 0.125f : 0.0f, 1.0f});
  }
  std::sort(c.segments.begin(), c.segments.end(),
            [](const UpdateSegment& a, const UpdateSegment& b) { return a.offset < b.offset; });
  return c;
}

// Parameters, velocities and the loss of the step before.
struct Moment {
  Floats parameters, velocities;
  LossSum sum;
};

std::string difference_of(const Moment& actual, const Moment& expected) {
  const std::string parameters = difference_in_bits(actual.parameters, expected.parameters);
  if (!parameters.empty()) return "parameters: " + parameters;
  const std::string velocities = difference_in_bits(actual.velocities, expected.velocities);
  if (!velocities.empty()) return "velocities: " + velocities;
  return difference_in_bits(&actual.sum.loss, &expected.sum.loss, sizeof actual.sum.loss);
}

float grad_scale_of(const std::vector<uint32_t>& indices) {
  return 1.0f / static_cast<float>(indices.size());
}

ByteBatch batch_of(const Course& c, const std::vector<uint32_t>& indices) {
  return {c.images.bytes.data(), c.images.labels.data(),
          indices.data(),        static_cast<int64_t>(indices.size()),
          c.images.scale,        c.images.shift};
}

void take_step(const Course& c, LanePlan& plan, size_t index, Moment& at) {
  const std::vector<uint32_t>& indices = c.batches[index];
  float* const velocities = c.step.momentum > 0.0 ? at.velocities.data() : nullptr;
  at.sum = plan.train_step(batch_of(c, indices), sgd(c.step, c.segments, velocities),
                           at.parameters.data(), {grad_scale_of(indices)});
}

// One step from `before` as the reference takes it, and how far `after` may be from that: the
// gradient's bound, and a few roundings of what the update adds up.
// Returns whether the bounds are so close that a mistake shows: through several layers errors add up.
bool check_step(const Course& c, size_t index, const Moment& before, const Moment& after) {
  constexpr double kUnit = 0x1p-24;
  const std::vector<uint32_t>& indices = c.batches[index];
  const int64_t width = kernels().vector_width;
  FusedOracle oracle(c.net, before.parameters, static_cast<double>(grad_scale_of(indices)),
                     Arithmetic::kFloat);
  for (uint32_t image : indices) oracle.add(pixels(c.net, c.images, image), c.images.labels[image]);
  Doubles bounds = oracle.bounds(width);
  // Winograd's algorithm adds numbers of a whole patch to each result and takes them away again: its
  // errors follow the largest number of an array, not each.
  for (const FusedNet::Part& part : c.net.parts()) {
    const auto begin = bounds.begin() + part.begin, end = begin + part.count;
    if (c.winograd) std::fill(begin, end, *std::max_element(begin, end));
  }
  Doubles parameters = widen(before.parameters), velocities = widen(before.velocities);
  Doubles parameter_bounds(parameters.size()), velocity_bounds(parameters.size());
  const double momentum = c.step.momentum, lr = c.step.lr;
  for (const UpdateSegment& s : c.segments) {
    const reference::SgdStep step{lr, momentum, c.step.nesterov,
                                  static_cast<double>(s.weight_decay), 1.0};
    const auto first = static_cast<size_t>(s.offset);
    reference::sgd_update(s.count, step, oracle.gradients().data() + first,
                          momentum > 0.0 ? velocities.data() + first : nullptr,
                          parameters.data() + first);
    for (size_t i = first; i < first + static_cast<size_t>(s.count); ++i) {
      const double start = std::fabs(static_cast<double>(before.parameters[i]));
      const double size = std::fabs(oracle.gradients()[i]) + step.weight_decay * start +
                          momentum * std::fabs(static_cast<double>(before.velocities[i]));
      velocity_bounds[i] = bounds[i] + 4.0 * kUnit * (size + bounds[i]);
      parameter_bounds[i] =
          2.0 * lr * (velocity_bounds[i] + 4.0 * kUnit * size) + 2.0 * kUnit * start;
    }
  }
  if (momentum == 0.0) velocities = widen(before.velocities);
  CHECK_NONE(difference_beyond(after.parameters, parameters, parameter_bounds));
  CHECK_NONE(difference_beyond(after.velocities, velocities, velocity_bounds));
  CHECK(std::fabs(after.sum.loss - oracle.loss()) <= 1e-4 * (1.0 + std::fabs(oracle.loss())));
  return oracle.looseness(width) < 1e-2;
}

// Evaluates and predicts as many images as the next step does not take.
void disturb(const Course& c, LanePlan& plan, const Floats& parameters, size_t index) {
  const std::vector<uint32_t>& indices = c.batches[(index + 3) % c.batches.size()];
  std::vector<int32_t> predictions(indices.size());
  plan.evaluate(batch_of(c, indices), parameters.data(), nullptr, predictions.data());
  Random random(index);
  const int64_t count = random.integer(1, 2 * kernels().vector_width);
  const Floats x = random.reals(count * c.net.input_size());
  Floats logits(static_cast<size_t>(count * c.net.classes()));
  plan.predict(x.data(), count, parameters.data(), nullptr, logits.data());
}

}  // namespace

TEST(lanes_steps_after_steps_are_those_of_new_plans) {
  Seen seen;
  int64_t steps = 0, tight = 0;
  for (int64_t i = 0; i < kNets; ++i) {
    const Course c = random_course(static_cast<uint64_t>(i), seen);
    if (!next_case()) continue;
    const std::string net = "net " + std::to_string(i) + ", " + c.net.text();
    const Moment start{c.parameters, Floats(c.parameters.size(), 0.0f), {}};
    std::vector<Moment> expected;
    set_thread_count(1);
    for (size_t step = 0; step < c.batches.size(); ++step) {
      problem("step %zu of a new plan, %s", step, net.c_str());
      const Moment& before = step == 0 ? start : expected.back();
      Moment at = before;
      LanePlan plan = c.net.plan(c.winograd);
      take_step(c, plan, step, at);
      tight += check_step(c, step, before, at);
      ++steps;
      expected.push_back(at);
    }
    for (int threads : {1, 2, 3, 7}) {
      for (bool disturbed : {false, true}) {
        LanePlan plan = c.net.plan(c.winograd);
        Moment at = start;
        for (size_t step = 0; step < c.batches.size(); ++step) {
          // Other numbers in turn, where other calls come between.
          const int now = disturbed ? (static_cast<int>(step) * 5 + threads) % 7 + 1 : threads;
          problem("step %zu on %d threads%s, %s", step, now, disturbed ? " after other calls" : "",
                  net.c_str());
          set_thread_count(now);
          if (disturbed) disturb(c, plan, at.parameters, step);
          take_step(c, plan, step, at);
          CHECK_NONE(difference_of(at, expected[step]));
        }
      }
    }
  }
  CHECK_CASES(kNets);
  problem("%lld of %lld steps tight", static_cast<long long>(tight), static_cast<long long>(steps));
  CHECK(8 * tight > steps);
  check_seen(seen);
}

}  // namespace rownet::test
