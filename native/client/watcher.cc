// What the watcher does. How it is started: watcher_start.cc.
#include "client/watcher.h"

#include <errno.h>
#include <limits.h>
#include <stdint.h>
#include <stdint.h>
#include <string.h>
#include <sys/inotify.h>
#include <sys/stat.h>
#include <unistd.h>

#include "client/failure.h"
#include "client/watcher_arguments.h"
#include "sys/decimal.h"
#include "sys/process.h"
#include "sys/ready.h"
#include "sys/watch.h"

namespace prefork::client {

namespace {

// Of the socket: its count of links (unlink(2), and rename(2) over it), its mode and times, and its being moved.
constexpr uint32_t SOCKET_EVENTS = IN_ATTRIB | IN_MOVE_SELF | IN_DELETE_SELF | IN_DONT_FOLLOW;
// Of each directory above it: only whether it is moved or removed, not what happens in it.
constexpr uint32_t DIRECTORY_EVENTS = IN_MOVE_SELF | IN_DELETE_SELF | IN_ONLYDIR;

// Where inotify cannot be had (a user has 128 instances by default, and a sandbox may have none), the socket is looked at this
// often instead. Rarely enough to cost nothing, often enough that a replaced server goes before it is in anybody's way.
constexpr int LOOK_INTERVAL_MS = 2000;

struct Watched {
  const char *path;
  uint64_t device;
  uint64_t inode;
};

enum class Standing { same, gone, unknown };

Standing look(const Watched &watched) {
  struct stat status;
  if (lstat(watched.path, &status) != 0) return errno == ENOENT || errno == ENOTDIR ? Standing::gone : Standing::unknown;
  // In the midst of unlink(2) the name is still found, though the last link is gone and the event for that has been sent: to
  // nobody, if the watch came a moment too late (vfs_unlink() in the kernel's fs/namei.c; seen to happen).
  if (status.st_nlink == 0) return Standing::gone;
  return status.st_dev == watched.device && status.st_ino == watched.inode ? Standing::same : Standing::gone;
}

// Watches the socket and every directory that its path goes through, and returns the number of the socket's watch; -1 with
// errno where it cannot be watched. Doing it again changes nothing for those that are watched already (the number too is the
// same), and adds those that have taken the place of others.
int watch_path(int watch, const char *path) {
  const int number = sys::add_watch(watch, path, SOCKET_EVENTS);
  char directory[PATH_MAX];
  const size_t length = strlen(path);
  if (number < 0 || length >= sizeof(directory)) return number;
  memcpy(directory, path, length + 1);
  for (char *slash = strrchr(directory, '/'); slash != nullptr && slash != directory; slash = strrchr(directory, '/')) {
    *slash = 0;
    // One that we may not read cannot be watched; nor can we, most likely, be the ones to move it.
    sys::add_watch(watch, directory, DIRECTORY_EVENTS);
  }
  return number;
}

// Which event it was does not matter, nor whether some were lost: the path is looked at after each.
void ignore_event(const sys::WatchEvent &, void *) {}

// Throws away what was written to standard input; false at its end.
bool input_is_open() {
  char unwanted[512];
  const ssize_t got = read(STDIN_FILENO, unwanted, sizeof(unwanted));
  return got > 0 || (got < 0 && errno == EINTR);
}

int report(const char *what, const Watched &watched) {
  complain(Line().text("watcher: ").text(what).text(" ").text(watched.path).error(errno));
  return 1;
}

int watch(const Watched &watched) {
  const int events = sys::open_watch();
  int first_number = -1;
  for (;;) {
    // The watch first, then the look: what happens between the two is an event.
    const int number = events < 0 ? -1 : watch_path(events, watched.path);
    const Standing standing = look(watched);
    if (standing == Standing::gone) return 0;
    if (standing == Standing::unknown) return report("cannot look at", watched);
    // Device and inode are the same, but it is not what was watched: the number of a freed inode has been given again.
    if (first_number >= 0 && number >= 0 && number != first_number) return 0;
    if (first_number < 0) first_number = number;
    // A negative descriptor is passed over by poll(2).
    pollfd set[] = {{STDIN_FILENO, POLLIN, 0}, {number < 0 ? -1 : events, POLLIN, 0}};
    const int limit = number < 0 ? LOOK_INTERVAL_MS : -1;
    if (sys::wait_ready(set, 2, limit) < 0) return report("cannot wait for events of", watched);
    if (set[0].revents != 0 && !input_is_open()) return 0;
    if (set[1].revents != 0 && sys::read_events(events, ignore_event, nullptr) < 0) {
      return report("cannot read events of", watched);
    }
  }
}

}  // namespace

bool is_watcher(int argument_count, char **arguments) {
  return argument_count == WATCHER_ARGUMENT_COUNT && strcmp(arguments[0], WATCHER_NAME) == 0;
}

int watcher_main(char **arguments) {
  // An executed /proc/self/exe would be called "exe" by ps(1).
  sys::set_thread_name(WATCHER_THREAD_NAME);
  Watched watched{};
  watched.path = arguments[WATCHER_PATH];
  sys::read_decimal(arguments[WATCHER_DEVICE], &watched.device);
  sys::read_decimal(arguments[WATCHER_INODE], &watched.inode);
  return watch(watched);
}

}  // namespace prefork::client
