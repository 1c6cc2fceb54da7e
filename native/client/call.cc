#include "client/call.h"

#include <errno.h>
#include <unistd.h>

#include "client/failure.h"
#include "sys/ready.h"
#include "sys/unix_socket.h"

// The environment as the caller gave it (environ(7)).
extern char **environ;

namespace prefork::client {

namespace {

// How a connection to nobody ends: closed, or (a queued connection whose listener was closed) reset.
bool has_ended(ssize_t received) { return received == 0 || (received < 0 && errno == ECONNRESET); }

bool is_readable(int fd, const Context &context, int milliseconds) {
  pollfd wanted{fd, POLLIN, 0};
  const int ready = sys::wait_ready(&wanted, 1, milliseconds);
  if (ready < 0) fail(Line().text("cannot wait for the server of ").text(subject_of(context)).error(errno));
  return ready > 0;
}

[[noreturn]] void fail_greeting(const Context &context, const char *how, size_t after) {
  Line line;
  line.text("the greeting of the server of ").text(subject_of(context)).text(how);
  fail(line.natural(after).text(after == 1 ? " byte" : " bytes"));
}

void check(core::Code code, const Context &context) {
  if (code != core::E_NONE) fail_with(code, subject_of(context));
}

core::EncodedRequest encode_request(const Context &context) {
  const core::Options &options = context.options;
  check(core::request_begin(core::Framing::released), context);
  for (char **entry = environ; *entry != nullptr; entry++) check(core::request_environment(*entry), context);
  check(core::request_argument(options.interpreter), context);
  if (options.script != nullptr) check(core::request_argument(options.script), context);
  for (int i = options.first_argument; i < context.argument_count; i++) {
    check(core::request_argument(context.arguments[i]), context);
  }
  core::EncodedRequest request;
  check(core::request_end(&request), context);
  return request;
}

}  // namespace

Greeting read_greeting(int connection, const Context &context, int milliseconds) {
  long long deadline = milliseconds < 0 ? 0 : sys::monotonic_milliseconds() + milliseconds;
  size_t total = 0;
  core::greeting_begin();
  for (;;) {
    if (milliseconds >= 0) {
      const long long left = deadline - sys::monotonic_milliseconds();
      if (!is_readable(connection, context, left > 0 ? static_cast<int>(left) : 0)) {
        if (total == 0) return Greeting::late;
        fail_greeting(context, " stopped after ", total);
      }
    }
    uint8_t bytes[core::GREETING_BYTES + core::GREETING_EXTENSION_LIMIT];
    size_t descriptors = 0;
    const ssize_t received = sys::receive(connection, bytes, sizeof(bytes), nullptr, 0, &descriptors, 0);
    if (has_ended(received)) {
      if (total == 0) return Greeting::ended;
      fail_greeting(context, " ended after ", total);
    }
    if (received < 0) fail(Line().text("cannot read from the server of ").text(subject_of(context)).error(errno));
    // It has begun: the rest of it has as long again, so that it is not given up in its midst.
    if (total == 0 && milliseconds >= 0) deadline = sys::monotonic_milliseconds() + milliseconds;
    total += static_cast<size_t>(received);
    const core::Push push = core::greeting_push(bytes, static_cast<size_t>(received));
    if (push.code == core::NEED_DATA) continue;
    if (push.code != core::E_NONE) fail_with(push.code, subject_of(context));
    // In v1 it is the client's turn now, and a server that goes on speaks something else.
    if (push.taken < static_cast<size_t>(received)) fail_greeting(context, " is followed by other data after ", push.taken);
    return Greeting::complete;
  }
}

bool send_request(int connection, const Context &context) {
  const core::EncodedRequest request = encode_request(context);
  static const int standard[core::REQUEST_DESCRIPTORS] = {STDIN_FILENO, STDOUT_FILENO, STDERR_FILENO};
  // Each carrier is a message of its own: a server may take one descriptor at a time, as the released one does, and the kernel
  // never joins what came with descriptors to what came without (unix(7)).
  sys::Message messages[] = {
      {request.marker, request.marker_length, nullptr, 0},
      {request.carriers, 1, &standard[0], 1},
      {request.carriers + 1, 1, &standard[1], 1},
      {request.carriers + 2, 1, &standard[2], 1},
      {request.rest, request.rest_length, nullptr, 0},
  };
  if (sys::send_messages(connection, messages, sizeof(messages) / sizeof(*messages)) != 0) {
    if (errno == EPIPE || errno == ECONNRESET) return false;
    fail(Line().text("cannot send the call to the server of ").text(subject_of(context)).error(errno));
  }
  return true;
}

}  // namespace prefork::client
