#include "client/adapter.h"

#include <errno.h>
#include <limits.h>
#include <string.h>
#include <unistd.h>

#include "client/entry.h"
#include "client/failure.h"
#include "client/kept.h"
#include "sys/descriptors.h"
#include "sys/small_file.h"

namespace prefork::client {

namespace {

constexpr bool PREFIX = true;
constexpr bool NAME = false;

constexpr StartVariable NODE_VARIABLES[] = {
    {"NODE_", PREFIX},      // NODE_OPTIONS, NODE_PATH, NODE_ENV ..: options of node (node(1)), and of most modules, which look once
    {"LD_", PREFIX},        // what the dynamic linker loads into the process (ld.so(8))
    {"LANG", NAME},         // the locale: ICU's default for Intl is taken from it once, as are messages of the C library (locale(7))
    {"LANGUAGE", NAME},     // the same, for messages (gettext(3))
    {"LC_", PREFIX},        // the same, category by category
    {"SSL_CERT_", PREFIX},  // SSL_CERT_FILE, SSL_CERT_DIR: the certificates that OpenSSL loads
    {"OPENSSL_", PREFIX},   // OPENSSL_CONF, OPENSSL_MODULES: its configuration and providers
    {"UV_", PREFIX},        // UV_THREADPOOL_SIZE, UV_USE_IO_URING: read by libuv when its pool and loop begin
    {"MALLOC_", PREFIX},    // how malloc(3) manages the memory that initialisation fills
    {"GLIBC_TUNABLES", NAME},         // the same, and more of the C library
    {"GCONV_PATH", NAME},             // where iconv(3) finds its modules
    {"ICU_TIMEZONE_FILES_DIR", NAME}, // where ICU finds its time zones
};

// The channel to a parent that is a node (child_process.fork): a call that has one is not served at all (when_direct.cc).
constexpr const char *NODE_OTHERS[] = {"NODE_CHANNEL_FD", "NODE_CHANNEL_SERIALIZATION_MODE"};

constexpr Adapted TABLE[] = {
    {"node", "dist/adapter.cjs", NODE_VARIABLES, sizeof(NODE_VARIABLES) / sizeof(*NODE_VARIABLES), NODE_OTHERS,
     sizeof(NODE_OTHERS) / sizeof(*NODE_OTHERS)},
};

// How far above this program's directory the package is: 1 where it is installed (bin/ or prebuilt/), 2 in a checkout (build/client/).
constexpr int LEVELS = 2;

bool is_elf(const char *path) {
  char magic[4];
  const ssize_t got = sys::read_small(path, magic, sizeof(magic));
  if (got < 0) fail(Line().text("cannot tell what kind of program ").text(path).text(" is").error(errno));
  return got == static_cast<ssize_t>(sizeof(magic)) && memcmp(magic, "\177ELF", sizeof(magic)) == 0;
}

// The row for a program that really is the interpreter: a version shim of that name (a script, or a link to something else)
// decides only later what it runs.
const Adapted *row_of(const char *program) {
  const char *slash = strrchr(program, '/');
  const char *name = slash == nullptr ? program : slash + 1;
  for (const Adapted &adapted : TABLE) {
    if (strcmp(name, adapted.name) == 0 && is_elf(program)) return &adapted;
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

// Whether the file is there, below the directory in `path`, to which its name is added.
bool is_below(Room &path, const char *file) {
  const size_t used = strcmp(path, "/") == 0 ? 0 : strlen(path);
  if (used + 1 + strlen(file) >= PATH_MAX) return false;
  path[used] = '/';
  strcpy(path + used + 1, file);
  if (access(path, R_OK) == 0) return true;
  if (errno != ENOENT && errno != ENOTDIR) fail(Line().text("cannot read the adapter ").text(path).error(errno));
  path[used == 0 ? 1 : used] = 0;
  return false;
}

}  // namespace

const Adapted *find_adapter(const char *program, const char **path) {
  const Adapted *row = row_of(program);
  if (row == nullptr) return nullptr;
  Room &own = room();
  const ssize_t length = readlink("/proc/self/exe", own, PATH_MAX - 1);
  if (length <= 0) fail(Line().text("cannot find the adapter: /proc/self/exe").error(errno));
  own[length] = 0;
  bool inside = go_up(own);
  for (int level = 1; inside && level <= LEVELS; level++) {
    inside = go_up(own);
    if (inside && is_below(own, row->file)) {
      *path = keep_string();
      return row;
    }
  }
  return nullptr;
}

bool is_start_variable(const Adapted &adapted, const char *entry) {
  for (size_t i = 0; i < adapted.other_count; i++) {
    if (is_named(entry, adapted.others[i])) return false;
  }
  for (size_t i = 0; i < adapted.variable_count; i++) {
    const StartVariable &variable = adapted.variables[i];
    if (variable.is_prefix ? behind(entry, variable.name) != nullptr : is_named(entry, variable.name)) return true;
  }
  return false;
}

}  // namespace prefork::client
