// Watching files: inotify(7).
#pragma once

#include <stddef.h>
#include <stdint.h>

namespace prefork::sys {

// inotify_init1(2), close-on-exec and non-blocking. EMFILE where the user has no instance left (128 by default).
int open_watch();

// inotify_add_watch(2): the watch's number.
int add_watch(int watch, const char *path, uint32_t events);

// inotify_rm_watch(2).
int remove_watch(int watch, int number);

// One event. An overflow (IN_Q_OVERFLOW) has number -1: events were lost, anything may have changed.
struct WatchEvent {
  int number;
  uint32_t events;
  const char *name;  // within a watched directory; "" for the watched file itself
};

// Reads what is queued, at least one event's worth of room given: a read(2) with too little fails with EINVAL.
// Calls `seen` for each event, and returns how many there were; 0 where nothing is queued.
inline constexpr size_t WATCH_BUFFER_BYTES = 4096;
int read_events(int watch, void (*seen)(const WatchEvent &event, void *context), void *context);

}  // namespace prefork::sys
