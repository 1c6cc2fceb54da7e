#include "sys/directory.h"

#include <dirent.h>
#include <errno.h>
#include <string.h>

namespace prefork::sys {

int each_entry(const char *path, bool (*visit)(const char *name, int directory, void *context), void *context) {
  DIR *listing = opendir(path);
  if (listing == nullptr) return -1;
  int error = 0;
  for (;;) {
    // Only errno tells the end of the listing from a failure (readdir(3)).
    errno = 0;
    const dirent *entry = readdir(listing);
    if (entry == nullptr) {
      error = errno;
      break;
    }
    if (strcmp(entry->d_name, ".") == 0 || strcmp(entry->d_name, "..") == 0) continue;
    if (!visit(entry->d_name, dirfd(listing), context)) break;
  }
  closedir(listing);
  errno = error;
  return error == 0 ? 0 : -1;
}

}  // namespace prefork::sys
