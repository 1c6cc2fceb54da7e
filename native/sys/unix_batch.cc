// The part of unix_socket.h that sends several messages with one call.
#include <errno.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "sys/unix_socket.h"

namespace prefork::sys {

namespace {

// A control message for one descriptor.
struct OneDescriptor {
  alignas(cmsghdr) unsigned char bytes[CMSG_SPACE(sizeof(int))];
};

// sendmmsg(2) past the C library: musl's sends one message at a time, because the kernel's msghdr has wider lengths than its
// own. Both are laid out alike, padding and lengths together, so that zeroed padding makes one the other.
int send_many(int fd, mmsghdr *headers, size_t count) {
  int sent;
  do {
    sent = static_cast<int>(syscall(SYS_sendmmsg, fd, headers, static_cast<unsigned>(count), MSG_NOSIGNAL));
  } while (sent < 0 && errno == EINTR);
  return sent;
}

void fill(mmsghdr *header, iovec *piece, OneDescriptor *control, const Message &message) {
  *piece = iovec{const_cast<void *>(message.data), message.size};
  header->msg_hdr.msg_iov = piece;
  header->msg_hdr.msg_iovlen = 1;
  if (message.descriptor_count == 0) return;
  memset(control, 0, sizeof(*control));
  auto *rights = reinterpret_cast<cmsghdr *>(control->bytes);
  rights->cmsg_level = SOL_SOCKET;
  rights->cmsg_type = SCM_RIGHTS;
  rights->cmsg_len = CMSG_LEN(sizeof(int));
  memcpy(CMSG_DATA(rights), message.descriptors, sizeof(int));
  header->msg_hdr.msg_control = control->bytes;
  header->msg_hdr.msg_controllen = sizeof(control->bytes);
}

}  // namespace

int send_messages(int fd, const Message *messages, size_t count) {
  while (count > 0) {
    const size_t batch = count < MESSAGES_PER_CALL ? count : MESSAGES_PER_CALL;
    mmsghdr headers[MESSAGES_PER_CALL];
    iovec pieces[MESSAGES_PER_CALL];
    OneDescriptor controls[MESSAGES_PER_CALL];
    memset(headers, 0, sizeof(headers));
    for (size_t i = 0; i < batch; i++) {
      if (messages[i].size == 0 || messages[i].descriptor_count > 1) {
        errno = EINVAL;
        return -1;
      }
      fill(&headers[i], &pieces[i], &controls[i], messages[i]);
    }
    const int sent = send_many(fd, headers, batch);
    if (sent <= 0) return -1;
    // Only the last one may have gone in part, interrupted by a signal. Its descriptors went with its first byte.
    const Message &last = messages[sent - 1];
    const size_t gone = headers[sent - 1].msg_len;
    if (send_all(fd, static_cast<const unsigned char *>(last.data) + gone, last.size - gone) != 0) return -1;
    messages += sent;
    count -= static_cast<size_t>(sent);
  }
  return 0;
}

}  // namespace prefork::sys
