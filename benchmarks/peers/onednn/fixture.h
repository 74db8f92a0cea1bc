// fixture.h: the files that fixture.mjs writes, for the peers in C++.

#pragma once

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <cstdlib>
#include <fstream>
#include <iostream>
#include <iterator>
#include <map>
#include <sstream>
#include <string>
#include <vector>

[[noreturn]] inline void fail(const std::string& message) {
  std::cerr << message << "\n";
  std::exit(1);
}

template <typename T>
std::vector<T> read_file(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  if (!file) fail(path + ": cannot be read");
  const std::vector<char> bytes{std::istreambuf_iterator<char>(file), {}};
  std::vector<T> values(bytes.size() / sizeof(T));
  std::copy_n(bytes.data(), values.size() * sizeof(T), reinterpret_cast<char*>(values.data()));
  return values;
}

struct Fixture {
  explicit Fixture(const std::string& folder)
      : labels(read_file<uint8_t>(folder + "/labels.u8")),
        order(read_file<uint32_t>(folder + "/order.u32")),
        params(read_file<float>(folder + "/params.f32")),
        scores(read_file<float>(folder + "/scores.f32")),
        after(read_file<float>(folder + "/after.f32")) {
    std::ifstream text(folder + "/fixture.txt");
    for (std::string line; std::getline(text, line);) {
      std::istringstream words(line);
      std::string name;
      words >> name;
      numbers[name] = {std::istream_iterator<double>(words), {}};
    }
    const auto pixels = read_file<uint8_t>(folder + "/images.u8");
    const float scale = static_cast<float>(number("scale"));
    const float shift = static_cast<float>(number("shift"));
    images.resize(pixels.size());
    for (size_t i = 0; i < pixels.size(); ++i)
      images[i] = static_cast<float>(pixels[i]) * scale + shift;
  }

  double number(const std::string& name) const { return numbers.at(name).at(0); }

  std::map<std::string, std::vector<double>> numbers;
  std::vector<uint8_t> labels;
  std::vector<uint32_t> order;
  // Resident, as they enter the net: [images, 32, 32].
  std::vector<float> images;
  std::vector<float> params, scores, after;
};

// Largest difference in units of the largest expected value; ends the process if it is above the
// tolerance, or no number.
template <typename T, typename U>
double check_close(const char* what, const std::vector<T>& values, const std::vector<U>& expected,
                   double tolerance) {
  double error = values.size() == expected.size() ? 0 : INFINITY, scale = 0;
  for (size_t i = 0; i < expected.size() && std::isfinite(error); ++i) {
    const double difference = std::abs(static_cast<double>(values[i]) - expected[i]);
    error = difference >= error || std::isnan(difference) ? difference : error;
    scale = std::max(scale, std::abs(static_cast<double>(expected[i])));
  }
  if (!(error / scale <= tolerance))
    fail(std::string(what) + ": expected a difference of at most " + std::to_string(tolerance) +
         " but it is " + std::to_string(error / scale));
  return error / scale;
}
