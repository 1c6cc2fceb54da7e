#include "client/script_path.h"

#include <errno.h>
#include <string.h>
#include <unistd.h>

#include "client/failure.h"

namespace prefork::client {

namespace {

// Writes the words of a path one after the other, each behind a slash.
class Resolved {
 public:
  explicit Resolved(char *out) : out_(out) {}

  void add(const char *path) {
    while (*path != 0) {
      const size_t length = strcspn(path, "/");
      add_word(path, length);
      path += length;
      path += strspn(path, "/");
    }
  }

  void end() {
    if (length_ == 0) out_[length_++] = '/';
    out_[length_] = 0;
  }

 private:
  void add_word(const char *word, size_t length) {
    if (length == 0 || (length == 1 && word[0] == '.')) return;
    if (length == 2 && word[0] == '.' && word[1] == '.') {
      while (length_ > 0 && out_[--length_] != '/') continue;
      return;
    }
    out_[length_++] = '/';
    memcpy(out_ + length_, word, length);
    length_ += length;
  }

  char *out_;
  size_t length_ = 0;
};

}  // namespace

bool absolute_script(const char *script, char (*out)[SCRIPT_PATH_LIMIT]) {
  char directory[PATH_MAX] = "";
  // Not asked where it does not matter: an absolute script can be called from a directory that is gone.
  if (*script != '/' && getcwd(directory, sizeof(directory)) == nullptr) return false;
  if (strlen(script) >= PATH_MAX) {
    errno = ENAMETOOLONG;
    return false;
  }
  Resolved resolved(*out);
  resolved.add(directory);
  resolved.add(script);
  resolved.end();
  return true;
}

void fail_without_script_path(const char *script) {
  fail(Line().text("cannot tell the absolute path of ").text(script).error(errno));
}

}  // namespace prefork::client
