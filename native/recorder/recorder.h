// What the recorder (the library that setup is started with, LD_PRELOAD of ld.so(8)) is to the addon in the same process.
#pragma once

#include <stddef.h>
#include <stdint.h>

namespace prefork::recorder {

// What was done with a path. src/setup/recording.ts knows these numbers.
enum class Kind : uint32_t {
  read = 1,    // a regular file was opened to be read
  absent = 2,  // it was asked for, and nothing was there
  made = 3,    // this process wrote it, made it or removed it
};

// One record, in the byte order of the machine; `length` is that of all of it, a multiple of 8. What stat(2) says is the file's that was
// opened, or 0 where it could not be had, and for the other kinds.
struct Record {
  uint32_t length;
  Kind kind;
  uint64_t device;
  uint64_t inode;
  uint64_t size;
  int64_t modified_ns;
  int64_t changed_ns;
  char path[];  // absolute, with a NUL at its end
};

// Of the records' layout and of this structure.
inline constexpr uint32_t VERSION = 1;

// By this name the addon finds it with dlsym(3).
#define PREFORK_RECORDER "prefork_interp_recorder"

struct Recorder {
  uint32_t version;
  // Records from now on, once in a process.
  void (*begin)();
  // Records no more. The records, one behind the other, until `forget`; null where there were more than there is room for.
  const unsigned char *(*end)(size_t *length);
  // Gives the memory back.
  void (*forget)();
};

}  // namespace prefork::recorder
