#include "client/recorder.h"

#include <elf.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>

#include "client/entry.h"
#include "client/failure.h"
#include "client/kept.h"
#include "recorder/name.h"
#include "sys/small_file.h"

namespace prefork::client {

namespace {

constexpr char VARIABLE[] = "LD_PRELOAD";

// What separates libraries in the list, and what begins something else than a name: a path with one of them cannot be in it.
constexpr char SPECIAL[] = ": \t\n\v\f\r$";

// As far as e_machine, which is at the same place in all (elf(5)).
constexpr size_t ELF_BEGINNING = offsetof(Elf64_Ehdr, e_version);

bool read_elf(const char *path, char (&out)[ELF_BEGINNING]) {
  return sys::read_small(path, out, sizeof(out)) == static_cast<ssize_t>(sizeof(out)) && memcmp(out, ELFMAG, SELFMAG) == 0;
}

// Whether both are for the same machine. (The system, EI_OSABI, may be said of a program and not of a library.)
bool are_alike(const char *library, const char *program) {
  char one[ELF_BEGINNING];
  char other[ELF_BEGINNING];
  if (!read_elf(library, one) || !read_elf(program, other)) return false;
  const size_t machine = offsetof(Elf64_Ehdr, e_machine);
  return one[EI_CLASS] == other[EI_CLASS] && one[EI_DATA] == other[EI_DATA] &&
         memcmp(one + machine, other + machine, ELF_BEGINNING - machine) == 0;
}

// The library lies in the same package as the adapter. Null where there is none that can be used.
const char *find_recorder(const Interpreter &interpreter) {
  if (interpreter.adapted == nullptr) return nullptr;
  const size_t package = strlen(interpreter.adapter) - strlen(interpreter.adapted->file);
  if (package + sizeof(recorder::DIRECTORY) + sizeof(recorder::FILE_NAME) > PATH_MAX) return nullptr;
  Room &path = room();
  memcpy(path, interpreter.adapter, package);
  strcpy(path + package, recorder::DIRECTORY);
  strcat(path, recorder::FILE_NAME);
  return path[strcspn(path, SPECIAL)] == 0 && are_alike(path, interpreter.real) ? keep_string() : nullptr;
}

}  // namespace

void preload_recorder(const Interpreter &interpreter, char **environment) {
  const char *library = find_recorder(interpreter);
  if (library == nullptr) return;
  // Of several of this name the linker takes the last.
  char **place = nullptr;
  char **end = environment;
  for (; *end != nullptr; end++) {
    if (is_named(*end, VARIABLE)) place = end;
  }
  const size_t others = place == nullptr ? sizeof(VARIABLE) - 1 : strlen(*place);
  auto *entry = static_cast<char *>(malloc(others + 1 + strlen(library) + 1));
  if (entry == nullptr) fail(Line().text("no memory for the environment"));
  memcpy(entry, place == nullptr ? VARIABLE : *place, others);
  entry[others] = place == nullptr ? '=' : ':';
  strcpy(entry + others + 1, library);
  *(place == nullptr ? end : place) = entry;
}

}  // namespace prefork::client
