#include "sys/socket_owners.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "sys/decimal.h"
#include "sys/directory.h"
#include "sys/other_process.h"

namespace prefork::sys {

namespace {

constexpr char PROCESSES[] = "/proc";
constexpr char LINK[] = "socket:[";
constexpr char ENDED = 'Z';

// As many share a socket only where one has forked the others.
constexpr size_t OWNERS_LIMIT = 64;

struct Search {
  char link[sizeof(LINK) + DECIMAL_DIGITS + 1];  // what a descriptor of the socket's is a link to
  pid_t owners[OWNERS_LIMIT];
  size_t owner_count;
  bool found;
  const char *not_counted;
};

bool find_in_descriptors(const char *name, int directory, void *context) {
  auto *search = static_cast<Search *>(context);
  char target[sizeof(search->link)];
  const ssize_t length = readlinkat(directory, name, target, sizeof(target));
  search->found = length == static_cast<ssize_t>(strlen(search->link)) && memcmp(target, search->link, static_cast<size_t>(length)) == 0;
  return !search->found;
}

// 0 for what is no process in /proc.
pid_t process_of(const char *name) {
  char *end = nullptr;
  const long pid = strtol(name, &end, 10);
  return *end == 0 && pid > 0 ? static_cast<pid_t>(pid) : 0;
}

bool note_owner(const char *name, int, void *context) {
  auto *search = static_cast<Search *>(context);
  if (process_of(name) == 0) return true;
  char path[sizeof(PROCESSES) + DECIMAL_DIGITS + sizeof("//fd")];
  strcpy(path, PROCESSES);
  strcat(path, "/");
  strcat(path, name);
  strcat(path, "/fd");
  search->found = false;
  // EACCES for another user's.
  each_entry(path, find_in_descriptors, search);
  if (search->found) search->owners[search->owner_count++] = process_of(name);
  return search->owner_count < OWNERS_LIMIT;
}

// Whether it is a child of an owner's, upon which there is nothing more to look for.
bool find_child(const char *name, int, void *context) {
  auto *search = static_cast<Search *>(context);
  const pid_t pid = process_of(name);
  ProcessLook look;
  if (pid == 0 || !look_at_process(pid, &look) || look.state == ENDED) return true;
  for (size_t i = 0; i < search->owner_count && !search->found; i++) {
    search->found = search->owners[i] == look.parent && !command_line_begins(pid, search->not_counted);
  }
  return !search->found;
}

}  // namespace

Children children_of_owners(unsigned long long inode, const char *not_counted) {
  Search search{};
  char digits[DECIMAL_DIGITS + 1];
  digits[DECIMAL_DIGITS] = 0;
  strcpy(search.link, LINK);
  strcat(search.link, write_decimal(inode, digits + DECIMAL_DIGITS));
  strcat(search.link, "]");
  search.not_counted = not_counted;
  if (each_entry(PROCESSES, note_owner, &search) != 0 || search.owner_count == 0) return Children::unknown;
  if (search.owner_count == OWNERS_LIMIT) return Children::some;
  search.found = false;
  if (each_entry(PROCESSES, find_child, &search) != 0) return Children::unknown;
  return search.found ? Children::some : Children::none;
}

}  // namespace prefork::sys
