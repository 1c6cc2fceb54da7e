#include <getopt.h>
#include <stdlib.h>

#include "context.h"

static const struct {
  const char *name;
  void (*apply)(const char *value);
  int has_value;
} OPTIONS[] = {
    {"hard-limit", set_hard_limit, 1},          // RESOURCE=N; the soft one goes down with it
    {"soft-limit", set_soft_limit, 1},          // RESOURCE=N
    {"nice", set_nice, 1},                      // N, not relative
    {"affinity", set_affinity, 1},              // as in 0,2-3
    {"no-new-privs", set_no_new_privs, 0},      //
    {"seccomp-allow-all", filter_nothing, 0},   // a filter that lets everything pass
    {"seccomp-no-socket", filter_socket, 0},    // one in which socket(2) fails with EPERM
    {"drop-capabilities", drop_capabilities, 0},
    {"uid", set_uid, 1},
    {"gid", set_gid, 1},
    {"groups", set_groups, 1},                  // as in 4,24; empty for none
    {"closed", close_descriptor, 1},            // FD
    {"ignore", ignore_signal, 1},               // as in HUP, or a number
    {"block", block_signal, 1},                 //
    {"unshare", unshare_namespace, 1},          // user, mount, pid, net, ipc, uts
    {"argv0", set_argv0, 1},                    // what the command is told it is called
    {"arguments-bytes", read_arguments, 1},     // a file of arguments, each with its NUL, behind those given
    {"environment-bytes", read_environment, 1}, // a file of entries, each with its NUL: all of the environment
};
enum { COUNT = sizeof OPTIONS / sizeof OPTIONS[0] };

long number_of(const char *text) {
  char *end = NULL;
  errno = 0;
  const long number = strtol(text, &end, 10);
  if (end == text || *end != '\0' || errno != 0) cannotx("no number: %s", text);
  return number;
}

int main(int argc, char **argv) {
  struct option options[COUNT + 1] = {0};
  for (int i = 0; i < COUNT; i++) {
    options[i] = (struct option){OPTIONS[i].name, OPTIONS[i].has_value ? required_argument : no_argument, NULL, 0};
  }
  int index;
  int found;
  // `+`: what follows the command is the command's.
  while ((found = getopt_long(argc, argv, "+", options, &index)) != -1) {
    if (found != 0) return CANNOT;
    OPTIONS[index].apply(optarg);
  }
  if (optind == argc) cannotx("no command");
  run(argv + optind);
}
