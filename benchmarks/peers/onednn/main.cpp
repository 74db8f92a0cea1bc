// main.cpp: LeNet-5 in oneDNN as a contender.
//
//   onednn FIXTURE THREADS EPOCHS STEPS REPEATS
//
// Prints one JSON object (see contenders.mjs). The images are resident as floats; copying those of
// a batch together is within the time.

#include <omp.h>

#include <chrono>
#include <cstdio>
#include <cstring>

#include "fixture.h"
#include "net.h"

namespace {

double now() {
  return std::chrono::duration<double>(std::chrono::steady_clock::now().time_since_epoch()).count();
}

// Of `repeats` calls, after a tenth as many that are not timed.
template <typename Run>
double median_seconds(int repeats, const Run& run) {
  std::vector<double> seconds;
  for (int repeat = -repeats / 10 - 1; repeat < repeats; ++repeat) {
    const double start = now();
    run();
    if (repeat >= 0) seconds.push_back(now() - start);
  }
  std::sort(seconds.begin(), seconds.end());
  return seconds[seconds.size() / 2];
}

constexpr size_t kPixels = 32 * 32;

class Trainer {
 public:
  Trainer(const Fixture& data, Net& net)
      : data_(data),
        net_(net),
        batch_(static_cast<size_t>(data.number("batch"))),
        labels_(batch_) {}

  void gather(size_t step) {
    const uint32_t* const indices = data_.order.data() + step * batch_;
    float* const images = net_.images();
#pragma omp parallel for
    for (size_t i = 0; i < batch_; ++i) {
      std::memcpy(images + i * kPixels, data_.images.data() + indices[i] * kPixels,
                  kPixels * sizeof(float));
    }
    for (size_t i = 0; i < batch_; ++i) labels_[i] = data_.labels[indices[i]];
  }

  std::vector<float> run(size_t steps) {
    std::vector<float> losses;
    for (size_t step = 0; step < steps; ++step) {
      gather(step);
      losses.push_back(net_.train(labels_, static_cast<float>(data_.number("lr"))));
    }
    return losses;
  }

 private:
  const Fixture& data_;
  Net& net_;
  size_t batch_;
  std::vector<int> labels_;
};

}  // namespace

int main(int argc, char** argv) {
  if (argc != 6) fail("usage: onednn FIXTURE THREADS EPOCHS STEPS REPEATS");
  const Fixture data(argv[1]);
  const int threads = std::atoi(argv[2]), epochs = std::atoi(argv[3]), repeats = std::atoi(argv[5]);
  const size_t steps = static_cast<size_t>(std::atoi(argv[4]));
  const size_t batch = static_cast<size_t>(data.number("batch"));
  omp_set_num_threads(threads);

  Net net(static_cast<int64_t>(batch), true, data.params);
  Trainer trainer(data, net);
  trainer.gather(0);
  const float* const scores = net.forward();
  const double scores_error =
      check_close("scores of training", std::vector<float>(scores, scores + batch * 10),
                  data.scores, data.number("scoresTolerance"));
  const auto& losses = data.numbers.at("losses");
  const double losses_error =
      check_close("losses", trainer.run(losses.size()), losses, data.number("lossesTolerance"));
  const double after_error =
      check_close("parameters", net.params(), data.after, data.number("afterTolerance"));

  trainer.run(steps);
  std::string seconds;
  for (int epoch = 0; epoch < epochs; ++epoch) {
    const double start = now();
    trainer.run(steps);
    seconds += (epoch > 0 ? "," : "") +
               std::to_string((now() - start) / static_cast<double>(steps) * data.number("steps"));
  }

  std::string inference;
  for (int count = 1; count <= threads; count += std::max(1, threads - 1)) {
    // Primitives are made for the number of threads at their creation.
    omp_set_num_threads(count);
    Net many(static_cast<int64_t>(batch), false, data.params), one(1, false, data.params);
    // The images stand where the first primitive reads them; copying them there is no part of the
    // time, as nobody else copies them.
    const auto load = [&data](Net& net, size_t images) {
      for (size_t i = 0; i < images; ++i) {
        std::memcpy(net.images() + i * kPixels, data.images.data() + data.order[i] * kPixels,
                    kPixels * sizeof(float));
      }
    };
    load(many, batch);
    load(one, 1);
    const float* const scores = many.forward();
    check_close("scores", std::vector<float>(scores, scores + batch * 10), data.scores,
                data.number("scoresTolerance"));
    const float* const score = one.forward();
    check_close("scores of one image", std::vector<float>(score, score + 10),
                std::vector<float>(data.scores.begin(), data.scores.begin() + 10),
                data.number("scoresTolerance"));
    const double many_seconds = median_seconds(repeats, [&] { many.forward(); });
    const double one_seconds = median_seconds(10 * repeats, [&] { one.forward(); });
    inference += (inference.empty() ? "" : ",");
    inference += "{\"threads\":" + std::to_string(count) + ",\"imagesPerSecond\":" +
                 std::to_string(static_cast<double>(batch) / many_seconds) +
                 ",\"latency\":" + std::to_string(one_seconds) + "}";
  }
  const dnnl_version_t* const version = dnnl_version();
  std::printf(
      "{\"settings\":\"any formats, conv2's weight gradient nhwc, %zu reorders a step\","
      "\"version\":\"%d.%d.%d\",\"check\":{\"scores\":%.3g,\"losses\":%.3g,\"after\":%.3g},"
      "\"seconds\":[%s],\"stepsTimed\":%zu,\"inference\":[%s]}\n",
      net.reorders(), version->major, version->minor, version->patch, scores_error, losses_error,
      after_error, seconds.c_str(), steps, inference.c_str());
}
