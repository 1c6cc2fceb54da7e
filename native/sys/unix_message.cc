// The half of unix_socket.h that moves data and descriptors: cmsg(3) and nothing else.
#include <errno.h>
#include <string.h>
#include <unistd.h>

#include "sys/descriptors.h"
#include "sys/unix_socket.h"

namespace prefork::sys {

namespace {

// An SCM_RIGHTS control message, laid out and aligned for use as msg_control.
struct DescriptorMessage {
  alignas(cmsghdr) unsigned char bytes[CMSG_SPACE(sizeof(int) * DESCRIPTORS_PER_MESSAGE)];
};

// Fills it, and returns the length for msg_controllen. `count` is 1 to DESCRIPTORS_PER_MESSAGE.
size_t pack_descriptors(DescriptorMessage *message, const int *descriptors, size_t count) {
  const size_t bytes = count * sizeof(int);
  memset(message->bytes, 0, CMSG_SPACE(bytes));
  auto *control = reinterpret_cast<cmsghdr *>(message->bytes);
  control->cmsg_level = SOL_SOCKET;
  control->cmsg_type = SCM_RIGHTS;
  control->cmsg_len = CMSG_LEN(bytes);
  memcpy(CMSG_DATA(control), descriptors, bytes);
  return CMSG_SPACE(bytes);
}

// Takes the descriptors out of a received message. Those over the maximum are closed; returns how many there were.
size_t unpack_descriptors(msghdr *header, int *descriptors, size_t maximum) {
  size_t found = 0;
  for (cmsghdr *control = CMSG_FIRSTHDR(header); control != nullptr; control = CMSG_NXTHDR(header, control)) {
    if (control->cmsg_level != SOL_SOCKET || control->cmsg_type != SCM_RIGHTS) continue;
    const size_t bytes = control->cmsg_len - CMSG_LEN(0);
    for (size_t at = 0; at + sizeof(int) <= bytes; at += sizeof(int)) {
      int fd;
      // By memcpy: cmsg data need not be aligned for an int (cmsg(3)).
      memcpy(&fd, CMSG_DATA(control) + at, sizeof(fd));
      if (found < maximum) {
        descriptors[found] = fd;
      } else {
        close_descriptor(fd);
      }
      found++;
    }
  }
  return found;
}

}  // namespace

ssize_t receive(int fd, void *data, size_t size, int *descriptors, size_t maximum, size_t *count, int flags) {
  *count = 0;
  if (maximum > DESCRIPTORS_PER_MESSAGE) {
    errno = EINVAL;
    return -1;
  }
  iovec piece{data, size};
  DescriptorMessage control;
  msghdr header;
  ssize_t bytes;
  do {
    memset(&header, 0, sizeof(header));
    header.msg_iov = &piece;
    header.msg_iovlen = 1;
    header.msg_control = control.bytes;
    header.msg_controllen = sizeof(control.bytes);
    bytes = recvmsg(fd, &header, flags | MSG_CMSG_CLOEXEC);
  } while (bytes < 0 && errno == EINTR);
  if (bytes < 0) return -1;
  const size_t found = unpack_descriptors(&header, descriptors, maximum);
  if (found <= maximum && (header.msg_flags & MSG_CTRUNC) == 0) {
    *count = found;
    return bytes;
  }
  const size_t kept = found < maximum ? found : maximum;
  for (size_t i = 0; i < kept; i++) close_descriptor(descriptors[i]);
  errno = EMSGSIZE;
  return -1;
}

ssize_t peek(int fd, void *data, size_t size) {
  ssize_t bytes;
  do {
    // Without room for a control message the kernel makes no descriptors here, and keeps those that are queued
    // (unix_stream_read_generic and scm_recv_unix).
    bytes = recv(fd, data, size, MSG_PEEK | MSG_DONTWAIT);
  } while (bytes < 0 && errno == EINTR);
  return bytes;
}

ssize_t send(int fd, const iovec *pieces, size_t piece_count, const int *descriptors, size_t descriptor_count, int flags) {
  if (descriptor_count > DESCRIPTORS_PER_MESSAGE) {
    errno = EINVAL;
    return -1;
  }
  DescriptorMessage control;
  msghdr header;
  memset(&header, 0, sizeof(header));
  header.msg_iov = const_cast<iovec *>(pieces);
  header.msg_iovlen = static_cast<decltype(header.msg_iovlen)>(piece_count);
  if (descriptor_count > 0) {
    header.msg_control = control.bytes;
    header.msg_controllen =
        static_cast<decltype(header.msg_controllen)>(pack_descriptors(&control, descriptors, descriptor_count));
  }
  ssize_t sent;
  do {
    sent = sendmsg(fd, &header, flags | MSG_NOSIGNAL);
  } while (sent < 0 && errno == EINTR);
  return sent;
}

int send_all(int fd, const void *data, size_t size) {
  const auto *bytes = static_cast<const unsigned char *>(data);
  while (size > 0) {
    const iovec piece{const_cast<unsigned char *>(bytes), size};
    const ssize_t sent = send(fd, &piece, 1, nullptr, 0, 0);
    if (sent < 0) return -1;
    bytes += sent;
    size -= static_cast<size_t>(sent);
  }
  return 0;
}

}  // namespace prefork::sys
