#include "client/rendezvous.h"

#include <errno.h>
#include <string.h>
#include <sys/un.h>
#include <unistd.h>

#include "client/failure.h"
#include "client/identity.h"
#include "sys/descriptors.h"
#include "sys/lock.h"
#include "sys/ready.h"
#include "sys/unix_socket.h"

namespace prefork::client {

namespace {

static_assert(core::SOCKET_PATH_BYTES == sizeof(sockaddr_un::sun_path), "the core knows another struct sockaddr_un");

// connect(2) to a blocking Unix socket waits for room in the listener's queue by itself; only a sandbox or an emulation of
// Linux has been seen to say EAGAIN instead. Asked again this often, for this long, before it is an error.
constexpr int QUEUE_FULL_INTERVAL_MS = 10;
constexpr long long QUEUE_FULL_LIMIT_MS = 30000;

void make_path(char (&path)[core::SOCKET_PATH_BYTES], const char *directory, char letter, const char *ident) {
  const size_t length = strlen(directory);
  const size_t ident_length = strlen(ident);
  if (length + 2 + ident_length >= sizeof(path)) fail_with(core::E_RUN_DIRECTORY_TOO_LONG, directory);
  memcpy(path, directory, length);
  path[length] = '/';
  path[length + 1] = letter;
  memcpy(path + length + 2, ident, ident_length + 1);
}

int connect_waiting(int fd, const char *path) {
  const long long deadline = sys::monotonic_milliseconds() + QUEUE_FULL_LIMIT_MS;
  for (;;) {
    if (sys::connect_to(fd, path) == 0) return 0;
    if (errno != EAGAIN || sys::monotonic_milliseconds() >= deadline) return -1;
    sys::wait_ready(nullptr, 0, QUEUE_FULL_INTERVAL_MS);
  }
}

void check_peer(int fd, const char *path) {
  sys::Credentials peer;
  if (sys::peer_credentials(fd, &peer) != 0) fail(Line().text("cannot tell who listens on ").text(path).error(errno));
  if (peer.uid == getuid()) return;
  fail(Line().text("the server on ").text(path).text(" belongs to user ").number(peer.uid).text(", not to this one"));
}

}  // namespace

void find_rendezvous(const Context &context, bool make_directory, Rendezvous *rendezvous) {
  find_run_directory(make_directory, &rendezvous->directory);
  const char *directory = rendezvous->directory.path;
  char ident[core::IDENT_DIGITS + 1];
  const char *chosen = context.options.ident;
  if (chosen != nullptr) {
    const core::Code code = core::check_ident(chosen, strlen(directory));
    if (code == core::E_RUN_DIRECTORY_TOO_LONG) fail_with(code, directory);
    if (code != core::E_NONE) fail_with(code, chosen);
  } else {
    size_t digits = 0;
    const core::Code code = core::ident_digits(strlen(directory), &digits);
    if (code != core::E_NONE) fail_with(code, directory);
    released_identity(context, ident);
    ident[digits] = 0;
    chosen = ident;
  }
  make_path(rendezvous->socket, directory, 's', chosen);
  make_path(rendezvous->lock, directory, 'l', chosen);
  rendezvous->ident = rendezvous->socket + strlen(directory) + 2;
}

int connect_rendezvous(const Rendezvous &rendezvous) {
  const int fd = sys::stream_socket();
  if (fd < 0) fail(Line().text("cannot make a socket").error(errno));
  if (connect_waiting(fd, rendezvous.socket) == 0) {
    check_peer(fd, rendezvous.socket);
    return fd;
  }
  if (errno != ECONNREFUSED && errno != ENOENT) {
    fail(Line().text("cannot connect to ").text(rendezvous.socket).error(errno));
  }
  sys::close_descriptor(fd);
  return -1;
}

int lock_rendezvous(const Rendezvous &rendezvous) {
  const int lock = sys::open_locked(rendezvous.lock, true);
  if (lock < 0) fail(Line().text("cannot lock ").text(rendezvous.lock).error(errno));
  return lock;
}

void remove_rendezvous(const Rendezvous &rendezvous) {
  // The socket first: without the lock file, the next caller would be free to bind a new one.
  unlink(rendezvous.socket);
  unlink(rendezvous.lock);
}

}  // namespace prefork::client
