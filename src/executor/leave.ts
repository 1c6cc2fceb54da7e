import * as native from '../native.js';

/**
 * Lets this process end through `_exit`: Node's own way out joins threads that a fork does not have.
 *
 * `process.exit()` and errors nobody caught come by the exit handler that the addon sets; a natural end comes by a clean-up hook, which
 * is not told the exit code. It is settled once the script's 'exit' listeners have run, and so is noted then. Nothing may
 * end here already: what an uncaught error has to say is printed after this event.
 */
export function leaveByExitNow(): void {
  native.leaveByExitNow();
  const { emit } = process;
  process.emit = function (this: NodeJS.Process, event: string, ...args: unknown[]): boolean {
    try {
      return Reflect.apply(emit, this, [event, ...args]) as boolean;
    } finally {
      if (event === 'exit') native.setNaturalExitCode(Number(process.exitCode ?? args[0] ?? 0) | 0);
    }
  } as typeof process.emit;
}
