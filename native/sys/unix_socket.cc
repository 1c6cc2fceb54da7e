#include "sys/unix_socket.h"

#include <errno.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/un.h>
#include <unistd.h>

#include "sys/descriptors.h"

namespace prefork::sys {

namespace {

int make_address(const char *path, sockaddr_un *address) {
  const size_t length = strlen(path);
  // An empty path would ask for an autobound abstract address (unix(7)).
  if (length == 0 || length >= sizeof(address->sun_path)) {
    errno = length == 0 ? ENOENT : ENAMETOOLONG;
    return -1;
  }
  memset(address, 0, sizeof(*address));
  address->sun_family = AF_UNIX;
  memcpy(address->sun_path, path, length + 1);
  return 0;
}

}  // namespace

int stream_socket(int flags) { return socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | flags, 0); }

int connect_to(int fd, const char *path) {
  sockaddr_un address;
  if (make_address(path, &address) != 0) return -1;
  int result;
  do {
    result = connect(fd, reinterpret_cast<const sockaddr *>(&address), sizeof(address));
  } while (result != 0 && errno == EINTR);
  return result;
}

int bind_to(int fd, const char *path) {
  sockaddr_un address;
  if (make_address(path, &address) != 0) return -1;
  return bind(fd, reinterpret_cast<const sockaddr *>(&address), sizeof(address));
}

int accept_connection(int listener) {
  int fd;
  do {
    fd = accept4(listener, nullptr, nullptr, SOCK_CLOEXEC);
  } while (fd < 0 && errno == EINTR);
  return fd;
}

int socket_pair(int (&ends)[2]) { return socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends); }

int queued(int fd, int *bytes) { return ioctl(fd, FIONREAD, bytes); }

int peer_credentials(int fd, Credentials *credentials) {
  ucred peer{};
  socklen_t length = sizeof(peer);
  if (getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &peer, &length) != 0) return -1;
  *credentials = Credentials{peer.pid, peer.uid, peer.gid};
  return 0;
}

int bound_path(int fd, char (&path)[sizeof(sockaddr_un::sun_path) + 1]) {
  // Zeros behind what the kernel writes: a path that fills its field has no NUL of its own (unix(7)).
  sockaddr_un address{};
  socklen_t length = sizeof(address);
  if (getsockname(fd, reinterpret_cast<sockaddr *>(&address), &length) != 0) return -1;
  memcpy(path, address.sun_path, sizeof(address.sun_path));
  path[sizeof(address.sun_path)] = '\0';
  return 0;
}

int send_datagram(const char *path, const void *data, size_t size) {
  sockaddr_un address;
  if (make_address(path, &address) != 0) return -1;
  const int fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
  if (fd < 0) return -1;
  const ssize_t sent =
      sendto(fd, data, size, MSG_NOSIGNAL, reinterpret_cast<const sockaddr *>(&address), sizeof(address));
  close_descriptor(fd);
  return sent < 0 ? -1 : 0;
}

}  // namespace prefork::sys
