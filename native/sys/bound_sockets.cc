#include "sys/bound_sockets.h"

#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "sys/descriptors.h"

namespace prefork::sys {

namespace {

constexpr char TABLE[] = "/proc/net/unix";

// A line of the table: 7 columns of at most 16 digits, and a path of at most 108 bytes. What is longer is none that is looked for.
constexpr size_t LINE_BYTES = 512;

// __SO_ACCEPTCON of linux/net.h: the socket listens.
constexpr unsigned long ACCEPTS = 1UL << 16;

// Flags, type, state, inode and path are the columns 3 to 7.
constexpr int COLUMN_FLAGS = 3;
constexpr int COLUMN_INODE = 6;
constexpr int COLUMNS_BEFORE_PATH = 7;

// Where its columns begin, the path being the last; false in a line without one.
bool cut(char *line, char *(&columns)[COLUMNS_BEFORE_PATH + 1]) {
  char *at = line;
  for (int column = 0; column <= COLUMNS_BEFORE_PATH; column++) {
    at += strspn(at, " ");
    if (*at == 0) return false;
    columns[column] = at;
    if (column < COLUMNS_BEFORE_PATH) at += strcspn(at, " ");
  }
  return true;
}

void take_line(char *line, const char *path, BoundSockets *sockets) {
  char *columns[COLUMNS_BEFORE_PATH + 1];
  if (!cut(line, columns) || strcmp(columns[COLUMNS_BEFORE_PATH], path) != 0) return;
  if ((strtoul(columns[COLUMN_FLAGS], nullptr, 16) & ACCEPTS) != 0) {
    sockets->listener = strtoull(columns[COLUMN_INODE], nullptr, 10);
  } else {
    // What was accepted has its listener's path, as has what still waits for that.
    sockets->connected = true;
  }
}

}  // namespace

bool look_at_bound(const char *path, BoundSockets *sockets) {
  *sockets = BoundSockets{0, false};
  const int table = open(TABLE, O_RDONLY | O_CLOEXEC);
  if (table < 0) return false;
  char line[LINE_BYTES];
  size_t length = 0;
  bool too_long = false;
  char bytes[4096];
  ssize_t got;
  while ((got = read(table, bytes, sizeof(bytes))) > 0) {
    for (ssize_t i = 0; i < got; i++) {
      if (bytes[i] == '\n') {
        line[length] = 0;
        if (!too_long) take_line(line, path, sockets);
        length = 0;
        too_long = false;
      } else if (length + 1 < sizeof(line)) {
        line[length++] = bytes[i];
      } else {
        too_long = true;
      }
    }
  }
  close_descriptor(table);
  return got == 0;
}

}  // namespace prefork::sys
