#include "client/script_path.h"

#include <errno.h>
#include <limits.h>
#include <string.h>
#include <unistd.h>

#include "client/failure.h"
#include "client/kept.h"

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

[[noreturn]] void fail_without_path(const char *script, int error) {
  fail(Line().text("cannot tell the absolute path of ").text(script).error(error));
}

// By itself, as the directory is only asked for where it matters: an absolute script can be called from one that is gone.
[[gnu::noinline]] void add_working_directory(Resolved *resolved, const char *script) {
  char directory[PATH_MAX];
  if (getcwd(directory, sizeof(directory)) == nullptr) fail_without_path(script, errno);
  resolved->add(directory);
}

}  // namespace

const char *absolute_script(const char *script) {
  if (strlen(script) >= PATH_MAX) fail_without_path(script, ENAMETOOLONG);
  Resolved resolved(room());
  if (*script != '/') add_working_directory(&resolved, script);
  resolved.add(script);
  resolved.end();
  return keep_string();
}

}  // namespace prefork::client
