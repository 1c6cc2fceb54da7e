// The run directory: where the sockets and locks are.
#pragma once

namespace prefork::client {

// Names another run directory; held to the same checks. Empty counts as not set.
inline constexpr char RUN_DIRECTORY_VARIABLE[] = "PREFORK_INTERP_RUN_DIR";

struct RunDirectory {
  const char *path;
  bool exists;
};

// Finds it, and makes it where `make` says so. Fails where it is not a directory of this user's with no access for anyone
// else: whoever can write there can have this user's calls served by a program of theirs.
void find_run_directory(bool make, RunDirectory *directory);

}  // namespace prefork::client
