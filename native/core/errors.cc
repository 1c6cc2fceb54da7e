// Errors of the core in words.
#include "core.h"

namespace prefork::core {
namespace {

const ErrorText *find(Code code) {
  for (const ErrorText &error : ERROR_TEXTS) {
    if (error.code == code) return &error;
  }
  return nullptr;
}

// Writes as much as there is room for, and counts everything.
struct Writer {
  char *out;
  size_t size;
  size_t length;

  void put(char byte) {
    if (length + 1 < size) out[length] = byte;
    length++;
  }
};

}  // namespace

const char *error_name(Code code) {
  const ErrorText *error = find(code);
  return error == nullptr ? "ERR_CORE" : error->name;
}

size_t error_message(Code code, const char *subject, char *out, size_t size) {
  const ErrorText *error = find(code);
  Writer writer{out, size, 0};
  for (const char *at = error == nullptr ? "unknown error of the core" : error->text; *at != '\0'; at++) {
    if (*at != '%') {
      writer.put(*at);
      continue;
    }
    for (const char *from = subject == nullptr ? "" : subject; *from != '\0'; from++) writer.put(*from);
  }
  if (size > 0) out[writer.length < size ? writer.length : size - 1] = '\0';
  return writer.length;
}

}  // namespace prefork::core
