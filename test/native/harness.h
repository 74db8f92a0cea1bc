// harness.h: registration, checks and command line of the native tests. Our own, so that a machine
// with CMake and a compiler builds them with nothing else.
//
//   TEST(name) { ... }        runs at every ISA level this CPU has
//   TEST_ONCE(name) { ... }   does not depend on the level
//
// The first failure ends a test. What problem() described last is printed with it, and also when
// the test crashes: a read behind an operand's end is a fault (see memory.h).
#pragma once

#include <cstdint>
#include <sstream>
#include <string>

#include "cpu.h"

namespace rownet::test {

enum class Runs { kEveryLevel, kOnce };

struct Registration {
  Registration(const char* name, Runs runs, void (*body)());
};

// Describes, as printf does, what the next checks are about.
__attribute__((format(printf, 1, 2))) void problem(const char* format, ...);

// Counts one case of a generated list; true when this run takes it: always, or, with --quick, for
// one case in sixteen.
bool next_case();

// The ISA level that the test runs at.
IsaLevel level();

[[noreturn]] void fail(const char* file, int line, const std::string& message);
void count_check();
void check_cases(const char* file, int line, int64_t expected);

template <typename A, typename B>
void check_equal(const char* file, int line, const char* text, const A& actual, const B& expected) {
  count_check();
  if (actual == expected) return;
  std::ostringstream message;
  message.precision(17);
  message << text << ": expected " << expected << " but received " << actual;
  fail(file, line, message.str());
}

}  // namespace rownet::test

#define ROWNET_TEST(name, runs)                                                                \
  static void test_##name();                                                                   \
  static const rownet::test::Registration registration_##name(#name, rownet::test::Runs::runs, \
                                                              test_##name);                    \
  static void test_##name()
#define TEST(name) ROWNET_TEST(name, kEveryLevel)
#define TEST_ONCE(name) ROWNET_TEST(name, kOnce)

#define CHECK(condition)                                                  \
  do {                                                                    \
    rownet::test::count_check();                                          \
    if (!(condition)) rownet::test::fail(__FILE__, __LINE__, #condition); \
  } while (false)
#define CHECK_EQUAL(actual, expected) \
  rownet::test::check_equal(__FILE__, __LINE__, #actual, actual, expected)
// `difference` is what compare.h returns: empty when there is none.
#define CHECK_NONE(difference)                                                                   \
  do {                                                                                           \
    rownet::test::count_check();                                                                 \
    const std::string text_of_difference = (difference);                                         \
    if (!text_of_difference.empty()) rownet::test::fail(__FILE__, __LINE__, text_of_difference); \
  } while (false)
// A generated list can turn out empty, or lose a loop: the number of its cases is asserted too.
#define CHECK_CASES(count) rownet::test::check_cases(__FILE__, __LINE__, count)
