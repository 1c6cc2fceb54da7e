#include "sys/watch.h"

#include <errno.h>
#include <string.h>
#include <sys/inotify.h>
#include <unistd.h>

namespace prefork::sys {

int open_watch() { return inotify_init1(IN_CLOEXEC | IN_NONBLOCK); }

int add_watch(int watch, const char *path, uint32_t events) { return inotify_add_watch(watch, path, events); }

int remove_watch(int watch, int number) { return inotify_rm_watch(watch, number); }

int read_events(int watch, void (*seen)(const WatchEvent &event, void *context), void *context) {
  alignas(inotify_event) unsigned char buffer[WATCH_BUFFER_BYTES];
  ssize_t size;
  do {
    size = read(watch, buffer, sizeof(buffer));
  } while (size < 0 && errno == EINTR);
  if (size < 0) return errno == EAGAIN ? 0 : -1;
  int count = 0;
  const auto end = static_cast<size_t>(size);
  // The kernel gives whole events only (inotify(7)); the bounds make a broken one end the walk, not run over it.
  for (size_t at = 0; at + sizeof(inotify_event) <= end; count++) {
    inotify_event event;
    memcpy(&event, buffer + at, sizeof(event));
    if (event.len > end - at - sizeof(event)) break;
    // The name is padded with NULs; where there is none, len is 0.
    const char *name = event.len == 0 ? "" : reinterpret_cast<const char *>(buffer + at + sizeof(event));
    seen(WatchEvent{event.wd, event.mask, name}, context);
    at += sizeof(event) + event.len;
  }
  return count;
}

}  // namespace prefork::sys
