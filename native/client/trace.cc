#include "client/trace.h"

#include <errno.h>
#include <fcntl.h>
#include <unistd.h>

#include "client/entry.h"
#include "client/failure.h"
#include "core/sparse.h"
#include "sys/decimal.h"
#include "sys/ready.h"

extern char **environ;

namespace prefork::client {

bool is_traced = false;

namespace {

// A word, a number and a time.
constexpr size_t MOMENT_LINE = 8 + 2 * sys::DECIMAL_DIGITS;
constexpr size_t REASON_LIMIT = 512;
constexpr size_t TEXT_LIMIT = core::MOMENT_LIMIT * MOMENT_LINE + REASON_LIMIT + 32;

const char *file = nullptr;
// By moment; 0 where it was not.
SPARSE uint64_t times[core::MOMENT_LIMIT];
SPARSE char text[TEXT_LIMIT];
size_t length = 0;

void add(const char *string, size_t most) {
  for (; *string != 0 && most > 0; string++, most--) {
    const auto code = static_cast<unsigned char>(*string);
    text[length++] = code < 0x20 || code == 0x7f ? '?' : *string;
  }
}

void add_number(uint64_t number) {
  char digits[sys::DECIMAL_DIGITS + 1];
  char *const end = digits + sys::DECIMAL_DIGITS;
  *end = 0;
  add(sys::write_decimal(number, end), sys::DECIMAL_DIGITS);
}

}  // namespace

void take_moment(int moment) { times[moment] = sys::monotonic_nanoseconds(); }

void forget_moment(int moment) {
  if (is_traced) times[moment] = 0;
}

void take_moments_of_server() {
  uint32_t moment = 0;
  uint64_t time = 0;
  for (size_t place = 0; core::message_moment(place, &moment, &time); place++) {
    // Of another version, which has more of them.
    if (moment < core::MOMENT_LIMIT) times[moment] = time;
  }
}

void begin_trace() {
  char **kept = environ;
  for (char **entry = environ; *entry != nullptr; entry++) {
    if (!is_named(*entry, TRACE_VARIABLE)) {
      // Nothing is written as long as nothing was left out: the page is to stay as it is.
      if (kept != entry) *kept = *entry;
      kept++;
      continue;
    }
    file = *entry + sizeof(TRACE_VARIABLE);
  }
  if (file == nullptr) return;
  *kept = nullptr;
  is_traced = *file != 0;
  note_moment(core::MOMENT_CLIENT_BEGAN);
}

void write_trace(const char *how, const char *why) {
  length = 0;
  for (int moment = 0; moment < core::MOMENT_LIMIT; moment++) {
    if (times[moment] == 0) continue;
    add("moment ", MOMENT_LINE);
    add_number(static_cast<uint64_t>(moment));
    add(" ", 1);
    add_number(times[moment]);
    text[length++] = '\n';
    times[moment] = 0;
  }
  add(how, 16);
  if (*why != 0) add(" ", 1);
  add(why, REASON_LIMIT);
  text[length++] = '\n';
  // Whoever asks has made it: a variable that was left set makes no files.
  const int fd = open(file, O_WRONLY | O_APPEND | O_CLOEXEC | O_NOCTTY | O_NONBLOCK);
  if (fd < 0 || write(fd, text, length) != static_cast<ssize_t>(length)) {
    complain(Line().text("cannot write the trace to ").text(file).error(errno));
  }
  if (fd >= 0) close(fd);
}

}  // namespace prefork::client
