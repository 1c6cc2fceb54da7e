// The home directory of this user, as the password file has it.
#pragma once

#include <stddef.h>

namespace prefork::client {

// Writes the home directory, NUL included, into `out`. False where there is none: the user is not in the password file, and
// $HOME is no directory of this user's.
//
// Not getpwuid(3): a static program has no name service switch, and the file is where nearly every user is. Not $HOME
// first: all calls of one user have to meet in one place, whatever their environment.
bool find_home(char *out, size_t size);

}  // namespace prefork::client
