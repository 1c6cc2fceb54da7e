import { binding } from './binding.js';

/** What Node has and does not publish: whether 'exit' is being emitted, and the CommonJS module that it was started with. */
type EndingProcess = NodeJS.Process & { _exiting?: boolean; mainModule?: unknown };

/** What Node leaves with where it cannot even emit 'exit'. */
const NOT_DECIDED = 1;

/**
 * Tells the addon the code that Node will leave with when its event loop is empty.
 *
 * Node decides that after the 'exit' listeners ran, in native code that offers no hook: it reads process.exitCode, and
 * where that was never set takes what it gave the listeners. So the same is read here as late as can be, behind all
 * listeners and their microtasks. Nothing ends here: an uncaught error in a listener has its report still to come.
 *
 * Node looks process.emit up for each event, and that look-up is where this hooks in. A function around `emit` would be
 * seen in the stack of every error that a listener throws; a listener of ours would go with removeAllListeners().
 */
export function captureNaturalExitCode(): void {
  let emit = process.emit;
  // A script may come to its fork point in an 'exit' listener: then that event has been looked up already.
  let captured = (process as EndingProcess)._exiting === true;
  if (captured) capture();
  Object.defineProperty(process, 'emit', {
    configurable: true,
    enumerable: false,
    get() {
      if (!captured && (process as EndingProcess)._exiting) {
        captured = true;
        capture();
      }
      return emit;
    },
    set(replacement: typeof emit) {
      if (this === process) emit = replacement;
      else
        Object.defineProperty(this, 'emit', {
          value: replacement,
          writable: true,
          configurable: true,
          enumerable: true,
        });
    },
  });
}

/** What Node gives the listeners, and leaves with where process.exitCode was never set. */
let byDefault = 0;

function capture(): void {
  // Only a module can await at its top level, and only the listeners are told what comes of that: 13 where it never
  // settled. Not more often than needed, because a second listener shows, as another line of node:events in the stack
  // of an error that the first one throws.
  if ((process as EndingProcess).mainModule === undefined && process.exitCode === undefined) {
    process.prependOnceListener('exit', noteDefault);
  }
  whenListenersRan(tellCode);
}

function noteDefault(code: number): void {
  byDefault = code;
}

/** The first microtask runs before those that the listeners will queue, the one that it queues runs behind them. */
function whenListenersRan(what: () => void): void {
  Promise.resolve().then(nothing).then(what);
}

function nothing(): void {}

function tellCode(): void {
  binding().setNaturalExitCode(toInt32(process.exitCode ?? byDefault));
}

/** In a server, for V8 to learn it: does what {@link captureNaturalExitCode} will do at the end. */
export function rehearseNaturalExit(): void {
  if (typeof process.emit === 'function') tellCode();
  binding().setNaturalExitCode(NOT_DECIDED);
}

/** Node 18 converts whatever was assigned as `| 0` does, and leaves with 1 where that throws; later ones have validated it. */
function toInt32(value: unknown): number {
  try {
    return (value as number) | 0;
  } catch {
    return 1;
  }
}
