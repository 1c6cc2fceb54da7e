#include "client/interpreter.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "client/failure.h"
#include "client/kept.h"
#include "client/script_path.h"

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
bool is_program_in(const char *directory, size_t length, const char *name, Room &out) {
  const size_t name_length = strlen(name);
  if (length + name_length + 3 > PATH_MAX) {
    errno = ENAMETOOLONG;
    return false;
  }
  memcpy(out, length == 0 ? "." : directory, length == 0 ? 1 : length);
  const size_t end = length == 0 ? 1 : length;
  out[end] = '/';
  memcpy(out + end + 1, name, name_length + 1);
  return is_program(out);
}

bool search_path(const char *name, Room &out) {
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

bool find_program(const char *name, Room &out) {
  if (strchr(name, '/') == nullptr) return *name != 0 ? search_path(name, out) : (errno = ENOENT, false);
  if (strlen(name) >= PATH_MAX) {
    errno = ENAMETOOLONG;
    return false;
  }
  memcpy(out, name, strlen(name) + 1);
  return is_program(out);
}

// A list of arguments, with room for all that one of a call can have.
class Arguments {
 public:
  explicit Arguments(const Context &context) {
    const auto own = static_cast<size_t>(context.argument_count - context.options.first_argument);
    // Interpreter, --require and adapter, script, and the null.
    const size_t most = 1 + 2 + context.options.interpreter_argument_count + 1 + own + 1;
    list_ = static_cast<char **>(calloc(most, sizeof(char *)));
    if (list_ == nullptr) fail(Line().text("no memory for the arguments"));
  }

  void add(const char *argument) { list_[count_++] = const_cast<char *>(argument); }

  void add_interpreters(const core::Options &options) {
    for (size_t i = 0; i < options.interpreter_argument_count; i++) add(options.interpreter_arguments[i]);
  }

  void add_scripts(const Context &context) {
    if (context.options.script != nullptr) add(context.options.script);
    for (int i = context.options.first_argument; i < context.argument_count; i++) add(context.arguments[i]);
  }

  char **take() { return list_; }

 private:
  char **list_;
  size_t count_ = 0;
};

}  // namespace

void find_interpreter(const char *name, Interpreter *interpreter) {
  const bool found = find_program(name, room());
  *interpreter = Interpreter{found ? 0 : errno, found ? keep_string() : "", "", "", nullptr};
}

void find_adapter_of(Interpreter *interpreter) {
  if (interpreter->error != 0) return;
  if (realpath(interpreter->program, room()) == nullptr) {
    fail(Line().text("cannot find the program behind ").text(interpreter->program).error(errno));
  }
  interpreter->real = keep_string();
  interpreter->adapted = find_adapter(interpreter->real, &interpreter->adapter);
}

void check_interpreter(const char *name, const Interpreter &interpreter) {
  if (interpreter.error == 0) return;
  fail(Line().text("cannot run the interpreter ").text(name).error(interpreter.error));
}

char **setup_arguments(const Context &context, const Interpreter &interpreter) {
  const core::Options &options = context.options;
  Arguments arguments(context);
  arguments.add(options.interpreter);
  if (*interpreter.adapter != 0) {
    arguments.add("--require");
    arguments.add(interpreter.adapter);
  }
  arguments.add_interpreters(options);
  if (options.mediation != core::Mediation::laundered) {
    arguments.add_scripts(context);
  } else if (options.script != nullptr) {
    arguments.add(absolute_script(options.script));
  }
  return arguments.take();
}

char **plain_arguments(const Context &context) {
  Arguments arguments(context);
  arguments.add(context.options.interpreter);
  arguments.add_interpreters(context.options);
  arguments.add_scripts(context);
  return arguments.take();
}

}  // namespace prefork::client
