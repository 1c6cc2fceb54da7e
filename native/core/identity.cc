// Identity and the rendezvous' name.
#include <string.h>
#include <sys/utsname.h>

#include "core.h"
#include "instance.h"

namespace prefork::core {
namespace {

uint8_t *append(uint8_t *to, const void *from, size_t length) {
  memcpy(to, from, length);
  return to + length;
}

uint8_t *append_place(uint8_t *to, char path, dev_t device, ino_t inode) {
  *to++ = static_cast<uint8_t>(path);
  to = append(to, &device, sizeof device);
  *to++ = 'i';
  return append(to, &inode, sizeof inode);
}

Code add(int tag, const char *string) {
  const uint32_t length = put_input(string, strlen(string));
  return static_cast<Code>(w2c_core_identity_field(instance(), static_cast<uint32_t>(tag), length));
}

Code add_field(const IdentityField &field) {
  if (field.tag == TAG_STRING || field.tag == TAG_SETTING) return add(field.tag, field.string);
  if (field.tag != TAG_VARIABLE) return E_ARGUMENT;
  if (const Code code = add(TAG_VARIABLE, field.string); code != E_NONE) return code;
  if (field.value != nullptr) return add(TAG_VALUE, field.value);
  return static_cast<Code>(w2c_core_identity_absent(instance()));
}

Code add_context(const ContextField &field) {
  const uint32_t length = put_input(field.bytes, field.length);
  return static_cast<Code>(w2c_core_identity_context(instance(), field.tag, length));
}

Code add_all(const IdentityInput &input) {
  const uint32_t prologue_length = put_input(input.prologue, input.prologue_length);
  Code code = static_cast<Code>(w2c_core_identity_begin(instance(), prologue_length));
  for (size_t at = 0; at < input.context_count && code == E_NONE; at++) code = add_context(input.context[at]);
  for (size_t at = 0; at < input.field_count && code == E_NONE; at++) code = add_field(input.fields[at]);
  if (code == E_NONE) code = add(TAG_INTERPRETER, input.interpreter);
  for (size_t at = 0; at < input.interpreter_argument_count && code == E_NONE; at++) {
    code = add(TAG_INTERPRETER_ARGUMENT, input.interpreter_arguments[at]);
  }
  if (code == E_NONE && input.script != nullptr) code = add(TAG_SCRIPT, input.script);
  return code;
}

// A path's length as the core takes it: what is longer than any socket's path is too long anyway.
uint32_t bounded(size_t run_directory_length) {
  return run_directory_length > SOCKET_PATH_BYTES ? SOCKET_PATH_BYTES : static_cast<uint32_t>(run_directory_length);
}

}  // namespace

size_t released_prologue(const utsname &system, dev_t cwd_device, ino_t cwd_inode, dev_t root_device, ino_t root_inode,
                         uint8_t (&out)[RELEASED_PROLOGUE_LIMIT]) {
  static_assert(sizeof(utsname) + 64 <= RELEASED_PROLOGUE_LIMIT);
  const size_t system_bytes = sizeof system;
  uint8_t *to = out;
  *to++ = SCHEME_RELEASED;
  *to++ = 'u';
  to = append(to, &system_bytes, sizeof system_bytes);
  *to++ = 'u';
  to = append(to, &system, sizeof system);
  to = append_place(to, '.', cwd_device, cwd_inode);
  to = append_place(to, '/', root_device, root_inode);
  return static_cast<size_t>(to - out);
}

Code identity(const IdentityInput &input, char (&digits)[IDENT_DIGITS + 1]) {
  if (const Code code = add_all(input); code != E_NONE) return code;
  const Code code = static_cast<Code>(w2c_core_identity_end(instance()));
  if (code == E_NONE) memcpy(digits, text_at(w2c_core_identity_digits(instance())), sizeof digits);
  return code;
}

Code ident_digits(size_t run_directory_length, size_t *digits) {
  *digits = w2c_core_name_digits(instance(), bounded(run_directory_length));
  return *digits == 0 ? E_RUN_DIRECTORY_TOO_LONG : E_NONE;
}

Code check_ident(const char *ident, size_t run_directory_length) {
  const uint32_t length = put_input(ident, strlen(ident));
  return static_cast<Code>(w2c_core_name_check(instance(), length, bounded(run_directory_length)));
}

}  // namespace prefork::core
