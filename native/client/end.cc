#include "client/end.h"

#include <string.h>
#include <unistd.h>

#include "client/failure.h"
#include "client/trace.h"
#include "sys/process.h"

namespace prefork::client {

namespace {

// What a shell makes of a signal: for where the signal itself does not end the process, as with process 1 of a container.
constexpr int EXIT_SIGNAL_BASE = 128;

[[noreturn]] void fail_killed(const Context &context, const core::Meaning &meaning) {
  Line line;
  line.text(subject_of(context)).text(" was killed by signal ").number(meaning.value);
  line.text(" (").text(strsignal(meaning.value)).text(")");
  fail(meaning.core ? line.text(" (core dumped)") : line);
}

}  // namespace

void end_by(int signal) {
  sys::end_by_signal(signal);
  _exit(EXIT_SIGNAL_BASE + signal);
}

void end_as_told(core::WaitTable table, uint32_t wait_status, const Context &context) {
  note_moment(core::MOMENT_CLIENT_ENDED);
  leave_trace(table == core::WaitTable::exact ? "v2" : "v1");
  const core::Meaning meaning = core::wait_status(table, wait_status);
  switch (meaning.action) {
    case core::Action::exit:
      _exit(meaning.value);
    case core::Action::raise:
      end_by(meaning.value);
    case core::Action::report_signal:
      fail_killed(context, meaning);
    case core::Action::report_status:
      break;
  }
  fail(Line().text("the server of ").text(subject_of(context)).text(" reports a wait status that means nothing: ").number(wait_status));
}

void fail_lost(const Context &context, const char *how) {
  fail(Line().text("lost the server of ").text(subject_of(context)).text(": ").text(how));
}

}  // namespace prefork::client
