/** Listeners for signals. */
import { constants } from 'node:os';
import { callersStack, Origins } from './origins.js';
import type { Finding } from './report.js';

const added = new Map<string | symbol, Origins>();

export function watchSignals(): void {
  process.on('newListener', (name) => {
    const stack = callersStack();
    if (!stack || !Object.hasOwn(constants.signals, name)) return;
    const origins = added.get(name) ?? new Origins();
    origins.add(stack);
    added.set(name, origins);
  });
}

export function signalFindings(): Finding[] {
  // Node has one of its own for SIGWINCH, where a standard stream is a terminal.
  const names = [...added.keys()].filter((name) => process.listenerCount(name) > 0) as string[];
  return names.map((name) => ({
    kind: 'signals',
    severity: 'caution',
    subject: name,
    what: `there is a listener for ${name}: every call has it, and none ends by that signal unless the listener has it end`,
    advice: 'make sure that it is to be so; add it after initialisationComplete() where only some calls want it',
    origins: added.get(name)?.list() ?? [],
  }));
}
