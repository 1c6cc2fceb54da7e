import { binding } from './binding.js';

/**
 * Tells the addon the code that Node will leave with when its event loop is empty.
 *
 * Node decides that after the 'exit' listeners ran, in native code that offers no hook: it reads process.exitCode, and where
 * that was never set takes what it gave the listeners (0, or 13 for an unsettled top-level await). So the same is read
 * here as the last thing of the 'exit' event. Reading is all this does: an uncaught error in a listener, and the warning about the await,
 * come after the event and must not be lost.
 */
export function captureNaturalExitCode(): void {
  const emit = process.emit;
  const capturing = function (this: NodeJS.Process, ...event: unknown[]): boolean {
    if (event[0] !== 'exit' || this !== process) return Reflect.apply(emit, this, event) as boolean;
    const given = process.exitCode === undefined ? event[1] : 0;
    const handled = Reflect.apply(emit, this, event) as boolean;
    note(given);
    // Who replaced process.emit after us still has code to run (signal-exit does so); a microtask is later than all of it.
    Promise.resolve(given).then(note);
    return handled;
  };
  Object.defineProperty(process, 'emit', { value: capturing, writable: true, configurable: true, enumerable: false });
}

function note(given: unknown): void {
  binding().setNaturalExitCode(toInt32(process.exitCode ?? given));
}

/** Node 18 converts whatever was assigned as `| 0` does, and leaves with 1 where that throws; later ones have validated it. */
function toInt32(value: unknown): number {
  try {
    return (value as number) | 0;
  } catch {
    return 1;
  }
}
