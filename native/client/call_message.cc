#include "client/call_message.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "client/failure.h"
#include "client/limits.h"
#include "client/trace.h"
#include "sys/descriptors.h"
#include "sys/resources.h"

extern char **environ;

namespace prefork::client {

namespace {

void check(core::Code code, const Context &context) {
  if (code == core::E_NONE) return;
  const char *field = core::messages_subject();
  fail_with(code, *field != 0 ? field : subject_of(context));
}

// There is no other way to ask than to set it (umask(2)); nothing is made in between.
unsigned current_umask() {
  const mode_t mask = umask(0);
  umask(mask);
  return mask;
}

// By a descriptor and not by its name: it may have been removed, or be below a directory that cannot be searched. O_PATH asks for no
// permission on it but that to search, without which the server could not change to it either (fchdir(2)).
int open_working_directory(const Context &context) {
  const int fd = sys::open_path(".", O_PATH | O_DIRECTORY);
  if (fd < 0) fail(Line().text("cannot hand the working directory to ").text(subject_of(context)).error(errno));
  return fd;
}

void add_standard_descriptors(CallMessage *message) {
  const unsigned given = sys::standard_descriptors_given();
  for (int fd = STDIN_FILENO; fd <= STDERR_FILENO; fd++) {
    if ((given & 1U << fd) != 0) message->descriptors[message->descriptor_count++] = fd;
  }
}

void add_priority(const Context &context) {
  int nice = 0;
  if (sys::priority(0, &nice) != 0) fail(Line().text("cannot ask for the nice value").error(errno));
  check(core::call_nice(nice), context);
}

void add_limits(const Context &context) {
  const rlimit *limits = resource_limits();
  for (int resource = 0; resource < RESOURCES; resource++) {
    const uint64_t soft = limits[resource].rlim_cur == RLIM_INFINITY ? UINT64_MAX : limits[resource].rlim_cur;
    check(core::call_limit(static_cast<uint32_t>(resource), soft), context);
  }
}

void add_processors(const Context &context) {
  uint8_t mask[sys::AFFINITY_BYTES];
  const int known = sys::affinity(mask);
  if (known < 0) fail(Line().text("cannot ask for the processors").error(errno));
  auto length = static_cast<size_t>(known);
  while (length > 1 && mask[length - 1] == 0) length--;
  check(core::call_affinity(mask, length), context);
}

void add_strings(const Context &context) {
  if (context.options.script != nullptr) check(core::call_script(context.options.script), context);
  for (int i = context.options.first_argument; i < context.argument_count; i++) {
    check(core::call_argument(context.arguments[i]), context);
  }
  for (char **entry = environ; *entry != nullptr; entry++) check(core::call_environment(*entry), context);
}

}  // namespace

void check_working_directory(const Context &context) { sys::close_descriptor(open_working_directory(context)); }

CallMessage call_message(const Context &context) {
  CallMessage message{};
  add_standard_descriptors(&message);
  message.working_directory = open_working_directory(context);
  message.descriptors[message.descriptor_count++] = message.working_directory;
  check(core::call_begin(), context);
  if (is_traced) check(core::call_traced(), context);
  check(core::call_stdio(static_cast<uint8_t>(sys::standard_descriptors_given())), context);
  check(core::call_cwd(), context);
  check(core::call_umask(current_umask()), context);
  add_priority(context);
  add_limits(context);
  add_processors(context);
  add_strings(context);
  check(core::call_end(&message.bytes, &message.length), context);
  return message;
}

}  // namespace prefork::client
