// The processes that have a socket, and their children (proc(5)).
#pragma once

namespace prefork::sys {

enum class Children { none, some, unknown };

// Whether a process that has the socket with this inode has a child. Children that have ended do not count, nor do those whose command line begins with
// `not_counted`. Unknown where no process is seen to have it: those of other users, and of other namespaces, are not.
Children children_of_owners(unsigned long long inode, const char *not_counted);

}  // namespace prefork::sys
