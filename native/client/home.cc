#include "client/home.h"

#include <errno.h>
#include <fcntl.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "sys/descriptors.h"

namespace prefork::client {

namespace {

// Fields of a line of passwd(5), counted from 0.
constexpr int FIELD_UID = 2;
constexpr int FIELD_HOME = 5;

// Reads passwd(5) byte by byte and keeps only what is looked for, so that no line is too long for it.
class PasswordFile {
 public:
  PasswordFile(uid_t user, char *home, size_t size) : user_(user), home_(home), size_(size) {}

  // Takes the next byte; true once a line of the user is complete and its home directory fits.
  bool take(char byte) {
    if (byte == '\n') return end_line();
    if (byte == ':') {
      field_++;
      return false;
    }
    if (field_ == FIELD_UID) take_uid(byte);
    if (field_ == FIELD_HOME && length_ < size_) home_[length_++] = byte;
    return false;
  }

  // At a line's end, and at the file's, whose last line may have none.
  bool end_line() {
    const bool found = field_ >= FIELD_HOME && digits_ && uid_ == user_ && length_ > 0 && length_ < size_;
    if (found) home_[length_] = 0;
    field_ = 0;
    uid_ = 0;
    digits_ = false;
    bad_ = false;
    length_ = 0;
    return found;
  }

 private:
  void take_uid(char byte) {
    if (byte < '0' || byte > '9' || uid_ > UINT32_MAX) bad_ = true;
    if (!bad_) uid_ = uid_ * 10 + static_cast<unsigned>(byte - '0');
    digits_ = !bad_;
  }

  uid_t user_;
  char *home_;
  size_t size_;
  int field_ = 0;
  unsigned long long uid_ = 0;
  bool digits_ = false;
  bool bad_ = false;
  size_t length_ = 0;
};

bool read_password_file(uid_t user, char *out, size_t size) {
  const int fd = open("/etc/passwd", O_RDONLY | O_CLOEXEC);
  if (fd < 0) return false;
  PasswordFile file(user, out, size);
  char buffer[4096];
  bool found = false;
  for (;;) {
    const ssize_t got = read(fd, buffer, sizeof(buffer));
    if (got < 0 && errno == EINTR) continue;
    if (got <= 0) break;
    for (ssize_t i = 0; i < got && !found; i++) found = file.take(buffer[i]);
    if (found) break;
  }
  if (!found) found = file.end_line();
  sys::close_descriptor(fd);
  return found;
}

bool is_directory_of(const char *path, uid_t user) {
  struct stat status;
  return stat(path, &status) == 0 && S_ISDIR(status.st_mode) && status.st_uid == user;
}

}  // namespace

bool find_home(char *out, size_t size) {
  const uid_t user = getuid();
  if (read_password_file(user, out, size)) return true;
  const char *home = getenv("HOME");
  if (home == nullptr || *home != '/' || strlen(home) >= size || !is_directory_of(home, user)) return false;
  memcpy(out, home, strlen(home) + 1);
  return true;
}

}  // namespace prefork::client
