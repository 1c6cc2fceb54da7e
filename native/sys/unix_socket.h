// Unix sockets (unix(7)): connecting, listening, data with descriptors, and who is at the other end.
//
// Every descriptor made here is close-on-exec, and no write raises SIGPIPE.
//
// No file here is named like one of the C library's sys/ headers: with native/ on the include path it would hide that one.
#pragma once

#include <stddef.h>
#include <sys/socket.h>
#include <sys/types.h>
#include <sys/un.h>
#include <sys/uio.h>

namespace prefork::sys {

// Most descriptors that one receive() can be asked for. Linux itself passes at most 253 (SCM_MAX_FD).
inline constexpr size_t DESCRIPTORS_PER_MESSAGE = 32;

// A new stream socket, blocking unless `flags` has SOCK_NONBLOCK.
int stream_socket(int flags = 0);

// connect(2) and bind(2) to a path; ENAMETOOLONG where it does not fit, its NUL included. An interrupted connect is taken
// up again: to a Unix socket it either happens or leaves the socket unconnected.
int connect_to(int fd, const char *path);
int bind_to(int fd, const char *path);

// accept4(2), the connection in blocking mode. EINTR is taken up again.
int accept_connection(int listener);

// socketpair(2), streams.
int socket_pair(int (&ends)[2]);

// SO_PEERCRED: who connected, or, seen by who connected, who called listen(2).
struct Credentials {
  pid_t pid;
  uid_t uid;
  gid_t gid;
};
int peer_credentials(int fd, Credentials *credentials);

// getsockname(2): the path that a Unix socket is bound to, with its NUL; empty where it has none.
int bound_path(int fd, char (&path)[sizeof(sockaddr_un::sun_path) + 1]);

// recvmsg(2): at most `size` bytes and `maximum` descriptors; 0 at the end of the stream. *count is always set.
// Descriptors over the maximum, or a control message that the kernel cut short (MSG_CTRUNC): all that came are closed, and
// it fails with EMSGSIZE. EINTR is taken up again.
ssize_t receive(int fd, void *data, size_t size, int *descriptors, size_t maximum, size_t *count, int flags);

// recv(2) with MSG_PEEK and MSG_DONTWAIT: bytes that stay where they are, as do the descriptors that came with them. At most
// those of one sendmsg(2) where that had descriptors.
ssize_t peek(int fd, void *data, size_t size);

// SIOCINQ, see unix(7), by the name that the C library has for it (FIONREAD): how many bytes are queued.
int queued(int fd, int *bytes);

// sendmsg(2) with MSG_NOSIGNAL: some or all of the bytes, the descriptors with the first of them. EINTR is taken up again.
ssize_t send(int fd, const iovec *pieces, size_t piece_count, const int *descriptors, size_t descriptor_count, int flags);

// All of the bytes, however many calls it takes; 0 once all have gone.
int send_all(int fd, const void *data, size_t size);

// Several messages, each with its own descriptors: all of all of them, in as few calls as possible (sendmmsg(2)).
struct Message {
  const void *data;
  size_t size;  // at least 1
  const int *descriptors;
  size_t descriptor_count;  // 0 or 1
};
inline constexpr size_t MESSAGES_PER_CALL = 8;
int send_messages(int fd, const Message *messages, size_t count);

// One datagram to a path (syslog's, say), never waiting: EAGAIN where the receiver's queue is full.
int send_datagram(const char *path, const void *data, size_t size);

}  // namespace prefork::sys
