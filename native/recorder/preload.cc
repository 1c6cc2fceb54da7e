// The variable by which this library comes into the process: gone before anybody else could see it, as are programs that the process starts. What the
// user has preloaded stays.
#include <string.h>

#include "recorder/name.h"

extern "C" __attribute__((weak)) char **environ;

namespace prefork::recorder {

namespace {

constexpr char VARIABLE[] = "LD_PRELOAD=";

// Whether a list of libraries ends with this one: where that begins, else null.
char *own_entry(char *list) {
  char *last = strrchr(list, ':');
  last = last == nullptr ? list : last + 1;
  const size_t length = strlen(last);
  const size_t own = sizeof(FILE_NAME) - 1;
  return length > own && strcmp(last + length - own, FILE_NAME) == 0 ? last : nullptr;
}

// The client has put it behind what was there (native/client/recorder.cc). The dynamic linker hands over the environment, since the C
// library may not have been initialised yet; that of musl has been, and hands over nothing.
__attribute__((constructor)) void leave_environment(int, char **, char **handed_over) {
  char **kept = &environ != nullptr && environ != nullptr ? environ : handed_over;
  for (char **entry = kept; *entry != nullptr; entry++) {
    char *list = *entry + sizeof(VARIABLE) - 1;
    char *own = strncmp(*entry, VARIABLE, sizeof(VARIABLE) - 1) == 0 ? own_entry(list) : nullptr;
    if (own == nullptr) {
      *kept++ = *entry;
      continue;
    }
    if (own == list) continue;
    memset(own - 1, 0, strlen(own) + 1);
    *kept++ = *entry;
  }
  *kept = nullptr;
}

}  // namespace

}  // namespace prefork::recorder
