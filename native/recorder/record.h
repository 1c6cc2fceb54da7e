// Writing records down.
#pragma once

#include "recorder/recorder.h"

namespace prefork::recorder {

// Whether anything is to be recorded. Nothing more than this is done in a process that does not, a call's for one.
bool is_recording();

// Records what was done with a path, seen from the directory `directory` is (openat(2)); `descriptor`: the file that was opened, or -1; where that
// is no regular one, it was found and not read. Takes no
// lock and no memory, so it may be called anywhere: by several threads, between fork(2) and execve(2), in a handler. Keeps errno.
void record(Kind kind, int directory, const char *path, int descriptor = -1);

}  // namespace prefork::recorder
