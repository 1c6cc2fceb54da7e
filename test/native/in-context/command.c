// The command: its name, arguments and environment, byte for byte.
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "context.h"

struct strings {
  char **list;
  size_t count;
};

static const char *argv0;
static struct strings more_arguments;
static char **environment;

static void add(struct strings *strings, char *string) {
  strings->list = realloc(strings->list, (strings->count + 2) * sizeof(char *));
  if (strings->list == NULL) cannot("malloc");
  strings->list[strings->count++] = string;
  strings->list[strings->count] = NULL;
}

// Whatever is between NULs: empty ones too, and such as are no NAME=value and no text in any encoding.
static struct strings read_strings(const char *path) {
  FILE *file = fopen(path, "re");
  if (file == NULL) cannot("%s", path);
  struct strings strings = {calloc(1, sizeof(char *)), 0};
  char *string = NULL;
  size_t room = 0;
  ssize_t length;
  while ((length = getdelim(&string, &room, '\0', file)) > 0) {
    if (string[length - 1] != '\0') cannotx("%s does not end with a NUL", path);
    add(&strings, string);
    string = NULL;
    room = 0;
  }
  free(string);
  if (ferror(file)) cannot("%s", path);
  fclose(file);
  return strings;
}

void set_argv0(const char *name) { argv0 = name; }

void read_arguments(const char *file) { more_arguments = read_strings(file); }

void read_environment(const char *file) { environment = read_strings(file).list; }

void run(char **command) {
  struct strings arguments = {NULL, 0};
  for (char **argument = command; *argument != NULL; argument++) add(&arguments, *argument);
  for (size_t i = 0; i < more_arguments.count; i++) add(&arguments, more_arguments.list[i]);
  if (argv0 != NULL) arguments.list[0] = (char *)argv0;
  // What the test's own process was started with above 2 is nothing that a test has asked for.
  if (close_range(STDERR_FILENO + 1, ~0U, 0) != 0) cannot("close_range");
  // Found by the PATH of this process, whatever the command's environment is.
  execvpe(command[0], arguments.list, environment != NULL ? environment : environ);
  cannot("%s", command[0]);
}
