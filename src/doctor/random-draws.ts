/** Random numbers that initialisation draws: what is made of them is the same in all calls. */
import { nodesOwn, replaceFunction } from './nodes-own.js';
import { Origins } from './origins.js';
import type { Finding } from './report.js';

const draws = new Map<string, Origins>();

type Draw = (this: unknown, ...args: unknown[]) => unknown;

const OF_CRYPTO = [
  'randomBytes',
  'randomFill',
  'randomFillSync',
  'randomInt',
  'randomUUID',
  'getRandomValues',
] as const;
const OF_WEBCRYPTO = ['getRandomValues', 'randomUUID'] as const;

export function watchRandom(): void {
  const crypto = nodesOwn('node:crypto');
  watch(Math, 'random', 'Math.random()');
  for (const name of OF_CRYPTO) watch(crypto, name, `crypto.${name}()`);
  for (const name of OF_WEBCRYPTO) watch(Object.getPrototypeOf(crypto.webcrypto), name, `crypto.${name}()`);
}

function watch(holder: object, name: string, shown: string): void {
  replaceFunction<Draw>(
    holder,
    name,
    (draw) =>
      function (...args) {
        const origins = draws.get(shown) ?? new Origins();
        if (origins.note()) draws.set(shown, origins);
        return Reflect.apply(draw, this, args);
      },
  );
}

export function randomFindings(): Finding[] {
  return [...draws].map(([subject, origins]) => ({
    kind: 'random',
    severity: 'caution',
    subject,
    what: `${subject} was called: what was made of its result (an identifier, a key, a seed) is the same in every call`,
    advice: 'draw it after initialisationComplete(), where each call gets its own',
    origins: origins.list(),
  }));
}
