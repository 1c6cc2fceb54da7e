#include "client/adapter.h"

#include <errno.h>
#include <string.h>
#include <unistd.h>

#include "client/entry.h"
#include "client/failure.h"
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

// How far above this program's directory the package is: installed (bin/ or prebuilt/), and in a checkout (build/client/).
constexpr int LEVELS[] = {1, 2};

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

bool place_at_level(int level, const char *file, const char *own, char (&out)[PATH_MAX]) {
  strcpy(out, own);
  for (int i = 0; i <= level; i++) {
    if (!go_up(out)) return false;
  }
  const size_t used = strcmp(out, "/") == 0 ? 0 : strlen(out);
  if (used + 1 + strlen(file) >= sizeof(out)) return false;
  out[used] = '/';
  memcpy(out + used + 1, file, strlen(file) + 1);
  if (access(out, R_OK) == 0) return true;
  if (errno != ENOENT && errno != ENOTDIR) fail(Line().text("cannot read the adapter ").text(out).error(errno));
  return false;
}

}  // namespace

const Adapted *find_adapter(const char *program, char (&path)[PATH_MAX]) {
  path[0] = 0;
  const Adapted *row = row_of(program);
  if (row == nullptr) return nullptr;
  char own[PATH_MAX];
  const ssize_t length = readlink("/proc/self/exe", own, sizeof(own) - 1);
  if (length <= 0) fail(Line().text("cannot find the adapter: /proc/self/exe").error(errno));
  own[length] = 0;
  for (const int level : LEVELS) {
    if (place_at_level(level, row->file, own, path)) return row;
  }
  path[0] = 0;
  return nullptr;
}

bool is_start_variable(const Adapted &adapted, const char *entry) {
  for (size_t i = 0; i < adapted.other_count; i++) {
    if (is_named(entry, adapted.others[i])) return false;
  }
  for (size_t i = 0; i < adapted.variable_count; i++) {
    const StartVariable &variable = adapted.variables[i];
    if (variable.is_prefix ? strncmp(entry, variable.name, strlen(variable.name)) == 0 : is_named(entry, variable.name)) {
      return true;
    }
  }
  return false;
}

}  // namespace prefork::client
