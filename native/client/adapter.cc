#include "client/adapter.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "sys/descriptors.h"

namespace prefork::client {

namespace {

// Each interpreter that has one: the name of its program, and the file.
struct Adapted {
  const char *name;
  const char *file;
};
constexpr Adapted TABLE[] = {{"node", "dist/adapter.cjs"}};

// How far above this program's directory the package is: installed (bin/ or prebuilt/), and in a checkout (build/client/).
constexpr int LEVELS[] = {1, 2};

bool is_elf(const char *path) {
  const int fd = open(path, O_RDONLY | O_CLOEXEC);
  if (fd < 0) return false;
  char magic[4];
  ssize_t got;
  do {
    got = read(fd, magic, sizeof(magic));
  } while (got < 0 && errno == EINTR);
  sys::close_descriptor(fd);
  return got == static_cast<ssize_t>(sizeof(magic)) && memcmp(magic, "\177ELF", sizeof(magic)) == 0;
}

// The file for a program that really is the interpreter: a version shim of that name (a script, or a link to something else)
// decides only later what it runs.
const char *adapter_file(const char *program) {
  char resolved[PATH_MAX];
  if (realpath(program, resolved) == nullptr) return nullptr;
  const char *slash = strrchr(resolved, '/');
  const char *name = slash == nullptr ? resolved : slash + 1;
  for (const Adapted &adapted : TABLE) {
    if (strcmp(name, adapted.name) == 0 && is_elf(resolved)) return adapted.file;
  }
  return nullptr;
}

// Cuts the last component off; false at the root.
bool go_up(char *path) {
  char *slash = strrchr(path, '/');
  if (slash == nullptr || path[1] == 0) return false;
  slash[slash == path ? 1 : 0] = 0;
  return true;
}

bool place_at_level(int level, const char *file, char (&out)[PATH_MAX]) {
  const ssize_t length = readlink("/proc/self/exe", out, sizeof(out) - 1);
  if (length <= 0) return false;
  out[length] = 0;
  for (int i = 0; i <= level; i++) {
    if (!go_up(out)) return false;
  }
  const size_t used = strcmp(out, "/") == 0 ? 0 : strlen(out);
  if (used + 1 + strlen(file) >= sizeof(out)) return false;
  out[used] = '/';
  memcpy(out + used + 1, file, strlen(file) + 1);
  return access(out, R_OK) == 0;
}

}  // namespace

void find_adapter(const char *program, char (*adapter)[PATH_MAX]) {
  const char *file = adapter_file(program);
  for (const int level : LEVELS) {
    if (file != nullptr && place_at_level(level, file, *adapter)) return;
  }
  (*adapter)[0] = 0;
}

}  // namespace prefork::client
