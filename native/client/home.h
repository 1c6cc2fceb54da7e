// Who this user is, as the password file has it.
#pragma once

#include <limits.h>
#include <stddef.h>

namespace prefork::client {

// Of a line of passwd(5); "" what is not there, or too long.
struct Account {
  char name[256];  // LOGIN_NAME_MAX
  char home[PATH_MAX];
  char shell[PATH_MAX];
};

// Finds the line of this user that names a home directory; false where there is none.
//
// Not getpwuid(3): a static program has no name service switch, and the file is where nearly every user is.
bool find_account(Account *account);

// Writes the home directory, NUL included, into `out`. False where there is none: the user is not in the password file, and
// $HOME is no directory of this user's.
//
// Not $HOME first: all calls of one user have to meet in one place, whatever their environment.
bool find_home(char *out, size_t size);

}  // namespace prefork::client
