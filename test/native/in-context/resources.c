// What the command may use.
#include <sched.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>

#include "context.h"

// By their numbers (asm-generic/resource.h), which are those of all architectures but mips, sparc and alpha.
static const char *const NAMES[] = {"cpu",     "fsize", "data",  "stack", "core",       "rss",      "nproc", "nofile",
                                    "memlock", "as",    "locks", "sigpending", "msgqueue", "nice", "rtprio", "rttime"};
enum { COUNT = sizeof NAMES / sizeof NAMES[0] };

// Takes RESOURCE=N apart.
static rlim_t parse(const char *assignment, int *resource) {
  const char *value = strchr(assignment, '=');
  if (value == NULL) cannotx("no RESOURCE=N: %s", assignment);
  const size_t length = (size_t)(value - assignment);
  for (*resource = 0; *resource < COUNT; (*resource)++) {
    const char *name = NAMES[*resource];
    if (strlen(name) != length || strncmp(name, assignment, length) != 0) continue;
    return strcmp(value + 1, "unlimited") == 0 ? RLIM_INFINITY : (rlim_t)number_of(value + 1);
  }
  cannotx("no such resource: %s", assignment);
}

static void set(const char *assignment, int hard) {
  int resource;
  const rlim_t value = parse(assignment, &resource);
  struct rlimit limit;
  if (getrlimit((__rlimit_resource_t)resource, &limit) != 0) cannot("getrlimit %s", assignment);
  if (hard) limit.rlim_max = value;
  if (!hard || limit.rlim_cur > value) limit.rlim_cur = value;
  if (setrlimit((__rlimit_resource_t)resource, &limit) != 0) cannot("setrlimit %s", assignment);
}

void set_hard_limit(const char *assignment) { set(assignment, 1); }

void set_soft_limit(const char *assignment) { set(assignment, 0); }

void set_nice(const char *value) {
  if (setpriority(PRIO_PROCESS, 0, (int)number_of(value)) != 0) cannot("setpriority %s", value);
}

void set_affinity(const char *list) {
  cpu_set_t cpus;
  CPU_ZERO(&cpus);
  char *copy = strdup(list);
  for (char *item = strtok(copy, ","); item != NULL; item = strtok(NULL, ",")) {
    char *dash = strchr(item, '-');
    if (dash != NULL) *dash = '\0';
    const long first = number_of(item);
    const long last = dash != NULL ? number_of(dash + 1) : first;
    if (first < 0 || last < first || last >= CPU_SETSIZE) cannotx("no processors: %s", list);
    for (long cpu = first; cpu <= last; cpu++) CPU_SET((size_t)cpu, &cpus);
  }
  free(copy);
  if (sched_setaffinity(0, sizeof cpus, &cpus) != 0) cannot("sched_setaffinity %s", list);
}
