// im2row, pool2row, their adjoints, and the transposed forms inside the table.
#include "reference/windows.h"
#include "harness.h"
#include "kernel_table.h"
#include "memory.h"
#include "problems.h"
#include "random.h"
#include "rows/im2row.h"

namespace rownet::test {

namespace {

Side side_of(int64_t i) { return i % 2 == 0 ? Side::kEnd : Side::kStart; }

double dot(const Floats& a, const Floats& b) {
  double sum = 0.0;
  for (size_t i = 0; i < a.size(); ++i) sum += static_cast<double>(a[i]) * b[i];
  return sum;
}

// Runs f(window, index, random) for the cases of a list.
template <typename Body>
void for_windows(const std::vector<Window>& list, const Body& body) {
  for (size_t i = 0; i < list.size(); ++i) {
    if (!next_case()) continue;
    problem("window %zu: %s", i, text(list[i]).c_str());
    Random random(i + 1);
    body(list[i], static_cast<int64_t>(i), random);
  }
}

// Doubles as the nearest floats: where one operation on exact operands was the last one, as the
// division by the number of entries, that is what a kernel must give (53 >= 2 * 24 + 2 bits).
Doubles rounded(Doubles values) {
  for (double& value : values) value = static_cast<float>(value);
  return values;
}

}  // namespace

TEST_ONCE(output_size_is_the_number_of_windows_that_fit) {
  for (const Window& v : windows()) {
    if (!next_case()) continue;
    problem("%s", text(v).c_str());
    int64_t lines = 0, columns = 0;
    const int64_t below = (v.kh - 1) * v.dilation_h, right = (v.kw - 1) * v.dilation_w;
    for (int64_t y = -v.pad_h; y + below < v.h + v.pad_h; y += v.stride_h) ++lines;
    for (int64_t x = -v.pad_w; x + right < v.w + v.pad_w; x += v.stride_w) ++columns;
    CHECK_EQUAL(out_height(v), lines);
    CHECK_EQUAL(out_width(v), columns);
  }
  CHECK_CASES(kWindows);
}

TEST(im2row_equals_reference) {
  Guarded<float> x, rows;
  for_windows(windows(), [&](const Window& v, int64_t i, Random& random) {
    const Floats image = random.reals(input_size(v));
    Doubles expected(static_cast<size_t>(rows_size(v)));
    reference::im2row(v, widen(image).data(), expected.data());
    rows.place(rows_size(v), side_of(i));
    im2row(v, x.place(image, side_of(i)), rows.data());
    CHECK_NONE(difference(rows.values(), expected));
    CHECK_NONE(rows.check());
  });
  CHECK_CASES(kWindows);
}

TEST(row2im_equals_reference) {
  Guarded<float> rows, x;
  for (bool average : {false, true}) {
    for_windows(windows(), [&](const Window& v, int64_t i, Random& random) {
      const Floats entries = random.integers(rows_size(v));
      Doubles expected(static_cast<size_t>(input_size(v)));
      reference::row2im(v, widen(entries).data(), expected.data(), average);
      x.place(input_size(v), side_of(i));
      row2im(v, rows.place(entries, side_of(i)), x.data(), average);
      CHECK_NONE(difference(x.values(), rounded(expected)));
      CHECK_NONE(x.check());
    });
  }
  CHECK_CASES(2 * kWindows);
}

TEST(row2im_is_the_adjoint_of_im2row) {
  for_windows(windows(), [&](const Window& v, int64_t, Random& random) {
    // Integers: both products are exact, whatever the order of their sums.
    const Floats image = random.integers(input_size(v)), entries = random.integers(rows_size(v));
    Floats rows(entries.size()), x(image.size());
    im2row(v, image.data(), rows.data());
    row2im(v, entries.data(), x.data(), false);
    CHECK_EQUAL(dot(rows, entries), dot(image, x));
  });
  CHECK_CASES(kWindows);
}

TEST(row2im_average_restores_the_image_under_the_windows) {
  for_windows(windows(), [&](const Window& v, int64_t, Random& random) {
    const Floats image = random.integers(input_size(v), 100);
    Doubles expected(image.size(), 0.0);
    reference::for_each_entry(v, [&](int64_t, int64_t, int64_t pixel) {
      if (pixel >= 0) expected[static_cast<size_t>(pixel)] = image[static_cast<size_t>(pixel)];
    });
    Floats rows(static_cast<size_t>(rows_size(v))), x(image.size());
    im2row(v, image.data(), rows.data());
    row2im(v, rows.data(), x.data(), true);
    CHECK_NONE(difference(x, expected));
  });
  CHECK_CASES(kWindows);
}

TEST(im2col_is_the_transpose_of_im2row) {
  Guarded<float> image, cols;
  for_windows(windows(), [&](Window v, int64_t i, Random& random) {
    v.n = 1;
    const int64_t pixels = out_pixels(v), ld = pixels + i % 3;
    const Floats x = random.reals(input_size(v));
    Floats rows(static_cast<size_t>(rows_size(v)));
    kernels().im2row(v, x.data(), rows.data());
    cols.place((taps(v) - 1) * ld + pixels, side_of(i));
    kernels().im2col(v, image.place(x, side_of(i)), cols.data(), ld);
    for (int64_t tap = 0; tap < taps(v); ++tap) {
      for (int64_t p = 0; p < ld && (tap + 1 < taps(v) || p < pixels); ++p) {
        const float* const entry = cols.data() + tap * ld + p;
        if (p < pixels) {
          CHECK_EQUAL(*entry, rows[static_cast<size_t>(p * taps(v) + tap)]);
        } else {
          CHECK(is_guard(entry));
        }
      }
    }
    CHECK_NONE(cols.check());
  });
  CHECK_CASES(kWindows);
}

TEST(row2im_and_col2im_add_to_the_image) {
  Guarded<float> entries, image;
  for_windows(windows(), [&](Window v, int64_t i, Random& random) {
    v.n = 1;
    const int64_t pixels = out_pixels(v), ld = pixels + i % 3;
    const Floats rows = random.integers(rows_size(v)), before = random.integers(input_size(v));
    Doubles expected(before.size());
    reference::row2im(v, widen(rows).data(), expected.data(), false);
    for (size_t p = 0; p < expected.size(); ++p) expected[p] += before[p];

    image.place(before, side_of(i));
    kernels().row2im(v, entries.place(rows, side_of(i)), image.data());
    CHECK_NONE(difference(image.values(), expected));
    CHECK_NONE(image.check());

    // The gap between the lines of cols holds guard values, which would spoil the image.
    entries.place((taps(v) - 1) * ld + pixels, side_of(i));
    for (int64_t tap = 0; tap < taps(v); ++tap) {
      for (int64_t p = 0; p < pixels; ++p) {
        entries.data()[tap * ld + p] = rows[static_cast<size_t>(p * taps(v) + tap)];
      }
    }
    image.place(before, side_of(i));
    kernels().col2im(v, entries.data(), ld, image.data());
    CHECK_NONE(difference(image.values(), expected));
    CHECK_NONE(image.check());
  });
  CHECK_CASES(kWindows);
}

TEST(pool2row_and_row2pool_equal_reference) {
  Guarded<float> x, rows;
  for_windows(pool_windows(), [&](const Window& v, int64_t i, Random& random) {
    const Floats image = random.reals(input_size(v)), entries = random.integers(rows_size(v));
    Doubles expected(entries.size());
    reference::pool2row(v, widen(image).data(), expected.data());
    rows.place(rows_size(v), side_of(i));
    pool2row(v, x.place(image, side_of(i)), rows.data());
    CHECK_NONE(difference(rows.values(), expected));
    CHECK_NONE(rows.check());

    for (bool average : {false, true}) {
      Doubles picture(image.size());
      reference::row2pool(v, widen(entries).data(), picture.data(), average);
      x.place(input_size(v), side_of(i));
      row2pool(v, rows.place(entries, side_of(i)), x.data(), average);
      CHECK_NONE(difference(x.values(), rounded(picture)));
      CHECK_NONE(x.check());
    }
  });
  CHECK_CASES(kPoolWindows);
}

}  // namespace rownet::test
