#include "client/circumstances.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/utsname.h>

#include "client/failure.h"
#include "client/kept.h"
#include "client/limits.h"
#include "sys/confinement.h"

extern char **environ;

namespace prefork::client {

namespace {

// All but the variables have one field each. Of those there are seldom more than a few: then no memory has to be asked for.
constexpr size_t SINGLE_FIELDS = core::CONTEXT_LAST;
constexpr size_t FEW_VARIABLES = 32;
const char *few_variables[FEW_VARIABLES];
core::ContextField few_fields[SINGLE_FIELDS + FEW_VARIABLES];

void *allocate(size_t count, size_t size) {
  void *memory = calloc(count, size);
  if (memory == nullptr) fail(Line().text("no memory for the identity"));
  return memory;
}

// The variables that the interpreter reads when it starts, sorted.
struct Variables {
  const char **entries;
  size_t count;
};

int by_name(const void *one, const void *other) {
  return strcmp(*static_cast<const char *const *>(one), *static_cast<const char *const *>(other));
}

Variables find_variables(const Adapted &adapted) {
  Variables found{few_variables, 0};
  for (char **entry = environ; *entry != nullptr; entry++) {
    if (is_start_variable(adapted, *entry)) {
      if (found.count < FEW_VARIABLES) few_variables[found.count] = *entry;
      found.count++;
    }
  }
  if (found.count > FEW_VARIABLES) {
    found.entries = static_cast<const char **>(allocate(found.count, sizeof(char *)));
    size_t count = 0;
    for (char **entry = environ; *entry != nullptr; entry++) {
      if (is_start_variable(adapted, *entry)) found.entries[count++] = *entry;
    }
  }
  qsort(found.entries, found.count, sizeof(*found.entries), by_name);
  return found;
}

// The fields as they come. Their bytes stay where the caller has them.
class Fields {
 public:
  explicit Fields(const Variables &variables) {
    if (variables.count <= FEW_VARIABLES) return;
    list_ = static_cast<core::ContextField *>(allocate(SINGLE_FIELDS + variables.count, sizeof(core::ContextField)));
  }

  void add(uint8_t tag, const void *bytes, size_t length) { list_[count_++] = core::ContextField{tag, bytes, length}; }

  Circumstances take() const { return Circumstances{list_, count_}; }

 private:
  core::ContextField *list_ = few_fields;
  size_t count_ = 0;
};

void add_user(Fields *fields) {
  static uint32_t few[sys::USER_IDS + 64];
  uint32_t *ids = few;
  size_t count = sys::user_ids(few, sizeof(few) / sizeof(*few));
  // 65536 groups are possible, and hardly anybody has more than a dozen.
  if (count > sizeof(few) / sizeof(*few)) {
    ids = static_cast<uint32_t *>(allocate(count, sizeof(uint32_t)));
    sys::user_ids(ids, count);
  }
  fields->add(core::CONTEXT_USER, ids, count * sizeof(uint32_t));
}

void add_root(Fields *fields) {
  static uint64_t root[2];
  struct stat status;
  const bool seen = stat("/", &status) == 0;
  if (seen) {
    root[0] = status.st_dev;
    root[1] = status.st_ino;
  }
  fields->add(core::CONTEXT_ROOT, root, seen ? sizeof(root) : 0);
}

void add_confinement(Fields *fields) {
  static uint64_t namespaces[sys::NAMESPACES];
  fields->add(core::CONTEXT_NAMESPACES, namespaces, sys::namespaces(&namespaces) == 0 ? sizeof(namespaces) : 0);
  static uint8_t privileges[sys::PRIVILEGES_LIMIT];
  fields->add(core::CONTEXT_PRIVILEGES, privileges, sys::privileges(&privileges));
  static uint32_t capabilities[sys::CAPABILITY_WORDS];
  fields->add(core::CONTEXT_CAPABILITIES, capabilities, sys::capabilities(&capabilities) == 0 ? sizeof(capabilities) : 0);
  static_assert(sys::LABEL_LIMIT <= ROOM);
  const size_t label = sys::security_label(room());
  fields->add(core::CONTEXT_LABEL, keep_bytes(label), label);
}

void add_hard_limits(Fields *fields) {
  static uint64_t hard[RESOURCES];
  const rlimit *limits = resource_limits();
  for (int resource = 0; resource < RESOURCES; resource++) hard[resource] = limits[resource].rlim_max;
  fields->add(core::CONTEXT_HARD_LIMITS, hard, sizeof(hard));
}

void add_scheduling(Fields *fields) {
  static uint32_t scheduling[sys::SCHEDULING_WORDS];
  fields->add(core::CONTEXT_SCHEDULING, scheduling, sys::scheduling(&scheduling) == 0 ? sizeof(scheduling) : 0);
}

void add_node_name(Fields *fields) {
  static utsname system;
  if (uname(&system) != 0) fail(Line().text("uname").error(errno));
  fields->add(core::CONTEXT_NODE_NAME, system.nodename, strlen(system.nodename));
}

}  // namespace

Circumstances gather_circumstances(const Context &context, const Interpreter &interpreter) {
  const Variables variables = find_variables(*interpreter.adapted);
  Fields fields(variables);
  add_user(&fields);
  add_root(&fields);
  add_confinement(&fields);
  add_hard_limits(&fields);
  add_scheduling(&fields);
  fields.add(core::CONTEXT_INTERPRETER, interpreter.real, strlen(interpreter.real));
  fields.add(core::CONTEXT_ADAPTER, interpreter.adapter, strlen(interpreter.adapter));
  for (size_t i = 0; i < variables.count; i++) {
    fields.add(core::CONTEXT_VARIABLE, variables.entries[i], strlen(variables.entries[i]));
  }
  static uint8_t mediation;
  mediation = static_cast<uint8_t>(context.options.mediation);
  fields.add(core::CONTEXT_MEDIATION, &mediation, sizeof(mediation));
  add_node_name(&fields);
  return fields.take();
}

}  // namespace prefork::client
