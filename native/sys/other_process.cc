#include "sys/other_process.h"

#include <stdlib.h>
#include <string.h>

#include "sys/decimal.h"
#include "sys/small_file.h"

namespace prefork::sys {

namespace {

constexpr char PROCESSES[] = "/proc/";

// What is wanted of either file is at its beginning: before the state come a number and a name of 15 bytes (64 for a worker of the
// kernel's), before the parent a letter more.
constexpr size_t BEGINNING = 256;

ssize_t read_of(pid_t pid, const char *name, char (&out)[BEGINNING]) {
  if (pid <= 0) return -1;
  char digits[DECIMAL_DIGITS + 1];
  char *const end = digits + DECIMAL_DIGITS;
  *end = 0;
  char path[sizeof(PROCESSES) + DECIMAL_DIGITS + 16];
  strcpy(path, PROCESSES);
  strcat(path, write_decimal(static_cast<unsigned long long>(pid), end));
  strcat(path, name);
  const ssize_t got = read_small(path, out, sizeof(out) - 1);
  if (got >= 0) out[got] = 0;
  return got;
}

}  // namespace

bool look_at_process(pid_t pid, ProcessLook *look) {
  char stat[BEGINNING];
  if (read_of(pid, "/stat", stat) <= 0) return false;
  // The name is in parentheses, and may itself hold spaces and parentheses; nothing behind it does.
  const char *behind = strrchr(stat, ')');
  if (behind == nullptr || strlen(behind) < sizeof(") S 1") - 1) return false;
  look->state = behind[2];
  look->parent = static_cast<pid_t>(strtol(behind + 4, nullptr, 10));
  return true;
}

bool command_line_begins(pid_t pid, const char *beginning) {
  char line[BEGINNING];
  return read_of(pid, "/cmdline", line) > 0 && strncmp(line, beginning, strlen(beginning)) == 0;
}

}  // namespace prefork::sys
