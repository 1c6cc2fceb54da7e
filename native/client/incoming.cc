#include "client/incoming.h"

#include <errno.h>

#include "sys/unix_socket.h"

namespace prefork::client {

namespace {

// Dozens of messages with one number each.
uint8_t buffer[512];
size_t taken = 0;
size_t filled = 0;
bool within_message = false;
bool receiving = false;

}  // namespace

void begin_receiving() {
  core::messages_begin();
  taken = filled = 0;
  within_message = false;
  receiving = true;
}

Received receive_bytes(int connection) {
  size_t descriptors = 0;
  const ssize_t received = sys::receive(connection, buffer, sizeof(buffer), nullptr, 0, &descriptors, MSG_DONTWAIT);
  if (received == 0) return Received::ended;
  if (received < 0) {
    if (errno == EAGAIN) return Received::nothing;
    // A queued connection whose listener is closed, and one that is closed with something unread, are reset.
    return errno == ECONNRESET ? Received::ended : Received::failed;
  }
  taken = 0;
  filled = static_cast<size_t>(received);
  return Received::bytes;
}

Taken take_message(core::Message *message, core::Code *code) {
  if (taken == filled) return Taken::none;
  const core::Push push = core::messages_push(buffer + taken, filled - taken, message);
  taken += push.taken;
  within_message = push.code == core::NEED_DATA;
  if (push.code == core::NEED_DATA) return Taken::none;
  *code = push.code;
  return push.code == core::E_NONE ? Taken::message : Taken::garbled;
}

void stop_receiving(int connection) {
  shutdown(connection, SHUT_RD);
  receiving = false;
}

bool receives_more() { return receiving; }

bool is_within_message() { return within_message; }

}  // namespace prefork::client
