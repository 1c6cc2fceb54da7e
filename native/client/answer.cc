#include "client/answer.h"

#include <errno.h>

#include "client/failure.h"
#include "client/incoming.h"

namespace prefork::client {

namespace {

const char *reason = "";

// More than a socket's queue holds, at a few bytes each: a server that never stops talking is not listened to for ever.
constexpr int LOOKS_LIMIT = 1000;

Answer judge(const core::Message &message) {
  switch (message.kind) {
    case core::Kind::started:
      return Answer::started;
    case core::Kind::refused:
      reason = Line().text(message.reason).bytes();
      return Answer::refused;
    case core::Kind::ended:
      // The executor's last deed before it becomes the script is to say `started`.
      reason = Line().text("the process that was to run it ended before that, with wait status ").natural(message.value).bytes();
      return Answer::refused;
    case core::Kind::stopped:
    case core::Kind::continued:
    case core::Kind::moments:
      // It had not begun, and nobody has to follow it.
      return Answer::late;
    default:
      reason = Line().text("a message of kind ").number(static_cast<int>(message.kind)).text(" is no answer to a call").bytes();
      return Answer::garbled;
  }
}

Answer take_answer() {
  core::Message message;
  core::Code code = core::E_NONE;
  for (;;) {
    switch (take_message(&message, &code)) {
      case Taken::none:
        return Answer::late;
      case Taken::garbled:
        reason = words_of(code, core::messages_subject()).bytes();
        return Answer::garbled;
      case Taken::message:
        break;
    }
    const Answer seen = judge(message);
    if (seen != Answer::late) return seen;
  }
}

}  // namespace

Answer next_answer(int connection, bool *again) {
  *again = false;
  switch (receive_bytes(connection)) {
    case Received::bytes:
      *again = true;
      return take_answer();
    case Received::nothing:
      return Answer::late;
    case Received::ended:
      return Answer::ended;
    case Received::failed:
      break;
  }
  reason = Line().text("what it sends cannot be read").error(errno).bytes();
  return Answer::garbled;
}

Answer all_answers(int connection) {
  Answer seen = Answer::late;
  bool again = true;
  for (int looks = 0; looks < LOOKS_LIMIT && seen == Answer::late && again; looks++) seen = next_answer(connection, &again);
  return seen;
}

const char *refusal_reason() { return reason; }

}  // namespace prefork::client
