#include "client/usage.h"

#include <errno.h>
#include <string.h>
#include <unistd.h>

#include "client/failure.h"

namespace prefork::client {

namespace {

const char USAGE[] =
    "usage: prefork-interp  [OPTION ..] INTERPRETER  [SCRIPT [ARG ..]]\n"
    "       prefork-interp  [OPTION,..],INTERPRETER   SCRIPT [ARG ..]\n"
    "       prefork-interp '[OPTION ..] INTERPRETER'  SCRIPT [ARG ..]\n"
    "\n"
    "Runs SCRIPT in a process forked from one that has already initialised it; the first call starts that one.\n"
    "In a script:  #!/usr/bin/prefork-interp -U,node\n"
    "\n"
    "Arguments and environment (one of these is needed):\n"
    "  -U          unlaundered: initialisation and call both see all of them\n"
    "  -L          laundered: initialisation sees the script's name and a short, clean environment\n"
    "What to do:\n"
    "  (nothing)   use the running server, or start one\n"
    "  -f          start a fresh server in place of a running one\n"
    "  --kill      let the running server go; run nothing\n"
    "  --explain   print which server it would be, and what that was worked out from (docs/protocol.md); run nothing\n"
    "  --examine   run the initialisation alone, and say what it leaves (for preforkctl doctor)\n"
    "  --help      print this\n"
    "  --version   print the version, and in brackets the C library\n"
    "When no server can be used, the script is run directly, as if prefork-interp were not there:\n"
    "  --strict         fail instead, with status 127 and the reason\n"
    "  --direct-on-tty  run directly whenever standard input is a terminal\n"
    "What becomes of the server (docs/life-cycle.md); this goes before what the script says:\n"
    "  --max-servers=N             most calls that run at once; further ones wait. Negative: no limit\n"
    "  --idle-timeout-seconds=N    it ends when nothing was called for so long. Negative: never\n"
    "  --max-errors=N              it ends after more failures to accept a call than this, in a row\n"
    "  --max-memory-mb=N           it ends when it has more resident memory than this. Negative: no limit\n"
    "  --min-available-mb=N        it ends when less than half of this is left in memory. Negative: never\n"
    "  --log-facility=NAME         where it logs to, see syslog(3). Empty: nowhere\n"
    "Which calls share a server (same interpreter, script and circumstances, and):\n"
    "  -E VAR      same value of the environment variable VAR\n"
    "  -G STRING   same STRING\n"
    "  -g IDENT    use the name IDENT instead of all of these\n"
    "\n"
    "The sockets are in /var/run/user/UID/prefork-interp or ~/.prefork-interp/NODENAME, or in the directory that the\n"
    "environment variable PREFORK_INTERP_RUN_DIR names: an absolute path, yours, with no access for anyone else.\n"
    "PREFORK_INTERP_KEEP_SERVERS=N: the start of a server leaves N others, those with calls and the last used; 100 if not set.\n"
    "PREFORK_INTERP_BYPASS=1 runs every script directly; PREFORK_INTERP_DEBUG=1 says what is done, and why.\n"
    "\n"
    "Exit status: the script's. 127: prefork-interp itself failed, and says why.\n";

// The C library decides most of this program's time (native/Makefile): whoever wonders about that can see which it is.
const char VERSION[] = "prefork-interp " PREFORK_INTERP_VERSION " (" PREFORK_INTERP_LIBC ")\n";

[[noreturn]] void print(const char *text) {
  size_t left = strlen(text);
  while (left > 0) {
    const ssize_t written = write(STDOUT_FILENO, text, left);
    if (written < 0 && errno == EINTR) continue;
    if (written < 0) fail(Line().text("cannot write to standard output").error(errno));
    text += written;
    left -= static_cast<size_t>(written);
  }
  _exit(0);
}

}  // namespace

void print_usage() { print(USAGE); }

void print_version() { print(VERSION); }

}  // namespace prefork::client
