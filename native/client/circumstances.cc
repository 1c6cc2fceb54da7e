#include "client/circumstances.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/utsname.h>

#include "client/failure.h"
#include "client/limits.h"
#include "sys/confinement.h"

extern char **environ;

namespace prefork::client {

namespace {

// The fields as they come. Their bytes stay where the caller has them.
class Fields {
 public:
  explicit Fields(size_t most) : list_(static_cast<core::ContextField *>(calloc(most, sizeof(core::ContextField)))) {
    if (list_ == nullptr) fail(Line().text("no memory for the identity"));
  }

  void add(uint8_t tag, const void *bytes, size_t length) { list_[count_++] = core::ContextField{tag, bytes, length}; }

  Circumstances take() const { return Circumstances{list_, count_}; }

 private:
  core::ContextField *list_;
  size_t count_ = 0;
};

// All but the variables have one field each.
constexpr size_t SINGLE_FIELDS = core::CONTEXT_LAST;

void add_user(Fields *fields) {
  static uint32_t few[sys::USER_IDS + 64];
  uint32_t *ids = few;
  size_t count = sys::user_ids(few, sizeof(few) / sizeof(*few));
  // 65536 groups are possible, and hardly anybody has more than a dozen.
  if (count > sizeof(few) / sizeof(*few)) {
    ids = static_cast<uint32_t *>(calloc(count, sizeof(uint32_t)));
    if (ids == nullptr) fail(Line().text("no memory for the identity"));
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
  static char label[sys::LABEL_LIMIT];
  fields->add(core::CONTEXT_LABEL, label, sys::security_label(&label));
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

int by_name(const void *one, const void *other) {
  return strcmp(*static_cast<const char *const *>(one), *static_cast<const char *const *>(other));
}

void add_variables(Fields *fields, const Adapted &adapted, size_t all) {
  auto **chosen = static_cast<const char **>(calloc(all + 1, sizeof(char *)));
  if (chosen == nullptr) fail(Line().text("no memory for the identity"));
  size_t count = 0;
  for (size_t i = 0; i < all; i++) {
    if (is_start_variable(adapted, environ[i])) chosen[count++] = environ[i];
  }
  qsort(chosen, count, sizeof(*chosen), by_name);
  for (size_t i = 0; i < count; i++) fields->add(core::CONTEXT_VARIABLE, chosen[i], strlen(chosen[i]));
}

void add_node_name(Fields *fields) {
  static utsname system;
  if (uname(&system) != 0) fail(Line().text("uname").error(errno));
  fields->add(core::CONTEXT_NODE_NAME, system.nodename, strlen(system.nodename));
}

}  // namespace

Circumstances gather_circumstances(const Context &context, const Interpreter &interpreter) {
  size_t variables = 0;
  while (environ[variables] != nullptr) variables++;
  Fields fields(SINGLE_FIELDS + variables);
  add_user(&fields);
  add_root(&fields);
  add_confinement(&fields);
  add_hard_limits(&fields);
  add_scheduling(&fields);
  fields.add(core::CONTEXT_INTERPRETER, interpreter.real, strlen(interpreter.real));
  fields.add(core::CONTEXT_ADAPTER, interpreter.adapter, strlen(interpreter.adapter));
  add_variables(&fields, *interpreter.adapted, variables);
  static uint8_t mediation;
  mediation = static_cast<uint8_t>(context.options.mediation);
  fields.add(core::CONTEXT_MEDIATION, &mediation, sizeof(mediation));
  add_node_name(&fields);
  return fields.take();
}

}  // namespace prefork::client
