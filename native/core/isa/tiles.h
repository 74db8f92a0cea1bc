// tiles.h: tables of tile kernels, one instance for each number of rows, or of rows and columns.
//
//   constexpr auto kTiles = tile_table<6, 2>([](auto r, auto c) { return my_tile<r, c>; });
//   kTiles(rows, cols)(...);   // 1 <= rows <= 6, 1 <= cols <= 2
//
// The tables are made at compile time, without the C++ library, by the rule of shared functions.
#pragma once

#include <stdint.h>

namespace rownet {
namespace {

// A number that is a type, so that a lambda can take it as an argument and use it in one.
template <int N>
struct Size {
  constexpr operator int() const { return N; }
};

template <int... Is>
struct Sizes {};
// Sizes<1, 2, ..., N>
template <int N, int... Is>
struct SizesUpTo : SizesUpTo<N - 1, N, Is...> {};
template <int... Is>
struct SizesUpTo<0, Is...> {
  using type = Sizes<Is...>;
};

template <typename Tile, int Rows, int Cols>
struct TileTable {
  struct Row {
    Tile cols[Cols];
  };
  Row rows[Rows];
  constexpr Tile operator()(int64_t r, int64_t c = 1) const { return rows[r - 1].cols[c - 1]; }
};

template <int R, typename Row, typename Choose, int... Cs>
constexpr Row tile_row(Choose choose, Sizes<Cs...>) {
  return {{choose(Size<R>(), Size<Cs>())...}};
}
template <int Rows, int Cols, typename Choose, int... Rs>
constexpr auto tile_rows(Choose choose, Sizes<Rs...>) {
  using Table = TileTable<decltype(choose(Size<1>(), Size<1>())), Rows, Cols>;
  using Row = typename Table::Row;
  return Table{{tile_row<Rs, Row>(choose, typename SizesUpTo<Cols>::type())...}};
}

// choose(r, c) is the kernel of that tile; choose(r) where there are only rows.
template <int Rows, int Cols, typename Choose>
constexpr auto tile_table(Choose choose) {
  return tile_rows<Rows, Cols>(choose, typename SizesUpTo<Rows>::type());
}
template <int Rows, typename Choose>
constexpr auto tile_table(Choose choose) {
  return tile_table<Rows, 1>([choose](auto r, auto) { return choose(r); });
}

}  // namespace
}  // namespace rownet
