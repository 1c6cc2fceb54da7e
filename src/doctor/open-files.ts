/** Descriptors that initialisation leaves open. */
import { readdirSync, readlinkSync } from 'node:fs';
import { nodesOwn, replaceFunction } from './nodes-own.js';
import { Origins } from './origins.js';
import type { Finding, Origin } from './report.js';
import { originsOfDescriptor, stackNow } from './resources.js';

/**
 * Node's own: for the event loop; of /dev/null, which libuv keeps in reserve for when it has no more to accept a connection with; of a terminal that is a
 * standard stream, which libuv opens anew.
 */
const NODES_OWN = /^(anon_inode:\[?(eventpoll|eventfd|io_uring|timerfd)|\/dev\/(null|tty\w*|pts\/\d+)$)/;

/** What was open before the script was loaded, and what it was. */
let before: ReadonlyMap<number, string> = new Map();
interface Opened {
  readonly target: string | undefined;
  readonly stack: readonly string[];
}

/** What was opened last by each number. It may have been closed since, and something else come in its place. */
const opened = new Map<number, Opened>();

export function watchFiles(): void {
  before = descriptors();
  const fs = nodesOwn('node:fs');
  replaceFunction<typeof fs.openSync>(fs, 'openSync', (openSync) => (...args) => {
    const descriptor = openSync(...args);
    note(descriptor, stackNow());
    return descriptor;
  });
  // Its last argument is the callback, of two to four.
  replaceFunction<Open>(fs, 'open', (open) => (...args) => {
    const stack = stackNow();
    const callback = args.pop();
    const noting = (error: unknown, descriptor: number) => {
      if (!error) note(descriptor, stack);
      (callback as (error: unknown, descriptor: number) => void)(error, descriptor);
    };
    return open(...args, typeof callback === 'function' ? noting : callback);
  });
  replaceFunction<typeof fs.promises.open>(fs.promises, 'open', (open) => async (...args) => {
    const stack = stackNow();
    const handle = await open(...args);
    note(handle.fd, stack);
    return handle;
  });
}

type Open = (...args: unknown[]) => unknown;

function note(descriptor: number, stack: readonly string[] | undefined): void {
  if (stack) opened.set(descriptor, { target: targetOf(descriptor), stack });
  else opened.delete(descriptor);
}

/** Undefined where it is not open. */
function targetOf(descriptor: number | string): string | undefined {
  try {
    return readlinkSync(`/proc/self/fd/${descriptor}`);
  } catch {
    return undefined;
  }
}

/** By number: what each is. (Not the directory itself, which has been closed by then.) */
function descriptors(): Map<number, string> {
  const found = new Map<number, string>();
  for (const name of readdirSync('/proc/self/fd')) {
    const target = targetOf(name);
    if (target !== undefined) found.set(Number(name), target);
  }
  return found;
}

export function fileFindings(): Finding[] {
  const open = descriptors();
  const ends = [...open.values()];
  const findings: Finding[] = [];
  for (const [descriptor, target] of open) {
    if (before.get(descriptor) === target) continue;
    const origins = originsOf(descriptor, target);
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

function originsOf(descriptor: number, target: string): Origin[] {
  const known = opened.get(descriptor);
  if (known?.target !== target) return originsOfDescriptor(descriptor);
  const origins = new Origins();
  origins.add(known.stack);
  return origins.list();
}
