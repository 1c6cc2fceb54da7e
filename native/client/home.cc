#include "client/home.h"

#include <errno.h>
#include <fcntl.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "core/sparse.h"
#include "sys/descriptors.h"

namespace prefork::client {

namespace {

// Fields of a line of passwd(5), counted from 0.
constexpr int FIELD_NAME = 0;
constexpr int FIELD_UID = 2;
constexpr int FIELD_HOME = 5;
constexpr int FIELD_SHELL = 6;

// One field of a line, of which as much is kept as there is room for.
struct Field {
  char *out;
  size_t size;
  size_t length;

  void take(char byte) {
    if (length < size) out[length++] = byte;
  }
  // Whether all of it is there; if not, none of it is.
  bool end() {
    const bool fits = length < size;
    out[fits ? length : 0] = 0;
    return fits && length > 0;
  }
};

// Reads passwd(5) byte by byte and keeps only what is looked for, so that no line is too long for it.
class PasswordFile {
 public:
  PasswordFile(uid_t user, Account *account)
      : user_(user),
        name_{account->name, sizeof(account->name), 0},
        home_{account->home, sizeof(account->home), 0},
        shell_{account->shell, sizeof(account->shell), 0} {}

  // Takes the next byte; true once a line of the user is complete and its home directory fits.
  bool take(char byte) {
    if (byte == '\n') return end_line();
    if (byte == ':') {
      field_++;
      return false;
    }
    if (field_ == FIELD_NAME) name_.take(byte);
    if (field_ == FIELD_UID) take_uid(byte);
    if (field_ == FIELD_HOME) home_.take(byte);
    if (field_ == FIELD_SHELL) shell_.take(byte);
    return false;
  }

  // At a line's end, and at the file's, whose last line may have none.
  bool end_line() {
    name_.end();
    shell_.end();
    const bool found = home_.end() && field_ >= FIELD_HOME && digits_ && uid_ == user_;
    field_ = 0;
    uid_ = 0;
    digits_ = false;
    bad_ = false;
    name_.length = home_.length = shell_.length = 0;
    return found;
  }

 private:
  void take_uid(char byte) {
    if (byte < '0' || byte > '9' || uid_ > UINT32_MAX) bad_ = true;
    if (!bad_) uid_ = uid_ * 10 + static_cast<unsigned>(byte - '0');
    digits_ = !bad_;
  }

  uid_t user_;
  Field name_;
  Field home_;
  Field shell_;
  int field_ = 0;
  unsigned long long uid_ = 0;
  bool digits_ = false;
  bool bad_ = false;
};

bool is_directory_of(const char *path, uid_t user) {
  struct stat status;
  return stat(path, &status) == 0 && S_ISDIR(status.st_mode) && status.st_uid == user;
}

}  // namespace

bool find_account(Account *account) {
  const int fd = sys::open_path("/etc/passwd", O_RDONLY);
  if (fd < 0) return false;
  PasswordFile file(getuid(), account);
  char buffer[4096];
  bool found = false;
  while (!found) {
    const ssize_t got = read(fd, buffer, sizeof(buffer));
    if (got < 0 && errno == EINTR) continue;
    if (got <= 0) break;
    for (ssize_t i = 0; i < got && !found; i++) found = file.take(buffer[i]);
  }
  if (!found) found = file.end_line();
  sys::close_descriptor(fd);
  return found;
}

bool find_home(char *out, size_t size) {
  SPARSE static Account account;
  const char *home = account.home;
  if (!find_account(&account)) {
    home = getenv("HOME");
    if (home == nullptr || *home != '/' || !is_directory_of(home, getuid())) return false;
  }
  if (strlen(home) >= size) return false;
  memcpy(out, home, strlen(home) + 1);
  return true;
}

}  // namespace prefork::client
