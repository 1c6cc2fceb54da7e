#include "client/preclean.h"

#include <errno.h>
#include <limits.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "client/at_work.h"
#include "client/failure.h"
#include "core/sparse.h"
#include "sys/descriptors.h"
#include "sys/directory.h"
#include "sys/lock.h"
#include "sys/ready.h"

namespace prefork::client {

namespace {

// How many rendezvous are left in peace. Of the environment, since the run directory is the user's and not a script's.
constexpr char KEEP_VARIABLE[] = "PREFORK_INTERP_KEEP_SERVERS";

// Servers that do not answer hold up this call, and not for longer than this all together.
constexpr int ASKING_LIMIT_MS = 1000;

// Run directory, a slash, a letter, and a name of NAME_MAX: names that something else put there may be long.
struct EntryPaths {
  char socket[PATH_MAX + core::NAME_LIMIT + 3];
  char lock[PATH_MAX + core::NAME_LIMIT + 3];
};

void make_paths(const char *directory, const char *ident, EntryPaths *paths) {
  const size_t length = strlen(directory);
  const size_t ident_length = strnlen(ident, core::NAME_LIMIT);
  char *const both[] = {paths->socket, paths->lock};
  for (char *path : both) {
    memcpy(path, directory, length);
    path[length] = '/';
    path[length + 1] = path == paths->socket ? 's' : 'l';
    memcpy(path + length + 2, ident, ident_length);
    path[length + 2 + ident_length] = 0;
  }
}

int64_t nanoseconds(const timespec &time) {
  return static_cast<int64_t>(time.tv_sec) * 1000000000 + static_cast<int64_t>(time.tv_nsec);
}

bool exists(const char *path) {
  struct stat status;
  return lstat(path, &status) == 0;
}

// When a rendezvous was last used: the newer of the socket's time of access, which the first connect moves on, and the lock
// file's time of change, which a server of ours moves on now and then. 0 without a socket.
int64_t last_use(const EntryPaths &paths, bool count_lock) {
  struct stat status;
  const int64_t by_lock = count_lock && lstat(paths.lock, &status) == 0 ? nanoseconds(status.st_mtim) : 0;
  if (lstat(paths.socket, &status) != 0) return 0;
  const int64_t by_socket = nanoseconds(status.st_atim);
  return by_socket > by_lock ? by_socket : by_lock;
}

// Whether there is one less, or will be: whoever holds the lock is starting a server, or is about to remove this one.
bool remove_unused(const EntryPaths &paths, int64_t when_selected, long long deadline) {
  // Without a lock file, taking the lock makes one: that is no use of it.
  const bool had_lock = exists(paths.lock);
  const int lock = sys::open_locked(paths.lock);
  if (lock < 0) return true;
  // Looked at again under the lock: it may have come to life. Or somebody else has removed it at this moment, and the lock file is one
  // that has just been made for nothing.
  const int64_t now = last_use(paths, had_lock);
  const bool unused = now == 0 || (now == when_selected && !may_be_at_work(paths.socket, deadline));
  if (unused) {
    unlink(paths.socket);
    unlink(paths.lock);
  }
  sys::close_descriptor(lock);
  return unused;
}

size_t kept() {
  const char *value = getenv(KEEP_VARIABLE);
  if (value == nullptr || *value == 0) return core::PRECLEAN_KEEP;
  size_t number = 0;
  for (const char *at = value; *at >= '0' && *at <= '9' && number <= core::PRECLEAN_KEEP_LIMIT; at++) {
    number = number * 10 + static_cast<size_t>(*at - '0');
    if (at[1] == 0 && number >= 1 && number <= core::PRECLEAN_KEEP_LIMIT) return number;
  }
  fail(Line().text(KEEP_VARIABLE).text(" is not a whole number from 1 to ").number(core::PRECLEAN_KEEP_LIMIT).text(": ").text(value));
}

bool take_name(const char *name, int, void *) { return core::preclean_name(name) == core::E_NONE; }

}  // namespace

void preclean(const Rendezvous &in_use) {
  const char *directory = in_use.directory.path;
  const size_t most = kept();
  if (core::preclean_begin(in_use.ident, most) != core::E_NONE) return;
  if (sys::each_entry(directory, take_name, nullptr) != 0) {
    if (errno == ENOENT) return;
    fail(Line().text("cannot read the run directory ").text(directory).error(errno));
  }
  const size_t count = core::preclean_collect();
  if (count <= most) return;
  SPARSE static EntryPaths paths;
  SPARSE static int64_t uses[core::PRECLEAN_NAMES_LIMIT];
  for (size_t i = 0; i < count; i++) {
    make_paths(directory, core::preclean_ident(i), &paths);
    uses[i] = last_use(paths, true);
    core::preclean_last_use(i, uses[i]);
  }
  const size_t excess = core::preclean_select();
  const long long deadline = sys::monotonic_milliseconds() + ASKING_LIMIT_MS;
  size_t gone = 0;
  for (size_t order = 0; gone < excess; order++) {
    const size_t victim = core::preclean_victim(order);
    if (victim >= count) break;
    make_paths(directory, core::preclean_ident(victim), &paths);
    if (remove_unused(paths, uses[victim], deadline)) gone++;
  }
}

}  // namespace prefork::client
