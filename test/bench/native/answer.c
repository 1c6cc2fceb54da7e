// The least that can serve a call of version 2 (docs/protocol.md): answer SOCKET
//
// It reads the call, closes its descriptors, and says at once that the call has started and has ended with status 0: what is left of a call's time is the client's.
// It runs until it is killed, or its parent ends. Plain and trusting: only for the bench.
#include <err.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <signal.h>
#include <unistd.h>

#include <arpa/inet.h>

#define HEADER 8
#define MOST_DESCRIPTORS 4

// One recvmsg(2): a call that is no larger than the socket's buffer is whole at its first byte.
static ssize_t receive(int call, void *into, size_t size) {
  union {
    struct cmsghdr header;
    char room[CMSG_SPACE(MOST_DESCRIPTORS * sizeof(int))];
  } control;
  struct iovec piece = {into, size};
  struct msghdr message = {.msg_iov = &piece, .msg_iovlen = 1, .msg_control = &control, .msg_controllen = sizeof control};
  const ssize_t got = recvmsg(call, &message, 0);
  if (got <= 0) return got;
  const struct cmsghdr *header = CMSG_FIRSTHDR(&message);
  if (header == NULL || header->cmsg_type != SCM_RIGHTS) return got;
  int descriptors[MOST_DESCRIPTORS];
  const size_t length = header->cmsg_len - CMSG_LEN(0);
  memcpy(descriptors, CMSG_DATA(header), length);
  for (size_t i = 0; i < length / sizeof(int); i++) close(descriptors[i]);
  return got;
}

static void serve(int call) {
  static uint8_t bytes[1 << 16];
  uint64_t received = 0, wanted = HEADER;
  while (received < wanted) {
    const ssize_t got = receive(call, bytes, sizeof bytes);
    if (got <= 0) return;
    if (received == 0 && got >= HEADER) {
      uint32_t length;
      memcpy(&length, bytes + 4, sizeof length);
      wanted += ntohl(length);
    }
    received += (uint64_t)got;
  }
  // The process number is none that is looked for.
  static const uint8_t answer[] = {'S', 2, 0, 0, 0, 0, 0, 12, 0, 11, 0, 0, 0, 0, 0, 4, 0, 0, 0, 2,
                                   'E', 2, 0, 0, 0, 0, 0, 12, 0, 12, 0, 0, 0, 0, 0, 4, 0, 0, 0, 0};
  if (send(call, answer, sizeof answer, MSG_NOSIGNAL) != sizeof answer) warn("send");
}

int main(int argc, char **argv) {
  struct sockaddr_un address = {.sun_family = AF_UNIX};
  if (argc != 2 || strlen(argv[1]) >= sizeof address.sun_path) errx(2, "usage: answer SOCKET");
  strcpy(address.sun_path, argv[1]);
  prctl(PR_SET_PDEATHSIG, SIGKILL);
  const int listener = socket(AF_UNIX, SOCK_STREAM, 0);
  if (listener < 0 || bind(listener, (struct sockaddr *)&address, sizeof address) != 0 || listen(listener, 128) != 0) err(1, "%s", argv[1]);
  dprintf(STDOUT_FILENO, "listening\n");
  for (;;) {
    const int call = accept(listener, NULL, NULL);
    if (call < 0) err(1, "accept");
    serve(call);
    close(call);
  }
}
