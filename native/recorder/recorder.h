// What the recorder (the library that setup is started with, LD_PRELOAD of ld.so(8)) is to the addon in the same process.
#pragma once

#include <stddef.h>
#include <stdint.h>

namespace prefork::recorder {

// What was done with a path. src/setup/recording.ts knows these numbers.
enum class Kind : uint32_t {
  read = 1,          // a regular file was opened to be read
  absent = 2,        // it was asked for, and nothing was there
  made = 3,          // this process wrote it, made it, removed it or changed what stat(2) says of it
  found = 4,         // it was asked for, and something was there; where a link leads counts
  found_itself = 5,  // the same, but the link counts
  link = 6,          // it was asked where this link leads
  resolved = 7,      // it was asked where this path leads, through all its links
  refused = 8,       // it was asked for, and could not be had for what lies in the way
  temporary = 9,     // this process made it, under a name that nobody could know before (mkdtemp(3))
};

// One record, in the byte order of the machine; `length` is that of all of it, a multiple of 8. What stat(2) says, and when it said so
// (CLOCK_REALTIME_COARSE), is of the file that was opened, or 0 where it could not be had, and for the other kinds.
struct Record {
  uint32_t length;
  Kind kind;
  uint64_t device;
  uint64_t inode;
  uint64_t size;
  int64_t modified_ns;
  int64_t changed_ns;
  int64_t read_ns;
  char path[];  // absolute, with a NUL at its end
};

// Of the records' layout and of this structure.
inline constexpr uint32_t VERSION = 2;

// By this name the addon finds it with dlsym(3).
#define PREFORK_RECORDER "prefork_interp_recorder"

// It records from the moment when it is loaded.
struct Recorder {
  uint32_t version;
  // Records no more. The records, one behind the other, until `forget`; null where there were more than there is room for.
  const unsigned char *(*end)(size_t *length);
  // Gives the memory back.
  void (*forget)();
};

}  // namespace prefork::recorder
