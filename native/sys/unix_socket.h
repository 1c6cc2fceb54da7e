// Unix sockets (unix(7)): connecting, listening, data with descriptors, and who is at the other end.
//
// Every descriptor made here is close-on-exec, and no write raises SIGPIPE.
//
// No file here is named like one of the C library's sys/ headers: with native/ on the include path it would hide that one.
#pragma once

#include <stddef.h>
#include <sys/socket.h>
#include <sys/types.h>
#include <sys/uio.h>

namespace prefork::sys {

// Most descriptors that one receive() can be asked for. Linux itself passes at most 253 (SCM_MAX_FD).
inline constexpr size_t DESCRIPTORS_PER_MESSAGE = 32;

// A new stream socket, blocking.
int stream_socket();

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

// recvmsg(2): at most `size` bytes and `maximum` descriptors; 0 at the end of the stream. *count is always set.
// Descriptors over the maximum, or a control message that the kernel cut short (MSG_CTRUNC): all that came are closed, and
// it fails with EMSGSIZE. EINTR is taken up again.
ssize_t receive(int fd, void *data, size_t size, int *descriptors, size_t maximum, size_t *count, int flags);

// sendmsg(2) with MSG_NOSIGNAL: some or all of the bytes, the descriptors with the first of them. EINTR is taken up again.
ssize_t send(int fd, const iovec *pieces, size_t piece_count, const int *descriptors, size_t descriptor_count, int flags);

// All of the bytes, however many calls it takes; 0 once all have gone.
int send_all(int fd, const void *data, size_t size);

// One datagram to a path (syslog's, say), never waiting: EAGAIN where the receiver's queue is full.
int send_datagram(const char *path, const void *data, size_t size);

// An SCM_RIGHTS control message, laid out and aligned for use as msg_control.
struct DescriptorMessage {
  alignas(cmsghdr) unsigned char bytes[CMSG_SPACE(sizeof(int) * DESCRIPTORS_PER_MESSAGE)];
};
// Fills it, and returns the length for msg_controllen. `count` is 1 to DESCRIPTORS_PER_MESSAGE.
size_t pack_descriptors(DescriptorMessage *message, const int *descriptors, size_t count);

}  // namespace prefork::sys
