// in-context: runs a command in a context that the options make, each as it is read, in the order given.
//
//     in-context --hard-limit nofile=100 --nice 5 --no-new-privs -- COMMAND [ARGUMENT ..]
//
// Of its own descriptors it passes on 0 to 2. What cannot be done ends it: status 125, and a line that says what.
#pragma once

#include <err.h>
#include <errno.h>
#include <stddef.h>

enum { CANNOT = 125 };

#define cannot(...) err(CANNOT, __VA_ARGS__)
#define cannotx(...) errx(CANNOT, __VA_ARGS__)

// A whole number, or the end.
long number_of(const char *text);

// What each option does with its value; NULL for one that has none.
void set_hard_limit(const char *assignment);
void set_soft_limit(const char *assignment);
void set_nice(const char *value);
void set_affinity(const char *list);

void set_no_new_privs(const char *none);
void filter_nothing(const char *none);
void filter_socket(const char *none);
void drop_capabilities(const char *none);
void set_uid(const char *id);
void set_gid(const char *id);
void set_groups(const char *list);

void close_descriptor(const char *fd);
void ignore_signal(const char *name);
void block_signal(const char *name);
void unshare_namespace(const char *name);

void set_argv0(const char *name);
void read_arguments(const char *file);
void read_environment(const char *file);
// execve(2) of the command, with what those three have said.
_Noreturn void run(char **command);
