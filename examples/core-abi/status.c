/*
 * Asks a server how it is, by core.wasm, which wasm2c has translated to C: an example for hosts in other languages. What is called here is what
 * docs/core-abi.md says; in another language the WebAssembly runtime has the same functions and the same memory.
 *
 *     status SOCKET
 */
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <sys/un.h>
#include <unistd.h>

#include "generated/core.h"

/* Of docs/protocol.md and docs/core-abi.md. */
enum { KIND_CONTROL = 'Q', KIND_REPLY = 'R', KIND_REFUSED = 'N' };
enum { FIELD_PID = 11, FIELD_REASON = 13, FIELD_SCRIPT = 14, FIELD_CALLS = 17 };
enum { OPERATION_STATUS = 1, NEED_DATA = -1, E_NONE = 0 };
enum { LIMIT_SECONDS = 10 };

static w2c_core core;

static uint8_t *at(uint32_t address) { return core.w2c_memory.data + address; }

static void fail(const char *what, const char *about) {
  fprintf(stderr, "status: %s %s\n", what, about);
  exit(1);
}

static int connect_to(const char *path) {
  struct sockaddr_un address = {.sun_family = AF_UNIX};
  if (strlen(path) >= sizeof address.sun_path) fail("the path is too long:", path);
  strcpy(address.sun_path, path);
  int connection = socket(AF_UNIX, SOCK_STREAM, 0);
  if (connection < 0 || connect(connection, (struct sockaddr *)&address, sizeof address) < 0) fail(path, strerror(errno));
  struct timeval limit = {.tv_sec = LIMIT_SECONDS};
  setsockopt(connection, SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof limit);
  return connection;
}

/* The core has written a message: it is sent. */
static void send_message(int connection, uint32_t length) {
  const uint8_t *bytes = at(w2c_core_message_bytes(&core));
  if (length == 0) fail("nothing can be sent,", "the message is none");
  for (uint32_t sent = 0; sent < length;) {
    ssize_t count = send(connection, bytes + sent, length - sent, MSG_NOSIGNAL);
    if (count < 0) fail("send(2):", strerror(errno));
    sent += (uint32_t)count;
  }
}

/* Receives into the core's input until the core says that a message is whole there. */
static void receive_message(int connection) {
  uint8_t *input = at(w2c_core_input(&core));
  uint32_t received = 0;
  for (;;) {
    int code = (int)w2c_core_message_take(&core, 0, received);
    if (code == E_NONE) return;
    if (code != NEED_DATA) {
      char number[16];
      snprintf(number, sizeof number, "%d", code);
      fail("the server sent what is no message: error", number);
    }
    /* No more than the message: it is never longer than the input. */
    ssize_t count = recv(connection, input + received, w2c_core_message_wanted(&core) - received, 0);
    if (count < 0) fail("recv(2):", strerror(errno));
    if (count == 0) fail("the server", "closed the connection");
    received += (uint32_t)count;
  }
}

static void print_field(const char *name, uint32_t tag) {
  uint32_t field = w2c_core_message_field(&core, tag);
  if (field == 0) return;
  printf("%s ", name);
  fwrite(at(field), 1, w2c_core_message_field_length(&core, tag), stdout);
  putchar('\n');
}

int main(int argc, char **argv) {
  if (argc != 2) fail("usage:", "status SOCKET");
  wasm2c_core_instantiate(&core);
  int connection = connect_to(argv[1]);
  send_message(connection, w2c_core_message_encode(&core, KIND_CONTROL, OPERATION_STATUS));
  receive_message(connection);
  switch (w2c_core_message_kind(&core)) {
    case KIND_REPLY:
      printf("pid %" PRIu32 "\n", w2c_core_message_number(&core, FIELD_PID));
      printf("calls %" PRIu64 "\n", w2c_core_message_large(&core, FIELD_CALLS));
      print_field("script", FIELD_SCRIPT);
      break;
    case KIND_REFUSED:
      print_field("refused:", FIELD_REASON);
      break;
    default:
      fail("the server", "did not reply");
  }
  close(connection);
  return 0;
}
