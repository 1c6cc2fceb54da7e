/** What initialisation asks of the circumstances of a call: others may have others. */
import { nodesOwn, replaceFunction } from './nodes-own.js';
import { Origins } from './origins.js';
import type { Finding, Origin } from './report.js';

/** The first argument that is the call's own. */
const FIRST_ARGUMENT = 2;
const ALL_VARIABLES = '*';
/** node:child_process asks for it at each start of a process, to hand it on. */
const NODES_VARIABLE = 'NODE_V8_COVERAGE';
const STREAMS = ['stdin', 'stdout', 'stderr'] as const;

const environment = new Map<string, Origins>();
const terminal = new Map<string, Origins>();
const directory = new Origins();
const args = new Origins();

/** Begins to notice. What is replaced stays replaced: the process ends with the examination. */
export function watchContext(): void {
  watchEnvironment();
  watchArguments();
  watchDirectory();
  watchTerminals();
}

export function contextFindings(): Finding[] {
  const found: Finding[] = environmentFindings();
  for (const [subject, origins] of terminal) {
    found.push({
      kind: 'terminal',
      severity: 'caution',
      subject,
      what: `it was asked whether ${subject} is a terminal: for other calls it is another way`,
      advice: 'ask after initialisationComplete(), or each time anew',
      origins: origins.list(),
    });
  }
  found.push(
    ...once(directory, {
      kind: 'directory',
      what: 'the working directory was asked for, or a path that is seen from it: other calls have another',
      advice: 'ask for it, and resolve relative paths, after initialisationComplete()',
    }),
    ...once(args, {
      kind: 'arguments',
      what: "the caller's arguments were read: other calls have others",
      advice: 'read them after initialisationComplete()',
    }),
  );
  return found;
}

/** Whoever copies all variables asks for each by name as well, in the same place. */
function environmentFindings(): Finding[] {
  const all = environment.get(ALL_VARIABLES)?.list() ?? [];
  const isOfAll = ({ stack }: Origin) => all.some((each) => each.stack.join() === stack.join());
  return [...environment].flatMap(([name, each]) => {
    const origins = name === ALL_VARIABLES ? all : each.list().filter((origin) => !isOfAll(origin));
    return origins.length > 0
      ? [{ kind: 'environment', severity: 'caution', subject: name, ...wordsFor(name), origins }]
      : [];
  });
}

function wordsFor(name: string): Pick<Finding, 'what' | 'advice'> {
  if (name === ALL_VARIABLES) {
    return {
      what: 'the whole environment was read: calls with other variables find what was made of the first',
      advice: 'read it after initialisationComplete()',
    };
  }
  return {
    what: `the environment variable ${name} was read: calls with another value find what was made of the first`,
    advice: `read it after initialisationComplete(), or have a server for each value of it: -E ${name} in the #! line`,
  };
}

function once(origins: Origins, { kind, what, advice }: Pick<Finding, 'kind' | 'what' | 'advice'>): Finding[] {
  const list = origins.list();
  return list.length > 0 ? [{ kind, severity: 'caution', subject: null, what, advice, origins: list }] : [];
}

function noteIn(map: Map<string, Origins>, subject: string): void {
  const origins = map.get(subject) ?? new Origins();
  if (origins.note()) map.set(subject, origins);
}

function watchEnvironment(): void {
  const real = process.env;
  // What it has set itself is no circumstance.
  const own = new Set<PropertyKey>();
  const read = (name: PropertyKey) => {
    if (typeof name === 'string' && name !== NODES_VARIABLE && !own.has(name)) noteIn(environment, name);
  };
  const env = new Proxy(real, {
    get(_target, name) {
      read(name);
      return Reflect.get(real, name);
    },
    has(_target, name) {
      read(name);
      return Reflect.has(real, name);
    },
    getOwnPropertyDescriptor(_target, name) {
      read(name);
      return Reflect.getOwnPropertyDescriptor(real, name);
    },
    ownKeys() {
      noteIn(environment, ALL_VARIABLES);
      return Reflect.ownKeys(real);
    },
    set(_target, name, value) {
      own.add(name);
      return Reflect.set(real, name, value);
    },
    defineProperty(_target, name, descriptor) {
      own.add(name);
      return Reflect.defineProperty(real, name, descriptor);
    },
    deleteProperty(_target, name) {
      own.add(name);
      return Reflect.deleteProperty(real, name);
    },
  });
  Object.defineProperty(process, 'env', { value: env, writable: true, enumerable: true, configurable: true });
}

/**
 * Interpreter and script are the same for all. The array stays one, which can be cloned: what it has is told of by accessors, and what it has not (methods,
 * and arguments where there are none) by its prototype.
 */
function watchArguments(): void {
  const { argv } = process;
  for (let at = FIRST_ARGUMENT; at < argv.length; at += 1) {
    let value = argv[at];
    const get = () => {
      args.note();
      return value;
    };
    const set = (other: string) => {
      value = other;
    };
    Object.defineProperty(argv, at, { get, set, enumerable: true, configurable: true });
  }
  const prototype = new Proxy(Object.create(Array.prototype) as object, {
    get(_target, name) {
      if (name === Symbol.iterator) return iterate;
      // Not for how often it was asked for: for what all of the arguments are in.
      if (name !== 'constructor') args.note();
      return Reflect.get(Array.prototype, name);
    },
  });
  Object.setPrototypeOf(argv, prototype);
}

/** Of an array: whoever takes no more than the first two has not asked for arguments. */
function* iterate(this: readonly unknown[]): Generator<unknown> {
  for (let at = 0; at < this.length || at === FIRST_ARGUMENT; at += 1) {
    if (at === FIRST_ARGUMENT) args.note();
    if (at < this.length) yield this[at];
  }
}

function watchDirectory(): void {
  replaceFunction<() => string>(process, 'cwd', (cwd) => () => {
    directory.note();
    return cwd.call(process);
  });
  const fs = nodesOwn('node:fs');
  for (const holder of [fs, fs.promises]) for (const name of OF_PATHS) watchPaths(holder, name);
}

/** Of node:fs and node:fs/promises: those whose first argument is a path, and that tell something of what is there. */
const OF_PATHS = (
  'access accessSync createReadStream exists existsSync glob globSync lstat lstatSync open openSync opendir ' +
  'opendirSync readFile readFileSync readdir readdirSync readlink readlinkSync realpath realpathSync stat statSync'
).split(' ');

function watchPaths(holder: object, name: string): void {
  replaceFunction<(this: unknown, ...args: unknown[]) => unknown>(
    holder,
    name,
    (original) =>
      function (...args) {
        const [path] = args;
        if (typeof path === 'string' && !path.startsWith('/')) directory.note();
        return Reflect.apply(original, this, args);
      },
  );
}

function watchTerminals(): void {
  const tty = nodesOwn('node:tty');
  replaceFunction<typeof tty.isatty>(tty, 'isatty', (isatty) => (descriptor) => {
    noteIn(terminal, STREAMS[descriptor] ?? `descriptor ${descriptor}`);
    return isatty(descriptor);
  });
  for (const name of STREAMS) watchStream(name);
}

const used = new Map<(typeof STREAMS)[number], NodeJS.WriteStream>();

/** The standard streams that were used, by name: to look at others would make them. */
export function usedStreams(): ReadonlyMap<string, NodeJS.WriteStream> {
  return used;
}

/** Node makes these at their first use. */
function watchStream(name: (typeof STREAMS)[number]): void {
  const own = Object.getOwnPropertyDescriptor(process, name);
  const get = own?.get;
  if (!own || !get) return;
  const getStream = () => {
    const stream = get.call(process) as NodeJS.WriteStream;
    if (stream !== used.get(name)) {
      used.set(name, stream);
      let isTTY: unknown = stream.isTTY;
      Object.defineProperty(stream, 'isTTY', {
        configurable: true,
        enumerable: true,
        get() {
          noteIn(terminal, name);
          return isTTY;
        },
        set(value) {
          isTTY = value;
        },
      });
    }
    return stream;
  };
  Object.defineProperty(process, name, { ...own, get: getStream });
}
