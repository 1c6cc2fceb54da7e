/**
 * The only user of the addon: one function per system facility, typed, without policy.
 *
 * All descriptors made here are close-on-exec. A failing system call throws a {@link SystemError}. Nothing waits unless
 * its name or a parameter says so.
 */
import { constants } from 'node:os';
import { binding } from './native/binding.js';

export type { Thread } from './native/binding.js';
export { NativeError, type NativeErrorCode, SystemError } from './native/errors.js';
export * from './native/fork.js';

/** What poll(2) asks for and tells, the same on every Linux. */
export const POLLIN = 0x1;
export const POLLOUT = 0x4;
export const POLLERR = 0x8;
export const POLLHUP = 0x10;
export const POLLNVAL = 0x20;

/** Flags for {@link receive} and {@link send}, the same on every Linux. */
export const MSG_PEEK = 0x2;
export const MSG_DONTWAIT = 0x40;

const SHUTDOWN = { read: 0, write: 1, both: 2 } as const;
/** flock(2): LOCK_SH, LOCK_EX, LOCK_UN, and LOCK_NB beside them. */
const LOCK = { shared: 1, exclusive: 2, unlock: 8 } as const;
const LOCK_WITHOUT_WAITING = 4;

/**
 * poll(2) over triples of descriptor, events, and returned events; the third of each is written.
 *
 * -1 waits for ever. A signal does not end it: it goes on with the time that is left.
 */
export function poll(set: Int32Array, timeoutMs: number): number {
  return binding().poll(set, timeoutMs);
}

/** accept4(2): the new connection, in blocking mode. */
export function accept(listener: number): number {
  return binding().accept(listener);
}

/** SO_PEERCRED, see unix(7): who connected, or made the socket pair. */
export function peerCredentials(fd: number): { pid: number; uid: number; gid: number } {
  return binding().peerCredentials(fd);
}

/** getsockname(2): the path that a Unix socket is bound to; empty where it has none. */
export function boundPath(fd: number): string {
  return binding().boundPath(fd);
}

/**
 * recvmsg(2), with at most `maxDescriptors` descriptors. `bytes` is 0 at the end of the stream.
 *
 * More descriptors than that, or a control message that the kernel had to cut: all of them are closed, and it throws
 * EMSGSIZE.
 */
export function receive(
  fd: number,
  into: Uint8Array,
  maxDescriptors: number,
  flags = 0,
): { bytes: number; descriptors: number[] } {
  return binding().receive(fd, into, maxDescriptors, flags);
}

/**
 * recv(2) MSG_PEEK, without waiting: how many bytes were seen, 0 at the end of the stream, -1 where nothing is there yet.
 *
 * Bytes and the descriptors that came with them stay queued. Where a message had descriptors it ends the bytes that are seen:
 * how many there are in all is {@link queued}.
 */
export function peek(fd: number, into: Uint8Array): number {
  return binding().peek(fd, into);
}

/** SIOCINQ, see unix(7): how many bytes of a Unix stream socket wait to be read. */
export function queued(fd: number): number {
  return binding().queued(fd);
}

/** sendmsg(2): how many bytes went. A peer that is gone is EPIPE, never a signal. */
export function send(fd: number, data: Uint8Array, descriptors: number[] = [], flags = 0): number {
  return binding().send(fd, data, descriptors, flags);
}

/** shutdown(2). */
export function shutdown(fd: number, how: 'read' | 'write' | 'both'): void {
  binding().shutdown(fd, SHUTDOWN[how]);
}

/** close(2). An error that says the descriptor is closed all the same (EINTR, EIO) is no error here. */
export function close(fd: number): void {
  binding().close(fd);
}

/** close(2) of each; -1 stands for none. */
export function closeAll(fds: number[]): void {
  binding().closeAll(fds);
}

/** F_DUPFD_CLOEXEC: a copy that is not below `minimum`. */
export function duplicateAbove(fd: number, minimum: number): number {
  return binding().duplicateAbove(fd, minimum);
}

/** dup2(2): `to` becomes a copy of `from` that programs inherit, also where both are the same. */
export function duplicateTo(from: number, to: number): void {
  binding().duplicateTo(from, to);
}

/** Makes these, in their order, descriptors 0, 1 and so on, close-on-exec, and closes the ones given. */
export function installStandard(descriptors: number[]): void {
  binding().installStandard(descriptors);
}

/** F_GETFL: the status flags of the open file, which all its descriptors share. */
export function statusFlags(fd: number): number {
  return binding().statusFlags(fd);
}

/** F_SETFL. */
export function setStatusFlags(fd: number, flags: number): void {
  binding().setStatusFlags(fd, flags);
}

/** FD_CLOEXEC on or off. */
export function setCloseOnExec(fd: number, on: boolean): void {
  binding().setCloseOnExec(fd, on);
}

/** flock(2): false where somebody else holds it and `wait` is false. */
export function lock(fd: number, how: 'exclusive' | 'shared' | 'unlock', wait: boolean): boolean {
  return binding().lock(fd, LOCK[how] | (wait ? 0 : LOCK_WITHOUT_WAITING));
}

/** pipe2(2): what is read from, and what is written to. fs.readSync and fs.writeSync do that. */
export function pipe(): [number, number] {
  return binding().pipe();
}

/** fchdir(2), to a descriptor that may be an O_PATH one. Node keeps what process.cwd() said before, see process.chdir(). */
export function changeDirectory(fd: number): void {
  binding().changeDirectory(fd);
}

/**
 * waitpid(2) with its raw status. `pid` may be -1 for any child. Null where `noHang` and nothing has ended.
 */
export function wait(pid: number, noHang: boolean): { pid: number; status: number } | null {
  return binding().wait(pid, noHang);
}

/**
 * waitid(2) with WSTOPPED, WCONTINUED and WNOHANG: how a child has stopped or gone on, each told once; null where it has not.
 *
 * The end of a child is not told here and not taken away from {@link wait}.
 */
export function waitChange(pid: number): { kind: 'stopped'; signal: number } | { kind: 'continued' } | null {
  return binding().waitChange(pid);
}

/** pidfd_open(2): readable once the process has ended. */
export function openProcess(pid: number): number {
  return binding().openProcess(pid);
}

/** setpgid(2). */
export function setProcessGroup(pid: number, group: number): void {
  binding().setProcessGroup(pid, group);
}

/** setsid(2). */
export function setSession(): void {
  binding().setSession();
}

/** PR_SET_PDEATHSIG: the signal that this process gets when its parent ends; 0 for none. */
export function setParentDeathSignal(signal: number): void {
  binding().setParentDeathSignal(signal);
}

/** getpid(2). `process.pid` is a copy that Node made when it started. */
export function processId(): number {
  return binding().processId();
}

/** getppid(2), as it is now. */
export function parentPid(): number {
  return binding().parentPid();
}

/** kill(2): to a process, or with a negative number to a process group. */
export function sendSignal(pidOrNegativeGroup: number, signal: number): void {
  binding().sendSignal(pidOrNegativeGroup, signal);
}

/** Nothing blocked, and what is ignored back to its default, save what Node itself ignores (SIGPIPE, SIGXFSZ). */
export function resetSignals(): void {
  binding().resetSignals();
}

/**
 * pthread_sigmask(3): the main thread, which calls, takes none of these signals until somebody unblocks them.
 *
 * The kernel gives a signal for the process to any thread that does not block it, which for SIGCHLD, ignored by default,
 * is the end of it: so where {@link openSignals} is to see it, every thread has to block it. A thread inherits what its
 * maker blocks, so that means: before any other is made (those of Node itself are; {@link fork} leaves them behind). Ours
 * block everything.
 */
export function blockSignals(signals: number[]): void {
  binding().blockSignals(signals);
}

/** signalfd(2), close-on-exec and non-blocking: readable (poll(2)) when one of these signals, blocked, is queued. */
export function openSignals(signals: number[]): number {
  return binding().openSignals(signals);
}

/**
 * The numbers of the signals that are queued now, which are then no more; [] where there are none. At most 64, which is
 * all of them but for real-time signals.
 *
 * Whoever reads gets his own signals: after a fork the child's descriptor is not about its parent.
 */
export function readSignals(fd: number): number[] {
  return binding().readSignals(fd);
}

/** Events of inotify(7), the same on every Linux, and with the last three how {@link addWatch} takes its path. */
export const IN_MODIFY = 0x2;
export const IN_ATTRIB = 0x4;
export const IN_CLOSE_WRITE = 0x8;
export const IN_MOVED_TO = 0x80;
export const IN_CREATE = 0x100;
export const IN_DELETE_SELF = 0x400;
export const IN_MOVE_SELF = 0x800;
export const IN_UNMOUNT = 0x2000;
export const IN_IGNORED = 0x8000;
export const IN_ONLYDIR = 0x1000000;
export const IN_DONT_FOLLOW = 0x2000000;
export const IN_MASK_ADD = 0x20000000;

/** inotify_init1(2), non-blocking. EMFILE where the user has no instance left (128 by default). */
export function openWatch(): number {
  return binding().openWatch();
}

/** inotify_add_watch(2): the watch's number, the same for the same inode. ENOSPC where the user has no watch left, EACCES for what may not be read. */
export function addWatch(watch: number, path: string, events: number): number {
  return binding().addWatch(watch, path, events);
}

/**
 * One read(2) of up to 4096 bytes of queued events. Tells each: the watch's number (-1 for IN_Q_OVERFLOW), what happened, and to which
 * entry of the watched directory, or '' for what is watched itself. (A name that is no UTF-8 comes as Node would show it.) Returns how many; 0 where nothing is queued.
 */
export function readWatch(watch: number, seen: (number: number, events: number, name: string) => void): number {
  return binding().readWatch(watch, seen);
}

/**
 * Takes the handlers of process.on() out of force: a signal does what it does by default. They only note the signal for
 * an event loop, so in a process that does not run its loop they would make it deaf. Node's and V8's own handlers stay.
 */
export function setAsideSignalHandlers(): void {
  binding().setAsideSignalHandlers();
}

/** Puts back what {@link setAsideSignalHandlers} took, in this process or the one it was forked from. */
export function putBackSignalHandlers(): void {
  binding().putBackSignalHandlers();
}

/** RLIM_INFINITY, see getrlimit(2). */
const NO_LIMIT = 2n ** 64n - 1n;
const limitOrNone = (limit: bigint) => (limit === NO_LIMIT ? null : limit);

/** prlimit(2): a limit of this process; null for none. `resource` is the kernel's number (RLIMIT_CPU is 0). */
export function softLimit(resource: number): bigint | null {
  return limitOrNone(binding().softLimit(resource));
}

/** What {@link setSoftLimit} can go up to; null for any. */
export function hardLimit(resource: number): bigint | null {
  return limitOrNone(binding().hardLimit(resource));
}

/** prlimit(2), the hard limit left as it is. EINVAL above that. */
export function setSoftLimit(resource: number, soft: bigint | null): void {
  binding().setSoftLimit(resource, soft ?? NO_LIMIT);
}

/** getpriority(2): the nice value of a process, 0 for this one. */
export function priority(pid: number): number {
  return binding().priority(pid);
}

/** setpriority(2) of the main thread, and so of the threads and processes that it makes from now on: others keep theirs. */
export function setPriority(nice: number): void {
  binding().setPriority(nice);
}

/** sched_getaffinity(2) of the main thread: bit c of byte b is processor 8b+c. As long as the kernel's own mask. */
export function affinity(): Uint8Array {
  return binding().affinity();
}

/**
 * sched_setaffinity(2) of the main thread, and so of the threads and processes that it makes from now on.
 *
 * A mask shorter or longer than the kernel's is filled or cut; EINVAL where that would cut a processor off, or where
 * none of those that it names is there.
 */
export function setAffinity(mask: Uint8Array): void {
  binding().setAffinity(mask);
}

/**
 * Shows these arguments, each with its NUL, in /proc/self/cmdline and so in ps(1). `apart`: not where `process.title` is read from and written to, which
 * stays what it is.
 */
export function setCommandLine(line: Uint8Array, apart = false): void {
  binding().setCommandLine(line, apart);
}

/** Puts `NAME=value` NUL ... in the place of environ(7), byte for byte; process.env reads it from then on. */
export function replaceEnvironment(entries: Uint8Array): void {
  binding().replaceEnvironment(entries);
}

/** PR_SET_NAME of the main thread: what ps(1) and top(1) show; cut at 15 bytes by the kernel. */
export function setThreadName(name: string): void {
  binding().setThreadName(name);
}

/** PR_GET_NAME of the main thread. */
export function threadName(): string {
  return binding().threadName();
}

/** One datagram to a Unix socket, such as syslog's; never waits for room (EAGAIN). */
export function sendDatagram(path: string, data: Uint8Array): void {
  binding().sendDatagram(path, data);
}

/** getrandom(2): fills all of `into`. */
export function randomBytes(into: Uint8Array): void {
  binding().randomBytes(into);
}

/** socketpair(2): a connected pair of Unix stream sockets. */
export function socketPair(): [number, number] {
  return binding().socketPair();
}

/** Memory of this size, all zeros, that this process shares with all that are forked from it (MAP_SHARED of mmap(2)). It is never given back. */
export function sharedMemory(bytes: number): Uint8Array {
  return binding().sharedMemory(bytes);
}

/**
 * Ends the recording of what this process reads, looks for and makes in the file system (native/recorder/recorder.h): the records; `absent`, where it was not started with
 * the recorder, or with that of another version; `full`, where not all of them are there. To be called when no other thread uses files.
 */
export function endRecording(): ArrayBuffer | 'absent' | 'full' {
  return binding().endRecording();
}

/** Number of a signal by its name, for the functions above that take numbers. */
export function signalNumber(name: NodeJS.Signals): number {
  return constants.signals[name];
}
