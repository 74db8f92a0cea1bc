#include "harness.h"

#include <signal.h>
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <cstdarg>
#include <cstdio>
#include <cstring>
#include <exception>
#include <vector>

#include "kernel_table.h"
#include "threads.h"

namespace rownet::test {

namespace {

constexpr int64_t kQuickShare = 16;

struct Test {
  const char* name;
  Runs runs;
  void (*body)();
};

std::vector<Test>& tests() {
  static std::vector<Test> list;
  return list;
}

struct Failure : std::exception {
  std::string message;
  const char* what() const noexcept override { return message.c_str(); }
};

char problem_text[1024];
int64_t cases = 0, cases_taken = 0, checks = 0;
bool quick = false;
IsaLevel level_in_use = IsaLevel::portable;

void write_text(const char* text) {
  // The result does not matter: the process is ending.
  if (write(STDERR_FILENO, text, std::strlen(text)) < 0) _exit(1);
}

// Only async-signal-safe calls. The disposition is back to its default, so returning ends the
// process with the same signal.
void on_crash(int signal_number) {
  write_text(signal_number == SIGILL ? "illegal instruction" : "memory fault");
  write_text(" in: ");
  write_text(problem_text[0] == '\0' ? "(no problem described)" : problem_text);
  write_text("\n");
}

void report_crashes() {
  static char stack[64 * 1024];
  stack_t alternate{};
  alternate.ss_sp = stack;
  alternate.ss_size = sizeof stack;
  sigaltstack(&alternate, nullptr);
  struct sigaction action{};
  action.sa_handler = on_crash;
  action.sa_flags = SA_ONSTACK | static_cast<int>(SA_RESETHAND);
  for (int signal_number : {SIGSEGV, SIGBUS, SIGILL, SIGFPE}) {
    sigaction(signal_number, &action, nullptr);
  }
}

// True when the test passes at the level.
bool run(const Test& test, IsaLevel isa) {
  const char* label = test.runs == Runs::kOnce ? "-" : isa_level_name(isa);
  level_in_use = isa;
  use_isa_level(isa);
  set_thread_count(1);
  problem_text[0] = '\0';
  cases = cases_taken = checks = 0;
  const auto start = std::chrono::steady_clock::now();
  std::string failure;
  try {
    test.body();
    if (checks == 0) failure = "the test checked nothing";
  } catch (const std::exception& error) {
    failure = error.what();
  }
  const std::chrono::duration<double, std::milli> elapsed =
      std::chrono::steady_clock::now() - start;
  std::printf("%s %s %s (%lld cases, %lld checks, %.0f ms)\n", failure.empty() ? "ok" : "FAILED",
              test.name, label, static_cast<long long>(cases_taken), static_cast<long long>(checks),
              elapsed.count());
  if (!failure.empty()) std::printf("  %s\n  in: %s\n", failure.c_str(), problem_text);
  std::fflush(stdout);
  return failure.empty();
}

int usage(const std::string& message) {
  std::fprintf(stderr,
               "%s\nusage: rownet-native-tests [--list] [--run NAME] [--isa LEVEL] [--quick]\n",
               message.c_str());
  return 2;
}

}  // namespace

Registration::Registration(const char* name, Runs runs, void (*body)()) {
  tests().push_back({name, runs, body});
}

void problem(const char* format, ...) {
  va_list arguments;
  va_start(arguments, format);
  std::vsnprintf(problem_text, sizeof problem_text, format, arguments);
  va_end(arguments);
}

bool next_case() {
  const bool taken = !quick || cases % kQuickShare == 0;
  ++cases;
  if (taken) ++cases_taken;
  return taken;
}

IsaLevel level() { return level_in_use; }

void fail(const char* file, int line, const std::string& message) {
  Failure failure;
  failure.message = std::string(file) + ":" + std::to_string(line) + ": " + message;
  throw failure;
}

void count_check() { ++checks; }

void check_cases(const char* file, int line, int64_t expected) {
  check_equal(file, line, "number of cases", cases, expected);
  check_equal(file, line, "number of cases run", cases_taken,
              quick ? (expected + kQuickShare - 1) / kQuickShare : expected);
}

int main(int argc, char** argv) {
  bool list = false;
  std::string name, isa;
  for (int i = 1; i < argc; ++i) {
    const std::string option = argv[i];
    if (option == "--list") {
      list = true;
    } else if (option == "--quick") {
      quick = true;
    } else if ((option == "--run" || option == "--isa") && i + 1 < argc) {
      (option == "--run" ? name : isa) = argv[++i];
    } else {
      return usage("unknown option or missing value: " + option);
    }
  }
  std::vector<IsaLevel> levels = available_isa_levels();
  if (!isa.empty()) {
    const auto other = [&](IsaLevel candidate) { return isa != isa_level_name(candidate); };
    levels.erase(std::remove_if(levels.begin(), levels.end(), other), levels.end());
    if (levels.empty()) return usage("this build and CPU have no ISA level " + isa);
  }
  report_crashes();
  int passed = 0, failed = 0;
  for (const Test& test : tests()) {
    if (!name.empty() && name != test.name) continue;
    const bool once = test.runs == Runs::kOnce;
    for (IsaLevel candidate : levels) {
      if (once && candidate != levels.back()) continue;
      if (list) {
        std::printf("%s %s\n", test.name, once ? "-" : isa_level_name(candidate));
      } else {
        ++(run(test, candidate) ? passed : failed);
      }
    }
  }
  if (list) return 0;
  if (passed + failed == 0) return usage("no test is named " + name);
  std::printf("%d passed, %d failed\n", passed, failed);
  return failed == 0 ? 0 : 1;
}

}  // namespace rownet::test

int main(int argc, char** argv) { return rownet::test::main(argc, argv); }
