#include "client/run_directory.h"

#include <errno.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/utsname.h>
#include <unistd.h>

#include "client/failure.h"
#include "client/home.h"
#include "client/kept.h"

namespace prefork::client {

namespace {

// Longest part of the machine's name that is used, as released; it ends at the first dot, too.
constexpr size_t NODE_NAME_LIMIT = 32;

// Adds to the path that is made in the room. A longer one than PATH_MAX is none.
void append(const char *string, size_t length) {
  Room &path = room();
  const size_t used = strlen(path);
  if (used + length >= PATH_MAX) fail(Line().text("the run directory's path is too long: ").text(path).text(string));
  memcpy(path + used, string, length);
  path[used + length] = 0;
}

void append(const char *string) { append(string, strlen(string)); }

void append_number(unsigned number) {
  char digits[16];
  size_t at = sizeof(digits);
  digits[--at] = 0;
  do {
    digits[--at] = static_cast<char>('0' + number % 10);
    number /= 10;
  } while (number != 0);
  append(digits + at);
}

bool is_private(const struct stat &status) {
  return S_ISDIR(status.st_mode) && status.st_uid == getuid() && (status.st_mode & (S_IRWXG | S_IRWXO)) == 0;
}

// The directory that a login makes for this user alone, and that goes when the user is gone.
bool name_by_login() {
  append("/var/run/user/");
  append_number(getuid());
  struct stat status;
  const bool usable = lstat(room(), &status) == 0 && is_private(status);
  if (usable) {
    append("/prefork-interp");
  } else {
    *room() = 0;
  }
  return usable;
}

void name_below_home() {
  if (!find_home(room(), PATH_MAX)) {
    fail(Line()
             .text("no run directory: user ")
             .number(getuid())
             .text(" is not in /etc/passwd and has no directory $HOME; ")
             .text(RUN_DIRECTORY_VARIABLE)
             .text(" can name one"));
  }
  utsname system{};
  if (uname(&system) != 0) fail(Line().text("uname").error(errno));
  const size_t whole = strcspn(system.nodename, ".");
  append("/.prefork-interp/");
  append(system.nodename, whole < NODE_NAME_LIMIT ? whole : NODE_NAME_LIMIT);
}

bool name_by_variable() {
  const char *chosen = getenv(RUN_DIRECTORY_VARIABLE);
  if (chosen == nullptr || *chosen == 0) return false;
  // A relative one would be another directory for each caller, and for the watcher, which leaves where it was started.
  if (*chosen != '/') fail(Line().text(RUN_DIRECTORY_VARIABLE).text(" is not an absolute path: ").text(chosen));
  size_t length = strlen(chosen);
  // With a slash behind it, lstat(2) would follow a symbolic link.
  while (length > 1 && chosen[length - 1] == '/') length--;
  append(chosen, length);
  return true;
}

void make(const char *path) {
  // EEXIST: another call was first, or it is something that check() will name.
  if (mkdir(path, S_IRWXU) != 0 && errno != EEXIST) {
    fail(Line().text("cannot make the run directory ").text(path).error(errno));
  }
}

void make_parent(char *path) {
  char *slash = strrchr(path, '/');
  *slash = 0;
  make(path);
  *slash = '/';
}

void check(const char *path, const struct stat &status) {
  if (is_private(status)) return;
  Line line;
  line.text("the run directory ").text(path);
  if (!S_ISDIR(status.st_mode)) fail(line.text(" is not a directory"));
  if (status.st_uid != getuid()) fail(line.text(" belongs to user ").number(status.st_uid).text(", not to this one"));
  fail(line.text(" is open to others (mode ").octal(status.st_mode & 07777).text("): chmod 700 it"));
}

}  // namespace

void find_run_directory(bool make_it, RunDirectory *directory) {
  Room &path = room();
  *path = 0;
  const bool below_home = !name_by_variable() && !name_by_login();
  if (below_home) name_below_home();
  // Looked at without following a link: what is checked must be what the sockets' paths go through.
  struct stat status;
  int found = lstat(path, &status);
  if (found != 0 && errno == ENOENT && make_it) {
    if (below_home) make_parent(path);
    make(path);
    found = lstat(path, &status);
  }
  *directory = RunDirectory{path, found == 0};
  if (found == 0) {
    check(path, status);
  } else if (make_it || errno != ENOENT) {
    fail(Line().text("cannot look at the run directory ").text(path).error(errno));
  }
  keep_string();
}

}  // namespace prefork::client
