#include "rows/gather_images.h"

#include "kernel_table.h"
#include "operations.h"
#include "threads.h"

namespace rownet {

void gather_images(const uint8_t* images, int64_t image_size, const uint32_t* indices,
                   int64_t count, float scale, float shift, float* out) {
  const KernelTable& table = kernels();
  parallel_for(count, thread_count(), [&](int64_t begin, int64_t end, int) {
    for (int64_t i = begin; i < end; ++i) {
      table.bytes_to_floats(image_size, images + int64_t{indices[i]} * image_size, scale, shift,
                            out + i * image_size);
    }
  });
}

namespace {

std::string check_indices(const Value* v) {
  const auto* const indices = static_cast<const uint32_t*>(v[2].data);
  const int64_t available = v[0].size / v[1].size;
  for (int64_t i = 0; i < v[3].size; ++i) {
    if (indices[i] < available) continue;
    return "expected indices below " + std::to_string(available) + " but index " +
           std::to_string(i) + " is " + std::to_string(indices[i]);
  }
  return "";
}

}  // namespace

constexpr OperationTable gather_images_operations = {{
    operation<gather_images>(
        "gatherImages",
        "images[] imageSize>0 indices[] count=indices scale shift out[count,imageSize]",
        check_indices),
}};

}  // namespace rownet
