// Adapters: what an interpreter loads first, so that a script needs nothing installed beside it. The one table of the interpreters
// that have one, and so of those whose calls speak version 2.
#pragma once

#include <stddef.h>

namespace prefork::client {

// A variable that an interpreter reads when it starts, and never again: a process that was forked from one with another value could
// not be given it. Or, where `is_prefix` says so, all variables whose names begin like this.
struct StartVariable {
  const char *name;
  bool is_prefix;
};

struct Adapted {
  const char *name;  // of the interpreter's program
  const char *file;  // the adapter, from the package's directory
  const StartVariable *variables;
  size_t variable_count;
  // Exceptions to the prefixes: what belongs to a call.
  const char *const *others;
  size_t other_count;
};

// The adapter for a program, whose real path (no symbolic link in it) this is: its row, and in `path` the file, which is kept. Null
// where there is none for it. The file lies at a fixed place from this very program. Fails where it cannot be told: a script that relies on
// the adapter must not be set up without, or its calls would be run as initialisation.
const Adapted *find_adapter(const char *program, const char **path);

// Whether an entry of environ(7) is one of those that the interpreter reads when it starts.
bool is_start_variable(const Adapted &adapted, const char *entry);

}  // namespace prefork::client
