/** Descriptors that initialisation leaves open. */
import { readdirSync, readlinkSync } from 'node:fs';
import { nodesOwn } from './nodes-own.js';
import { callersStack, Origins } from './origins.js';
import type { Finding, Origin } from './report.js';
import { originsOfDescriptor } from './resources.js';

/** Node's own, for the event loop: libuv keeps one of /dev/null in reserve, for when it has no more to accept a connection with. */
const NODES_OWN = /^(anon_inode:\[?(eventpoll|eventfd|io_uring|timerfd)|\/dev\/null$)/;

/** What was open before the script was loaded, and what it was. */
let before: ReadonlyMap<number, string> = new Map();
const opened = new Map<number, readonly string[]>();

export function watchFiles(): void {
  before = descriptors();
  const fs = nodesOwn('node:fs');
  const { openSync, open } = fs;
  fs.openSync = (...args) => {
    const descriptor = openSync(...args);
    note(descriptor, callersStack());
    return descriptor;
  };
  // Its last argument is the callback, of two to four.
  const watched = (...args: unknown[]) => {
    const stack = callersStack();
    const callback = args.pop() as (error: unknown, descriptor: number) => void;
    const noting = (error: unknown, descriptor: number) => {
      if (!error) note(descriptor, stack);
      callback(error, descriptor);
    };
    return Reflect.apply(open, fs, [...args, typeof callback === 'function' ? noting : callback]);
  };
  fs.open = Object.assign(watched, open) as typeof open;
}

function note(descriptor: number, stack: readonly string[] | undefined): void {
  if (stack) opened.set(descriptor, stack);
  else opened.delete(descriptor);
}

/** By number: what each is. */
function descriptors(): Map<number, string> {
  const found = new Map<number, string>();
  for (const name of readdirSync('/proc/self/fd')) {
    try {
      found.set(Number(name), readlinkSync(`/proc/self/fd/${name}`));
    } catch {
      // ENOENT: the directory itself, which has been closed by now.
    }
  }
  return found;
}

export function fileFindings(): Finding[] {
  const open = descriptors();
  const ends = [...open.values()];
  const findings: Finding[] = [];
  for (const [descriptor, target] of open) {
    if (before.get(descriptor) === target) continue;
    const origins = originsOf(descriptor);
    // Node has such pipes, to its worker threads for one.
    const isToItself = target.startsWith('pipe:') && ends.filter((end) => end === target).length > 1;
    if (origins.length > 0 || !(isToItself || NODES_OWN.test(target)))
      findings.push(describe(descriptor, target, origins));
  }
  return findings;
}

function describe(descriptor: number, target: string, origins: readonly Origin[]): Finding {
  const isSocket = target.startsWith('socket:');
  const what = isSocket
    ? `a socket is open (descriptor ${descriptor}): all calls share the connection, or accept from the same port`
    : target.startsWith('/')
      ? `${target} is open (descriptor ${descriptor}): all calls share its position, and its locks`
      : `${target} is open (descriptor ${descriptor}): all calls share it`;
  return {
    kind: isSocket ? 'sockets' : 'files',
    severity: 'caution',
    subject: isSocket ? `descriptor ${descriptor}` : target,
    what,
    advice: 'close it before initialisationComplete(), or open it afterwards',
    origins,
  };
}

function originsOf(descriptor: number): Origin[] {
  const stack = opened.get(descriptor);
  if (!stack) return originsOfDescriptor(descriptor);
  const origins = new Origins();
  origins.add(stack);
  return origins.list();
}
