// Times a command: runner CALLS REST_US CALLERS LIMIT_S COMMAND [ARGUMENT ..]
//
// Runs it CALLS times, at most CALLERS at once, each time after a rest of REST_US microseconds, and takes the time from before posix_spawn(3) until it is reaped.
// Standard input is /dev/null; output and errors go to one pipe, which is read when the command has ended: this process does nothing meanwhile that would take a
// processor away from what it times. Each call has to end with the same status and say the same as the first, or the runner says what differs and fails.
//
// On standard output: a line `STATUS BYTES ELAPSED`, where STATUS is that of waitpid(2) and ELAPSED the nanoseconds from the first start to the last end; the BYTES
// bytes that a call says; then a line with the nanoseconds of each call, in the order in which they ended.
#include <err.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define MOST_CALLERS 256
// All that a call may say: a pipe that is full would hold it up for ever (pipe(7); this is the default of /proc/sys/fs/pipe-max-size).
#define OUTPUT_LIMIT (1 << 20)

extern char **environ;

struct caller {
  volatile pid_t pid;  // 0 where it has no call
  int64_t began;
  int output[2];
};

static struct caller callers[MOST_CALLERS];
static int caller_count;
static char said[OUTPUT_LIMIT], expected[OUTPUT_LIMIT];
static ssize_t expected_length = -1;
static int expected_status;

static int64_t now(void) {
  struct timespec time;
  clock_gettime(CLOCK_MONOTONIC, &time);
  return time.tv_sec * INT64_C(1000000000) + time.tv_nsec;
}

static void kill_all(void) {
  for (int i = 0; i < caller_count; i++) {
    if (callers[i].pid > 0) kill(callers[i].pid, SIGKILL);
  }
}

// Async-signal-safe throughout (signal-safety(7)).
static void give_up(int signal) {
  static const char late[] = "runner: the calls did not end within the limit\n";
  if (signal == SIGALRM && write(STDERR_FILENO, late, sizeof late - 1) < 0) _exit(125);
  kill_all();
  _exit(124);
}

static _Noreturn void fail(const char *what, int status) {
  kill_all();
  errx(123, "%s: wait status %d, where the first call's was %d; it said \"%.200s\", and the first \"%.200s\"", what, status, expected_status, said, expected);
}

static void begin(struct caller *caller, char **command) {
  posix_spawn_file_actions_t actions;
  posix_spawn_file_actions_init(&actions);
  posix_spawn_file_actions_addopen(&actions, STDIN_FILENO, "/dev/null", O_RDONLY, 0);
  posix_spawn_file_actions_adddup2(&actions, caller->output[1], STDOUT_FILENO);
  posix_spawn_file_actions_adddup2(&actions, caller->output[1], STDERR_FILENO);
  caller->began = now();
  // glibc makes it a clone(2) with CLONE_VM and CLONE_VFORK: no page of this process is copied. The number is in its place before a signal can come again.
  const int error = posix_spawn((pid_t *)&caller->pid, command[0], &actions, NULL, command, environ);
  if (error != 0) {
    caller->pid = 0;
    kill_all();
    errx(122, "%s: %s", command[0], strerror(error));
  }
  posix_spawn_file_actions_destroy(&actions);
}

// What a call has said is complete when it has ended: nothing is waited for here.
static void check(struct caller *caller, int status) {
  ssize_t length = 0, got;
  while ((got = read(caller->output[0], said + length, sizeof said - 1 - (size_t)length)) > 0) length += got;
  if (got < 0 && errno != EAGAIN) err(121, "read");
  said[length] = '\0';
  if (expected_length < 0) {
    memcpy(expected, said, (size_t)length + 1);
    expected_length = length;
    expected_status = status;
    return;
  }
  if (status != expected_status) fail("the exit status is not the same each time", status);
  if (length != expected_length || memcmp(said, expected, (size_t)length) != 0) fail("the output is not the same each time", status);
}

static int64_t reap(void) {
  int status;
  const pid_t pid = wait4(-1, &status, 0, NULL);
  const int64_t ended = now();
  if (pid < 0) err(120, "wait4");
  for (int i = 0; i < caller_count; i++) {
    if (callers[i].pid != pid) continue;
    callers[i].pid = 0;
    check(&callers[i], status);
    return ended - callers[i].began;
  }
  errx(119, "%d is no call", pid);
}

static struct caller *free_caller(void) {
  for (int i = 0; i < caller_count; i++) {
    if (callers[i].pid == 0) return &callers[i];
  }
  return NULL;
}

static void prepare(void) {
  for (int i = 0; i < caller_count; i++) {
    if (pipe2(callers[i].output, O_CLOEXEC) != 0) err(118, "pipe2");
    // Only this end: the other is the command's, which expects one that waits.
    if (fcntl(callers[i].output[0], F_SETFL, O_NONBLOCK) != 0) err(118, "fcntl");
    // Many callers may be more than the user's share of pipes (pipe(7)); theirs say little.
    if (caller_count == 1 && fcntl(callers[i].output[1], F_SETPIPE_SZ, OUTPUT_LIMIT) < 0) err(118, "F_SETPIPE_SZ");
  }
  struct sigaction action = {.sa_handler = give_up};
  sigaction(SIGALRM, &action, NULL);
  sigaction(SIGTERM, &action, NULL);
  sigaction(SIGINT, &action, NULL);
}

int main(int argc, char **argv) {
  if (argc < 6) errx(2, "usage: runner CALLS REST_US CALLERS LIMIT_S COMMAND [ARGUMENT ..]");
  const long calls = atol(argv[1]), rest_us = atol(argv[2]);
  caller_count = atoi(argv[3]);
  if (calls < 1 || rest_us < 0 || caller_count < 1 || caller_count > MOST_CALLERS) errx(2, "a number is out of its bounds");
  int64_t *times = calloc((size_t)calls, sizeof *times);
  if (times == NULL) err(118, "calloc");
  prepare();
  alarm((unsigned)atoi(argv[4]));
  const struct timespec rest = {rest_us / 1000000, rest_us % 1000000 * 1000};
  const int64_t first = now();
  for (long begun = 0, ended = 0; ended < calls;) {
    struct caller *caller = begun < calls ? free_caller() : NULL;
    if (caller == NULL) {
      times[ended++] = reap();
      continue;
    }
    if (rest_us > 0) nanosleep(&rest, NULL);
    begin(caller, argv + 5);
    begun++;
  }
  const int64_t elapsed = now() - first;
  alarm(0);
  printf("%d %zd %lld\n", expected_status, expected_length, (long long)elapsed);
  fwrite(expected, 1, (size_t)expected_length, stdout);
  for (long i = 0; i < calls; i++) printf("%s%lld", i == 0 ? "" : " ", (long long)times[i]);
  printf("\n");
  return fflush(stdout) == 0 && !ferror(stdout) ? 0 : 117;
}
