#include "client/listener.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <sys/socket.h>
#include <unistd.h>

#include "client/failure.h"
#include "sys/descriptors.h"
#include "sys/unix_socket.h"

namespace prefork::client {

namespace {

// Leaves a socket file the permissions rw-------. By umask(2) and not by chmod(2) afterwards: a watcher sees a chmod.
constexpr mode_t SOCKET_MASK = S_IXUSR | S_IRWXG | S_IRWXO;

int bind_privately(int fd, const char *path) {
  const mode_t before = umask(SOCKET_MASK);
  const int result = sys::bind_to(fd, path);
  const int error = errno;
  umask(before);
  errno = error;
  return result;
}

[[noreturn]] void fail_on(const char *what, const Rendezvous &rendezvous) {
  fail(Line().text(what).text(" ").text(rendezvous.socket).error(errno));
}

}  // namespace

Listener listen_at(const Rendezvous &rendezvous) {
  Listener listener{};
  if (unlink(rendezvous.socket) != 0 && errno != ENOENT) fail_on("cannot remove the old socket", rendezvous);
  listener.fd = sys::stream_socket();
  if (listener.fd < 0) fail_on("cannot make a socket for", rendezvous);
  if (bind_privately(listener.fd, rendezvous.socket) != 0) fail_on("cannot bind", rendezvous);
  if (lstat(rendezvous.socket, &listener.identity) != 0) fail_on("cannot look at", rendezvous);
  // The server's poll loop must not be held by a caller that has gone again before it was accepted.
  if (sys::set_status_flags(listener.fd, O_RDWR | O_NONBLOCK) != 0) fail_on("cannot set flags of", rendezvous);
  // The largest backlog: cut to net.core.somaxconn by the kernel (listen(2)).
  if (listen(listener.fd, INT_MAX) != 0) fail_on("cannot listen on", rendezvous);
  return listener;
}

}  // namespace prefork::client
