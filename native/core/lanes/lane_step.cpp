// lane_step.cpp: reads the fields of a step.
#include "lanes/lane_step.h"

#include <algorithm>
#include <cmath>
#include <set>
#include <stdexcept>

namespace rownet {

struct StepReader::Seen {
  std::set<std::string> names;
};

StepReader::StepReader(const LaneStep& step, size_t index)
    : step_(step), index_(index), seen_(new Seen) {}
StepReader::~StepReader() { delete seen_; }

void StepReader::refuse(const char* why) const {
  throw std::invalid_argument("lanes: step " + std::to_string(index_) + ": " + why);
}

const double* StepReader::find(const char* name, size_t count) const {
  const auto at = step_.numbers.find(name);
  if (at == step_.numbers.end()) refuse((step_.op + " needs the field \"" + name + "\"").c_str());
  seen_->names.insert(name);
  if (at->second.size() == count) return at->second.data();
  refuse((std::string("expected ") + std::to_string(count) + " numbers as \"" + name +
          "\" but received " + std::to_string(at->second.size()))
             .c_str());
}

int64_t StepReader::whole(const char* name, double value, int64_t low) const {
  constexpr double kHighest = 2147483647.0;  // 2^31 - 1
  // Written so that NaN fails.
  if (value >= static_cast<double>(low) && value <= kHighest && value == std::floor(value))
    return static_cast<int64_t>(value);
  refuse((std::string("expected \"") + name + "\" from " + std::to_string(low) +
          " to 2147483647 but received " + std::to_string(value))
             .c_str());
}

int64_t StepReader::integer(const char* name, int64_t low) const {
  return whole(name, *find(name, 1), low);
}

void StepReader::pair(const char* name, int64_t low, int64_t* height, int64_t* width) const {
  const double* values = find(name, 2);
  *height = whole(name, values[0], low);
  *width = whole(name, values[1], low);
}

double StepReader::number(const char* name) const { return *find(name, 1); }

bool StepReader::has(const char* name) const { return step_.numbers.count(name) > 0; }

bool StepReader::flag(const char* name) const { return has(name) && *find(name, 1) != 0.0; }

const char* StepReader::text(const char* name) const {
  const auto at = step_.texts.find(name);
  if (at == step_.texts.end()) return "";
  seen_->names.insert(name);
  return at->second.c_str();
}

void StepReader::parameter(const char* name, int64_t count, Planned& step) const {
  if (step.parameter_count == kMostParameters) refuse("too many parameters");
  step.parameters[step.parameter_count++] = {integer(name, 0), count};
}

ArenaRange StepReader::buffer(const char* name, int64_t count, Planned& step) const {
  const ArenaRange range{integer(name, 0), count};
  step.buffer_end = std::max(step.buffer_end, range.begin + count);
  return range;
}

void StepReader::check_all_read() const {
  const auto check = [&](const std::string& name) {
    if (seen_->names.count(name) > 0) return;
    refuse((step_.op + " has no field \"" + name.substr(0, 80) + "\"").c_str());
  };
  for (const auto& field : step_.numbers) check(field.first);
  for (const auto& field : step_.texts) check(field.first);
}

}  // namespace rownet
