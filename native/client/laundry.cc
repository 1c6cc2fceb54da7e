#include "client/laundry.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "client/entry.h"
#include "client/failure.h"
#include "client/home.h"
#include "client/run_directory.h"
#include "core/sparse.h"

extern char **environ;

namespace prefork::client {

namespace {

constexpr char CLEAN_PATH[] = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin";

// Where the server's run directory and its log are: the same for all callers of a server, or it would not be found.
constexpr const char *OWN_VARIABLES[] = {RUN_DIRECTORY_VARIABLE, "PREFORK_INTERP_LOG_SOCKET"};

// What a name holds that is a secret's: npm's usual one is NODE_AUTH_TOKEN. A server would show its first caller's to all who may look at
// it; it is still part of the identity, of which only a hash is left, and a call gets its caller's.
constexpr const char *WORDS_OF_SECRETS[] = {"TOKEN", "SECRET", "PASSW", "AUTH", "CREDENTIAL", "KEY"};

// Holds one of them by chance, and is a setting of Node's.
constexpr char NO_SECRET[] = "NODE_TLS_REJECT_UNAUTHORIZED";

// PATH, HOME, USER, LOGNAME, SHELL, and the null.
constexpr size_t BASE_ENTRIES = 6;

bool is_secret(const char *entry) {
  if (is_named(entry, NO_SECRET)) return false;
  const size_t length = strcspn(entry, "=");
  for (const char *word : WORDS_OF_SECRETS) {
    const size_t word_length = strlen(word);
    for (size_t at = 0; at + word_length <= length; at++) {
      if (strncasecmp(entry + at, word, word_length) == 0) return true;
    }
  }
  return false;
}

bool is_let_through(const char *entry, const core::Options &options, const Adapted &adapted) {
  for (const char *name : OWN_VARIABLES) {
    if (is_named(entry, name)) return true;
  }
  for (size_t i = 0; i < options.field_count; i++) {
    if (options.fields[i].tag == 'E' && is_named(entry, options.fields[i].string)) return true;
  }
  return is_start_variable(adapted, entry) && !is_secret(entry);
}

// Adds `NAME=value`, unless the caller's own was let through.
void add_base(char **list, size_t *count, const char *name, const char *value) {
  if (*value == 0) return;
  for (size_t i = 0; i < *count; i++) {
    if (is_named(list[i], name)) return;
  }
  const size_t length = strlen(name);
  auto *entry = static_cast<char *>(malloc(length + strlen(value) + 2));
  if (entry == nullptr) fail(Line().text("no memory for the environment"));
  memcpy(entry, name, length);
  entry[length] = '=';
  strcpy(entry + length + 1, value);
  list[(*count)++] = entry;
}

}  // namespace

char **laundered_environment(const core::Options &options, const Adapted &adapted) {
  size_t all = 0;
  while (environ[all] != nullptr) all++;
  auto **list = static_cast<char **>(calloc(all + BASE_ENTRIES, sizeof(char *)));
  if (list == nullptr) fail(Line().text("no memory for the environment"));
  size_t count = 0;
  for (size_t i = 0; i < all; i++) {
    if (is_let_through(environ[i], options, adapted)) list[count++] = environ[i];
  }
  add_base(list, &count, "PATH", CLEAN_PATH);
  SPARSE static Account account;
  if (!find_account(&account)) return list;
  add_base(list, &count, "HOME", account.home);
  add_base(list, &count, "USER", account.name);
  add_base(list, &count, "LOGNAME", account.name);
  add_base(list, &count, "SHELL", account.shell);
  return list;
}

}  // namespace prefork::client
