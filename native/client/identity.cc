#include "client/identity.h"

#include <errno.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <sys/utsname.h>

#include "client/circumstances.h"
#include "client/failure.h"
#include "client/script_path.h"
#include "core/sparse.h"

namespace prefork::client {

namespace {

// As many as the core keeps of a command line.
SPARSE core::IdentityField fields[core::OPTIONS_WORDS_LIMIT];

size_t gather_fields(const core::Options &options) {
  if (options.field_count > core::OPTIONS_WORDS_LIMIT) fail_with(core::E_OPTIONS_TOO_MANY, "");
  for (size_t i = 0; i < options.field_count; i++) {
    const core::OptionField &field = options.fields[i];
    fields[i] = core::IdentityField{field.tag, field.string, field.tag == 'E' ? getenv(field.string) : nullptr};
  }
  return options.field_count;
}

struct stat look_at_directory(const char *path) {
  struct stat status;
  if (stat(path, &status) != 0) fail(Line().text("cannot look at the directory ").text(path).error(errno));
  return status;
}

// The same in both schemes: what the command line says.
void add_command_line(const Context &context, core::IdentityInput *input) {
  const core::Options &options = context.options;
  input->fields = fields;
  input->field_count = gather_fields(options);
  input->interpreter = options.interpreter;
  input->interpreter_arguments = options.interpreter_arguments;
  input->interpreter_argument_count = options.interpreter_argument_count;
}

core::IdentityInput released_parts(const Context &context) {
  // All of the structure is hashed, also what lies behind the strings in it: it has to be zero.
  utsname system{};
  if (uname(&system) != 0) fail(Line().text("uname").error(errno));
  const struct stat here = look_at_directory(".");
  const struct stat root = look_at_directory("/");
  SPARSE static uint8_t prologue[core::RELEASED_PROLOGUE_LIMIT];
  const size_t prologue_length =
      core::released_prologue(system, here.st_dev, here.st_ino, root.st_dev, root.st_ino, prologue);

  core::IdentityInput input{};
  input.prologue = prologue;
  input.prologue_length = prologue_length;
  input.script = context.options.script;
  return input;
}

core::IdentityInput own_parts(const Context &context, const Interpreter &interpreter) {
  static const uint8_t prologue[] = {core::SCHEME_OURS, core::CONTEXT_VERSION};
  const Circumstances circumstances = gather_circumstances(context, interpreter);
  core::IdentityInput input{};
  input.prologue = prologue;
  input.prologue_length = sizeof(prologue);
  input.context = circumstances.fields;
  input.context_count = circumstances.count;
  if (context.options.script != nullptr) input.script = absolute_script(context.options.script);
  return input;
}

}  // namespace

core::IdentityInput identity_parts(const Context &context, const Interpreter &interpreter) {
  core::IdentityInput input = interpreter.adapted != nullptr ? own_parts(context, interpreter) : released_parts(context);
  add_command_line(context, &input);
  return input;
}

void find_identity(const Context &context, const Interpreter &interpreter, char (&digits)[core::IDENT_DIGITS + 1]) {
  const core::Code code = core::identity(identity_parts(context, interpreter), digits);
  if (code != core::E_NONE) fail_with(code, subject_of(context));
}

}  // namespace prefork::client
