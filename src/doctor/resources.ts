/** What Node has on its way, and where it came from: async_hooks tells of each when it is made. */
import { createHook, executionAsyncId } from 'node:async_hooks';
import { inspect } from 'node:util';
import { Origins, scriptsStack } from './origins.js';
import type { Finding, Origin } from './report.js';

/** More of them are not remembered: then the oldest go. */
const MOST_RESOURCES = 100_000;

/** What the hook passes: an object of Node's own. */
interface Resource {
  readonly fd?: number;
  readonly pid?: number;
  readonly _destroyed?: boolean;
  readonly _idleTimeout?: number;
  readonly _repeat?: number | null;
  hasRef?(): boolean;
  readonly promise?: Promise<unknown>;
}

interface Made {
  readonly type: string;
  readonly resource: WeakRef<Resource>;
  readonly stack: readonly string[];
}

const made = new Map<number, Made>();
/** By the number of each resource, also of promises and ticks: what comes in a turn of the event loop comes from where that was asked for. */
const stacks = new Map<number, readonly string[]>();

const REQUEST = /^FSREQ|REQUEST$|REQ|^QUERYWRAP$|^ZLIB$|CONNECTWRAP$|^WRITEWRAP$|^SHUTDOWNWRAP$/;
const NEITHER = new Set(['PROMISE', 'TickObject', 'Microtask', 'RANDOMBYTESREQUEST']);

export function watchResources(): void {
  createHook({
    init(id, type, trigger, resource) {
      // Of these there may be very many, and to look at the stack takes its time.
      const stack = (NEITHER.has(type) ? stacks.get(executionAsyncId()) : undefined) ?? stackNow(trigger);
      if (!stack) return;
      keep(stacks, id, stack);
      if (!NEITHER.has(type)) keep(made, id, { type, resource: new WeakRef(resource as Resource), stack });
    },
    before(id) {
      // It is being answered.
      const each = made.get(id);
      if (each && REQUEST.test(each.type)) made.delete(id);
    },
    destroy(id) {
      made.delete(id);
      stacks.delete(id);
    },
  }).enable();
}

/** The script's functions that are being executed; or else those that have asked for what is being done. */
export function stackNow(trigger = executionAsyncId()): readonly string[] | undefined {
  return scriptsStack() ?? stacks.get(executionAsyncId()) ?? stacks.get(trigger);
}

function keep<T>(map: Map<number, T>, id: number, value: T): void {
  map.set(id, value);
  if (map.size > MOST_RESOURCES) map.delete(map.keys().next().value as number);
}

function* alive(): Generator<{ type: string; resource: Resource; stack: readonly string[] }> {
  for (const { type, resource, stack } of made.values()) {
    const there = resource.deref();
    if (there) yield { type, resource: there, stack };
  }
}

function originsOf(filter: (type: string, resource: Resource) => boolean): Origin[] {
  const origins = new Origins();
  for (const { type, resource, stack } of alive()) if (filter(type, resource)) origins.add(stack);
  return origins.list();
}

export function originsOfRequests(): Origin[] {
  return originsOf((type, { promise }) => REQUEST.test(type) && (!promise || inspect(promise).includes('<pending>')));
}

export function originsOfThreads(): Origin[] {
  return originsOf((type) => type === 'WORKER');
}

export function originsOfChildren(): Origin[] {
  return originsOf((type) => type === 'PROCESSWRAP');
}

/** Of a socket, or a file that node:fs/promises has opened. (A terminal's own descriptor is Node's, which opens it anew.) */
export function originsOfDescriptor(descriptor: number): Origin[] {
  return originsOf((type, resource) => !REQUEST.test(type) && type !== 'TTYWRAP' && resource.fd === descriptor);
}

/** Timers and immediates that wait. */
export function timerFindings(): Finding[] {
  const timers = [...alive()].filter(
    ({ type, resource }) => (type === 'Timeout' || type === 'Immediate') && resource._destroyed === false,
  );
  if (timers.length === 0) return [];
  const origins = new Origins();
  for (const { stack } of timers) origins.add(stack);
  const holds = timers.some(({ resource }) => resource.hasRef?.() !== false);
  const each = timers.map(({ type, resource }) => nameOf(type, resource));
  const names = [...new Set(each)].map((name) => {
    const times = each.filter((other) => other === name).length;
    return times === 1 ? name : `${times} of ${name}`;
  });
  return [
    {
      kind: 'timers',
      severity: 'caution',
      subject: null,
      what: `timers wait (${names.join(', ')}): every call has all of them${holds ? ', and does not end by itself while they are there' : ''}`,
      advice: 'clear them before initialisationComplete(), or set them afterwards',
      origins: origins.list(),
    },
  ];
}

function nameOf(type: string, { _repeat, _idleTimeout }: Resource): string {
  if (type === 'Immediate') return 'setImmediate';
  return _repeat ? `setInterval of ${_repeat} ms` : `setTimeout of ${_idleTimeout} ms`;
}
