// The command line: arguments go in until the core wants no more, words come out.
#include <string.h>

#include "core.h"
#include "instance.h"
#include "sparse.h"

namespace prefork::core {
namespace {

SPARSE OptionField fields[OPTIONS_WORDS_LIMIT];
SPARSE const char *interpreter_arguments[OPTIONS_WORDS_LIMIT + 1];

// Nearly always there are none, and the array is not touched.
const char *const NO_ARGUMENTS[] = {nullptr};

Code take_argument(const char *argument) {
  const uint32_t space = w2c_core_options_space(instance());
  const int32_t room = static_cast<int32_t>(w2c_core_options_room(instance()));
  return static_cast<Code>(w2c_core_options_argument(instance(), put(space, room, argument, strlen(argument))));
}

Code take_arguments(int argc, const char *const *argv) {
  Code code = static_cast<Code>(w2c_core_options_begin(instance(), static_cast<uint32_t>(argc)));
  for (int at = 1; at < argc && code == NEED_DATA; at++) code = take_argument(argv[at]);
  return code == NEED_DATA ? static_cast<Code>(w2c_core_options_end(instance())) : code;
}

void take_word(Options *options, int role, const char *text) {
  switch (role) {
    case ROLE_IDENT:
      options->ident = text;
      break;
    case ROLE_INTERPRETER:
      options->interpreter = text;
      break;
    case ROLE_INTERPRETER_ARGUMENT:
      interpreter_arguments[options->interpreter_argument_count++] = text;
      break;
    default:
      fields[options->field_count++] = {static_cast<char>(role), text};
      break;
  }
}

}  // namespace

Code parse_options(int argc, const char *const *argv, Options *options, const char **error_subject) {
  const Code code = take_arguments(argc, argv);
  if (error_subject != nullptr) *error_subject = text_at(w2c_core_options_subject(instance()));
  if (code != E_NONE) return code;

  *options = Options{};
  options->mode = static_cast<Mode>(w2c_core_options_mode(instance()));
  options->mediation = static_cast<Mediation>(w2c_core_options_mediation(instance()));
  const uint32_t flags = w2c_core_options_flags(instance());
  options->strict = (flags & FLAG_STRICT) != 0;
  options->direct_on_tty = (flags & FLAG_DIRECT_ON_TTY) != 0;
  options->fields = fields;
  options->interpreter_arguments = NO_ARGUMENTS;
  // The core keeps no more words than these arrays have places.
  const uint32_t words = w2c_core_options_word_count(instance());
  for (uint32_t word = 0; word < words; word++) {
    const char *text = text_at(w2c_core_options_word_text(instance(), word));
    take_word(options, static_cast<int>(w2c_core_options_word_role(instance(), word)), text);
  }
  if (options->interpreter_argument_count > 0) {
    interpreter_arguments[options->interpreter_argument_count] = nullptr;
    options->interpreter_arguments = interpreter_arguments;
  }
  options->script_index = static_cast<int>(w2c_core_options_script(instance()));
  options->script = options->script_index < 0 ? nullptr : argv[options->script_index];
  options->first_argument = static_cast<int>(w2c_core_options_first_argument(instance()));
  return E_NONE;
}

}  // namespace prefork::core
