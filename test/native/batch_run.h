// batch_run.h: steps of a BatchNet against its reference, against plans that are new in each step, and
// on any number of threads.
#pragma once

#include <string>
#include <vector>

#include "batch_loss.h"
#include "batch_net.h"

namespace rownet::test {

constexpr int64_t kBatchClasses = 3;

struct NamedNet {
  std::string name;
  BatchNet net;  // ends in kBatchClasses scores
};

// What a run of a net starts from.
struct BatchStart {
  std::vector<uint8_t> bytes, labels;
  Floats values, parameters, buffers;
  std::vector<uint32_t> indices;

  BatchStart(const BatchNet& net, uint64_t seed, int64_t count);
  ByteBatch batch() const;
  Batch images(const BatchNet& net) const;
};

// One step by each criterion on two batches each: loss, buffers, evaluation, few images
// against blocks, and the gradients of about `most` parameters against differences of the reference.
void check_gradients(const NamedNet& one, uint64_t seed, int64_t most = 1 << 30,
                     const std::vector<Criterion>& criteria = {kCrossEntropy, kSquaredError});

// Several updated steps by two rules, which are 2 cases, against plans that are new in each step.
void check_same_bits(const NamedNet& one, const Criterion& loss = kCrossEntropy);

}  // namespace rownet::test
