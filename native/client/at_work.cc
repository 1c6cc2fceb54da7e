#include "client/at_work.h"

#include <errno.h>
#include <string.h>
#include <unistd.h>

#include "client/failure.h"
#include "client/rendezvous.h"
#include "core/core.h"
#include "sys/bound_sockets.h"
#include "sys/descriptors.h"
#include "sys/ready.h"
#include "sys/socket_owners.h"
#include "sys/unix_socket.h"

namespace prefork::client {

namespace {

// Each server has so long to answer. It needs a fraction of a millisecond; on a busy machine it may have to wait for a processor.
constexpr int ANSWER_LIMIT_MS = 250;

// As src/executor/command-line.ts shows what waits for a call, and is none.
constexpr char SPARE_NAME[] = "prefork-interp: spare";

enum class Reply { none, at_rest, at_work };

// What has come so far.
Reply judge(const uint8_t *bytes, size_t length) {
  core::Message message;
  const core::Push push = core::messages_push(bytes, length, &message);
  if (push.code != core::E_NONE) return push.code == core::NEED_DATA ? Reply::none : Reply::at_work;
  if (message.kind != core::Kind::reply) return Reply::at_work;
  const bool calls = core::message_number(core::FIELD_RUNNING) > 0 || core::message_number(core::FIELD_WAITING) > 0;
  return calls ? Reply::at_work : Reply::at_rest;
}

bool is_at_rest(int connection, long long deadline) {
  uint8_t question[core::MESSAGE_SMALL_BYTES];
  const size_t length = core::message_encode(core::Kind::control, core::OPERATION_STATUS, question);
  const iovec whole{question, length};
  if (sys::send(connection, &whole, 1, nullptr, 0, MSG_DONTWAIT) != static_cast<ssize_t>(length)) return false;
  core::messages_begin();
  for (;;) {
    const long long left = deadline - sys::monotonic_milliseconds();
    pollfd wanted{connection, POLLIN, 0};
    if (left <= 0 || sys::wait_ready(&wanted, 1, static_cast<int>(left)) <= 0) return false;
    uint8_t bytes[512];
    size_t descriptors = 0;
    const ssize_t received = sys::receive(connection, bytes, sizeof(bytes), nullptr, 0, &descriptors, MSG_DONTWAIT);
    // An end before the answer is "no server", as for any caller: it has just gone, or is going.
    if (received == 0 || (received < 0 && errno == ECONNRESET)) return true;
    if (received < 0) return false;
    const Reply reply = judge(bytes, static_cast<size_t>(received));
    if (reply != Reply::none) return reply == Reply::at_rest;
  }
}

enum class Listening { no, yes, unknown };

// Connects, and says on what.
Listening connect(const char *socket, int *connection) {
  *connection = sys::stream_socket(SOCK_NONBLOCK);
  if (*connection < 0) return Listening::unknown;
  if (sys::connect_to(*connection, socket) == 0) return Listening::yes;
  const int error = errno;
  sys::close_descriptor(*connection);
  *connection = -1;
  return error == ECONNREFUSED || error == ENOENT ? Listening::no : Listening::unknown;
}

bool answers_that_it_rests(const char *socket, long long deadline) {
  int connection;
  const Listening listening = connect(socket, &connection);
  if (listening != Listening::yes) return listening == Listening::no;
  const long long own = sys::monotonic_milliseconds() + ANSWER_LIMIT_MS;
  const bool rests = is_at_rest(connection, own < deadline ? own : deadline);
  sys::close_descriptor(connection);
  return rests;
}

// A server of version 1 takes whoever connects for a call: that is left for the end, where the kernel knows nobody who listens there.
bool seems_to_rest(const char *socket) {
  sys::BoundSockets sockets;
  if (sys::look_at_bound(socket, &sockets) && sockets.listener != 0) {
    return !sockets.connected && sys::children_of_owners(sockets.listener, SPARE_NAME) == sys::Children::none;
  }
  int connection;
  const Listening listening = connect(socket, &connection);
  if (listening == Listening::yes) sys::close_descriptor(connection);
  return listening == Listening::no;
}

}  // namespace

bool may_be_at_work(const char *socket, long long deadline) {
  // Behind the letter.
  const char *ident = strrchr(socket, '/') + 2;
  return is_ident_of_ours(ident) ? !answers_that_it_rests(socket, deadline) : !seems_to_rest(socket);
}

}  // namespace prefork::client
