#include "client/rendezvous.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/un.h>
#include <unistd.h>

#include "client/failure.h"
#include "client/identity.h"
#include "client/starter.h"
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

// What comes before the ident in names of scheme 2. A released client, whose idents are digits, never meets them.
constexpr char MARK_OF_OURS[] = "2.";

int held_lock = -1;

void make_path(char (&path)[core::SOCKET_PATH_BYTES], const char *directory, char letter, const char *mark,
               const char *ident) {
  const size_t length = strlen(directory);
  const size_t mark_length = strlen(mark);
  const size_t ident_length = strlen(ident);
  if (length + 2 + mark_length + ident_length >= sizeof(path)) fail_with(core::E_RUN_DIRECTORY_TOO_LONG, directory);
  memcpy(path, directory, length);
  path[length] = '/';
  path[length + 1] = letter;
  memcpy(path + length + 2, mark, mark_length);
  memcpy(path + length + 2 + mark_length, ident, ident_length + 1);
}

int connect_waiting(int fd, const char *path, long long limit) {
  if (sys::connect_to(fd, path) == 0) return 0;
  if (errno != EAGAIN) return -1;
  const long long deadline = sys::monotonic_milliseconds() + limit;
  while (errno == EAGAIN && sys::monotonic_milliseconds() < deadline) {
    sys::wait_ready(nullptr, 0, QUEUE_FULL_INTERVAL_MS);
    if (sys::connect_to(fd, path) == 0) return 0;
  }
  return -1;
}

pid_t check_peer(int fd, const char *path) {
  sys::Credentials peer;
  if (sys::peer_credentials(fd, &peer) != 0) fail(Line().text("cannot tell who listens on ").text(path).error(errno));
  if (peer.uid == getuid()) return peer.pid;
  fail(Line().text("the server on ").text(path).text(" belongs to user ").number(peer.uid).text(", not to this one"));
}

int connect_by(const Rendezvous &rendezvous, int flags, long long limit, pid_t *starter) {
  const int fd = sys::stream_socket(flags);
  if (fd < 0) fail(Line().text("cannot make a socket").error(errno));
  if (connect_waiting(fd, rendezvous.socket, limit) == 0) {
    // It is who called listen(2) whom the kernel remembers, and not who accepts (unix(7)).
    *starter = check_peer(fd, rendezvous.socket);
    return fd;
  }
  if (errno != ECONNREFUSED && errno != ENOENT) {
    fail(Line().text("cannot connect to ").text(rendezvous.socket).error(errno));
  }
  sys::close_descriptor(fd);
  return -1;
}

}  // namespace

void find_rendezvous(const Context &context, const Interpreter &interpreter, bool make_directory, Rendezvous *rendezvous) {
  const bool ours = interpreter.adapted != nullptr;
  const char *mark = ours ? MARK_OF_OURS : "";
  find_run_directory(make_directory, &rendezvous->directory);
  const char *directory = rendezvous->directory.path;
  char ident[core::IDENT_DIGITS + 1];
  const char *chosen = context.options.ident;
  if (chosen != nullptr) {
    const core::Code code = core::check_ident(chosen, strlen(directory) + strlen(mark));
    if (code == core::E_RUN_DIRECTORY_TOO_LONG) fail_with(code, directory);
    if (code != core::E_NONE) fail_for_good_with(code, chosen);
  } else {
    size_t digits = 0;
    const core::Code code = core::ident_digits(strlen(directory), &digits);
    if (code != core::E_NONE) fail_with(code, directory);
    find_identity(context, interpreter, ident);
    ident[digits] = 0;
    chosen = ident;
  }
  make_path(rendezvous->socket, directory, 's', mark, chosen);
  make_path(rendezvous->lock, directory, 'l', mark, chosen);
  rendezvous->ident = rendezvous->socket + strlen(directory) + 2;
}

bool is_ident_of_ours(const char *ident) { return strncmp(ident, MARK_OF_OURS, sizeof(MARK_OF_OURS) - 1) == 0; }

int connect_rendezvous(const Rendezvous &rendezvous) {
  pid_t starter = 0;
  return connect_by(rendezvous, 0, QUEUE_FULL_LIMIT_MS, &starter);
}

int connect_rendezvous_within(const Rendezvous &rendezvous, int milliseconds, pid_t *starter) {
  return connect_by(rendezvous, SOCK_NONBLOCK, milliseconds, starter);
}

void lock_rendezvous(const Context &context, const Rendezvous &rendezvous) {
  // Asked for again and again: a flock(2) that waits could be ended by a signal only, and says nothing of who is waited for.
  for (Pause pause;; pause.make()) {
    held_lock = sys::open_locked(rendezvous.lock);
    if (held_lock >= 0) return;
    if (errno != EWOULDBLOCK) fail(Line().text("cannot lock ").text(rendezvous.lock).error(errno));
    Line why;
    if (waits_in_vain(context, rendezvous, &why)) fail(why);
  }
}

void announce_start() { note_starter(held_lock); }

void unlock_rendezvous() {
  if (held_lock >= 0) sys::close_descriptor(held_lock);
  held_lock = -1;
}

bool is_locked_by_other(const Rendezvous &rendezvous) {
  const int fd = open(rendezvous.lock, O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
  if (fd < 0) return false;
  // Shared, so that those who only ask do not see one another.
  const bool held = sys::lock(fd, sys::LockKind::shared, false) != 0 && errno == EWOULDBLOCK;
  sys::close_descriptor(fd);
  return held;
}

bool remove_rendezvous(const Rendezvous &rendezvous) {
  // The socket first: without the lock file, the next caller would be free to bind a new one.
  const bool was_there = unlink(rendezvous.socket) == 0;
  unlink(rendezvous.lock);
  return was_there;
}

}  // namespace prefork::client
