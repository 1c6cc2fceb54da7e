#include "client/interpreter.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "client/adapter.h"
#include "client/failure.h"

namespace prefork::client {

namespace {

// Where execvp(3) looks without $PATH.
constexpr char DEFAULT_PATH[] = "/usr/local/bin:/bin:/usr/bin";

// Whether it can be executed, with errno if not. A directory has execute permission of another kind.
bool is_program(const char *path) {
  struct stat status;
  if (stat(path, &status) != 0) return false;
  if (!S_ISREG(status.st_mode)) {
    errno = EACCES;
    return false;
  }
  return access(path, X_OK) == 0;
}

// Looks for it in one directory of $PATH, whose empty entries mean the working directory.
bool is_program_in(const char *directory, size_t length, const char *name, char (&out)[PATH_MAX]) {
  const size_t name_length = strlen(name);
  if (length + name_length + 3 > sizeof(out)) {
    errno = ENAMETOOLONG;
    return false;
  }
  memcpy(out, length == 0 ? "." : directory, length == 0 ? 1 : length);
  const size_t end = length == 0 ? 1 : length;
  out[end] = '/';
  memcpy(out + end + 1, name, name_length + 1);
  return is_program(out);
}

bool search_path(const char *name, char (&out)[PATH_MAX]) {
  const char *path = getenv("PATH");
  if (path == nullptr) path = DEFAULT_PATH;
  // A program that may not be executed is the error to tell, if no other directory has one that may.
  int error = ENOENT;
  for (;;) {
    const size_t length = strcspn(path, ":");
    if (is_program_in(path, length, name, out)) return true;
    if (errno == EACCES) error = EACCES;
    if (path[length] == 0) break;
    path += length + 1;
  }
  errno = error;
  return false;
}

bool find_program(const char *name, char (&out)[PATH_MAX]) {
  if (strchr(name, '/') == nullptr) return *name != 0 ? search_path(name, out) : (errno = ENOENT, false);
  if (strlen(name) >= sizeof(out)) {
    errno = ENAMETOOLONG;
    return false;
  }
  memcpy(out, name, strlen(name) + 1);
  return is_program(out);
}

}  // namespace

void find_interpreter(const char *name, Interpreter *interpreter) {
  if (!find_program(name, interpreter->program)) fail(Line().text("cannot run the interpreter ").text(name).error(errno));
  find_adapter(interpreter->program, &interpreter->adapter);
}

char **setup_arguments(const Context &context, const Interpreter &interpreter) {
  const core::Options &options = context.options;
  const auto own = static_cast<size_t>(context.argument_count - options.first_argument);
  // Interpreter, --require and adapter, script, and the null.
  const size_t most = 1 + 2 + options.interpreter_argument_count + 1 + own + 1;
  auto **arguments = static_cast<char **>(calloc(most, sizeof(char *)));
  if (arguments == nullptr) fail(Line().text("no memory for the arguments"));
  size_t count = 0;
  const auto add = [&](const char *argument) { arguments[count++] = const_cast<char *>(argument); };
  add(options.interpreter);
  if (*interpreter.adapter != 0) {
    add("--require");
    add(interpreter.adapter);
  }
  for (size_t i = 0; i < options.interpreter_argument_count; i++) add(options.interpreter_arguments[i]);
  if (options.script != nullptr) add(options.script);
  for (size_t i = 0; i < own; i++) add(context.arguments[options.first_argument + static_cast<int>(i)]);
  return arguments;
}

}  // namespace prefork::client
