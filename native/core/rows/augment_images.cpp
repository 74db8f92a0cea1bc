// Elastic displacements: uniform numbers from -1 to 1 in each pixel, smoothed by a Gaussian of sigma
// pixels, times alpha. Source: Simard, Steinkraus & Platt, Best Practices for Convolutional Neural
// Networks Applied to Visual Document Analysis (2003).

#include "rows/augment_images.h"

#include <algorithm>
#include <cmath>
#include <cstring>
#include <string>

#include "operations.h"
#include "scratch.h"
#include "threads.h"

namespace rownet {

namespace {

// Pixels of zeros around an image: one for the neighbours of what lies just outside, one to spare.
constexpr int64_t kBorder = 2;

struct Settings {
  double shift, rotate, scale, shear, alpha, sigma, flip;
  uint64_t seed, epoch;
};

Settings read_settings(const double* s) {
  return {s[0],
          s[1],
          s[2],
          s[3],
          s[4],
          s[5],
          s[6],
          static_cast<uint64_t>(s[7]),
          static_cast<uint64_t>(s[8])};
}

// The output function of splitmix64 (Steele, Lea & Flood, 2014).
uint64_t mix(uint64_t z) {
  z = (z ^ z >> 30) * 0xBF58476D1CE4E5B9u;
  z = (z ^ z >> 27) * 0x94D049BB133111EBu;
  return z ^ z >> 31;
}

// Numbers of one image: number i is a function of the key and i.
struct Draws {
  uint64_t key;

  Draws(const Settings& s, uint32_t image) : key(0) {
    for (uint64_t part : {s.seed, s.epoch, uint64_t{image}}) key = mix(mix(key + kGamma) + part);
  }
  // From -1 to 1.
  double at(uint64_t i) const {
    return static_cast<double>(mix(key + (i + 1) * kGamma) >> 11) * 0x1p-52 - 1.0;
  }

  static constexpr uint64_t kGamma = 0x9E3779B97F4A7C15u;
};

// The first numbers of an image; those of pixels follow.
enum Drawn : uint64_t { kShiftX, kShiftY, kRotation, kScaling, kShearing, kMirror, kPixels };

// Where pixel (x, y) comes from: (x0 + xx * x + xy * y, y0 + yx * x + yy * y).
struct Walk {
  double x0, xx, xy, y0, yx, yy;
};

Walk walk_of(const Settings& s, const Draws& draws, int64_t height, int64_t width) {
  constexpr double kRadians = 3.14159265358979323846 / 180.0;
  const double cx = static_cast<double>(width - 1) / 2.0;
  const double cy = static_cast<double>(height - 1) / 2.0;
  const double angle = s.rotate * kRadians * draws.at(kRotation);
  const double tangent = std::tan(s.shear * kRadians * draws.at(kShearing));
  const double size = 1.0 + s.scale * draws.at(kScaling);
  const double cosine = std::cos(angle), sine = std::sin(angle);
  // The inverse of rotation * shear * size.
  double xx = (cosine + tangent * sine) / size, xy = (sine - tangent * cosine) / size;
  const double yx = -sine / size, yy = cosine / size;
  const double tx = cx + s.shift * draws.at(kShiftX), ty = cy + s.shift * draws.at(kShiftY);
  double x0 = cx - xx * tx - xy * ty;
  const double y0 = cy - yx * tx - yy * ty;
  if ((draws.at(kMirror) + 1.0) / 2.0 < s.flip) {
    x0 = static_cast<double>(width - 1) - x0;
    xx = -xx;
    xy = -xy;
  }
  return {x0, xx, xy, y0, yx, yy};
}

// out[i] = sum over k of weights[k] * in[i + k - reach], `count` numbers `stride` apart, zeros outside.
void smooth_line(const float* in, int64_t count, int64_t stride, const float* weights,
                 int64_t reach, float* out) {
  for (int64_t i = 0; i < count; ++i) {
    float sum = 0.0f;
    const int64_t first = std::max<int64_t>(0, i - reach), last = std::min(count - 1, i + reach);
    for (int64_t j = first; j <= last; ++j) sum += weights[j - i + reach] * in[j * stride];
    out[i * stride] = sum;
  }
}

int64_t reach_of(const Settings& s) { return static_cast<int64_t>(std::ceil(3.0 * s.sigma)); }

void gaussian(const Settings& s, float* weights) {
  const int64_t reach = reach_of(s);
  double total = 0.0;
  for (int64_t k = -reach; k <= reach; ++k) {
    const double x = static_cast<double>(k) / s.sigma;
    total += std::exp(-0.5 * x * x);
  }
  for (int64_t k = -reach; k <= reach; ++k) {
    const double x = static_cast<double>(k) / s.sigma;
    weights[k + reach] = static_cast<float>(std::exp(-0.5 * x * x) / total);
  }
}

// A field of displacements, in pixels; `first` is the number of its first draw.
void displace(const Settings& s, const Draws& draws, uint64_t first, int64_t height, int64_t width,
              const float* weights, float* between, float* field) {
  const int64_t reach = reach_of(s);
  for (int64_t i = 0; i < height * width; ++i)
    field[i] = static_cast<float>(s.alpha * draws.at(first + static_cast<uint64_t>(i)));
  for (int64_t y = 0; y < height; ++y)
    smooth_line(field + y * width, width, 1, weights, reach, between + y * width);
  for (int64_t x = 0; x < width; ++x)
    smooth_line(between + x, height, width, weights, reach, field + x);
}

// One channel with zeros around it.
template <typename Pixel>
void pad(const Pixel* image, int64_t height, int64_t width, float* padded) {
  const int64_t line = width + 2 * kBorder;
  std::memset(padded, 0, static_cast<size_t>((height + 2 * kBorder) * line) * sizeof *padded);
  for (int64_t y = 0; y < height; ++y) {
    float* const to = padded + (y + kBorder) * line + kBorder;
    for (int64_t x = 0; x < width; ++x) to[x] = static_cast<float>(image[y * width + x]);
  }
}

struct Parts {
  float *padded, *across, *down, *between;
};

template <typename Pixel>
void augment_one(const Pixel* image, int64_t channels, int64_t height, int64_t width,
                 const float* scale, const float* shift, const Settings& s, const Draws& draws,
                 const float* weights, const Parts& parts, float* out) {
  const int64_t area = height * width, line = width + 2 * kBorder;
  const Walk walk = walk_of(s, draws, height, width);
  const bool elastic = weights != nullptr;
  if (elastic) {
    displace(s, draws, kPixels, height, width, weights, parts.between, parts.across);
    displace(s, draws, kPixels + static_cast<uint64_t>(area), height, width, weights, parts.between,
             parts.down);
  }
  const double right = static_cast<double>(width), bottom = static_cast<double>(height);
  for (int64_t c = 0; c < channels; ++c) {
    pad(image + c * area, height, width, parts.padded);
    const float f = scale[c], a = shift[c];
    for (int64_t y = 0; y < height; ++y) {
      const double row = static_cast<double>(y);
      const double x0 = walk.x0 + walk.xy * row, y0 = walk.y0 + walk.yy * row;
      float* const to = out + c * area + y * width;
      for (int64_t x = 0; x < width; ++x) {
        double from_x = x0 + walk.xx * static_cast<double>(x);
        double from_y = y0 + walk.yx * static_cast<double>(x);
        if (elastic) {
          from_x += static_cast<double>(parts.across[y * width + x]);
          from_y += static_cast<double>(parts.down[y * width + x]);
        }
        // A pixel outside has zeros around it, however far away it is.
        from_x = std::min(std::max(from_x, -1.0), right) + static_cast<double>(kBorder);
        from_y = std::min(std::max(from_y, -1.0), bottom) + static_cast<double>(kBorder);
        const auto ix = static_cast<int64_t>(from_x), iy = static_cast<int64_t>(from_y);
        const auto dx = static_cast<float>(from_x - static_cast<double>(ix));
        const auto dy = static_cast<float>(from_y - static_cast<double>(iy));
        const float* const p = parts.padded + iy * line + ix;
        const float above = p[0] + dx * (p[1] - p[0]);
        const float below = p[line] + dx * (p[line + 1] - p[line]);
        to[x] = (above + dy * (below - above)) * f + a;
      }
    }
  }
}

template <typename Pixel>
void augment(const Pixel* images, int64_t channels, int64_t height, int64_t width,
             const uint32_t* indices, int64_t count, const float* scale, const float* shift,
             const double* numbers, float* out) {
  if (count == 0) return;
  const Settings s = read_settings(numbers);
  const int64_t area = height * width, size = channels * area;
  const int slices = thread_count();
  const bool elastic = s.alpha > 0.0;
  const int64_t kernel = elastic ? 2 * reach_of(s) + 1 : 0;
  const auto lines = [](int64_t floats) {
    return static_cast<int64_t>(cache_lines(static_cast<size_t>(floats)));
  };
  const int64_t padded = lines((height + 2 * kBorder) * (width + 2 * kBorder));
  const int64_t fields = elastic ? lines(area) : 0;
  const int64_t each = padded + 3 * fields;
  float* const memory = scratch(floats_of({lines(kernel)}) + floats_of({each, slices}));
  if (elastic) gaussian(s, memory);
  float* const all = memory + lines(kernel);
  parallel_for(count, slices, [&](int64_t begin, int64_t end, int slice) {
    float* const own = all + slice * each;
    const Parts parts{own, own + padded, own + padded + fields, own + padded + 2 * fields};
    for (int64_t i = begin; i < end; ++i) {
      augment_one(images + int64_t{indices[i]} * size, channels, height, width, scale, shift, s,
                  Draws(s, indices[i]), elastic ? memory : nullptr, parts, out + i * size);
    }
  });
}

std::string check_augment(const Value* v) {
  const auto* const indices = static_cast<const uint32_t*>(v[4].data);
  const int64_t available = v[0].size / (v[1].size * v[2].size) / v[3].size;
  for (int64_t i = 0; i < v[5].size; ++i) {
    if (indices[i] < available) continue;
    return "expected indices below " + std::to_string(available) + " but index " +
           std::to_string(i) + " is " + std::to_string(indices[i]);
  }
  if (v[8].size < kAugmentSettings) {
    return "expected settings to hold at least " + std::to_string(kAugmentSettings) +
           " elements but received " + std::to_string(v[8].size);
  }
  const auto* const s = static_cast<const double*>(v[8].data);
  // Of shift, rotate, scale, shear, alpha, sigma, flip, seed, epoch. Written so that NaN fails.
  constexpr double kMost[] = {1e6, 360.0, 0.99, 80.0, 1e6, 1e3, 1.0, 0x1p53, 0x1p53};
  for (int i = 0; i < kAugmentSettings; ++i) {
    if (s[i] >= 0.0 && s[i] <= kMost[i]) continue;
    return "expected setting " + std::to_string(i) + " in its range but it is " +
           std::to_string(s[i]);
  }
  return s[4] > 0.0 && !(s[5] > 0.0) ? "expected sigma above 0" : "";
}

}  // namespace

void augment_bytes(const uint8_t* images, int64_t channels, int64_t height, int64_t width,
                   const uint32_t* indices, int64_t count, const float* scale, const float* shift,
                   const double* settings, float* out) {
  augment(images, channels, height, width, indices, count, scale, shift, settings, out);
}

void augment_floats(const float* images, int64_t channels, int64_t height, int64_t width,
                    const uint32_t* indices, int64_t count, const float* scale, const float* shift,
                    const double* settings, float* out) {
  augment(images, channels, height, width, indices, count, scale, shift, settings, out);
}

constexpr OperationTable augment_images_operations = {{
    operation<augment_bytes>("augmentImages",
                             "images[] channels>0 height>0 width>0 indices[] count=indices "
                             "scale[channels] shift[channels] settings[] "
                             "out[count,channels,height,width]",
                             check_augment),
    operation<augment_floats>("augmentFloats",
                              "images[] channels>0 height>0 width>0 indices[] count=indices "
                              "scale[channels] shift[channels] settings[] "
                              "out[count,channels,height,width]",
                              check_augment),
}};

}  // namespace rownet
