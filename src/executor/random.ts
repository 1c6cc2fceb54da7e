/**
 * Random state that a fork would share. Measured: children of one process produce the same `Math.random()`, and, where setup
 * had used them once, the same `crypto.randomUUID()` and `crypto.randomInt()`. `crypto.randomBytes()` differs by itself.
 */
import { createHook } from 'node:async_hooks';
import { createRequire } from 'node:module';
import * as native from '../native.js';

/** State of xoshiro128**, by Blackman and Vigna (https://prng.di.unimi.it/): four words, not all of them 0. */
const state = new Uint32Array(4);

function next32(): number {
  const result = Math.imul(rotate(Math.imul(state[1] as number, 5), 7), 9) >>> 0;
  const shifted = (state[1] as number) << 9;
  (state[2] as number) ^= state[0] as number;
  (state[3] as number) ^= state[1] as number;
  (state[1] as number) ^= state[2] as number;
  (state[0] as number) ^= state[3] as number;
  (state[2] as number) ^= shifted;
  state[3] = rotate(state[3] as number, 11);
  return result;
}

function rotate(word: number, by: number): number {
  return (word << by) | (word >>> (32 - by));
}

/** As `Math.random()`: 53 random bits as a number from 0 to 1, 1 excluded. */
function random(): number {
  const high = next32() >>> 5;
  const low = next32() >>> 6;
  return (high * 0x4000000 + low) / 0x20000000000000;
}

/**
 * Puts a generator that can be seeded in the place of `Math.random`: V8 has no way to seed its own again. To be done before a
 * module has taken a copy of the function.
 */
export function installRandom(): void {
  seedRandom();
  Object.defineProperty(Math, 'random', { value: random, writable: true, enumerable: false, configurable: true });
}

/** Gives this process a random sequence of its own. */
export function seedRandom(): void {
  native.randomBytes(new Uint8Array(state.buffer));
  state[0] = (state[0] as number) | 1;
}

/** The largest of Node's caches: `randomInt` keeps 6 KiB of entropy, 6 bytes a number (lib/internal/crypto/random.js). */
const MOST_CACHED_VALUES = 1024;

/**
 * Uses up the entropy that node:crypto has cached, so that the next user, in whatever process, draws afresh. Once in the server is
 * enough: a cache that is at its end in the server is at its end in each executor.
 *
 * The end of a cache cannot be seen, but a refill can be stopped: it is a job whose `run` is replaced for the time being by one that
 * throws, which leaves the cache just as it was, at its end.
 */
export function exhaustCachedEntropy(): void {
  const loaded = (process as { moduleLoadList?: string[] }).moduleLoadList;
  if (loaded && !loaded.includes('NativeModule internal/crypto/random')) return;
  const crypto = createRequire(__filename)('node:crypto') as typeof import('node:crypto');
  const job = captureRandomJob(crypto);
  const refill = Symbol('refill');
  const { run } = job;
  job.run = () => {
    throw refill;
  };
  try {
    for (const draw of [() => crypto.randomUUID(), () => crypto.randomInt(2)]) drawUntil(refill, draw);
  } finally {
    job.run = run;
  }
}

interface RandomJob {
  run(): unknown;
}

/** The prototype of the job by which node:crypto fetches entropy; async_hooks shows each such job when it is made. */
function captureRandomJob(crypto: typeof import('node:crypto')): RandomJob {
  let prototype: RandomJob | undefined;
  const hook = createHook({
    init(_id, type, _trigger, resource) {
      if (type === 'RANDOMBYTESREQUEST') prototype = Object.getPrototypeOf(resource) as RandomJob;
    },
  }).enable();
  crypto.randomFillSync(Buffer.alloc(1));
  hook.disable();
  if (!prototype) throw new Error(`Node ${process.version} does not show how node:crypto fetches entropy`);
  return prototype;
}

function drawUntil(refill: symbol, draw: () => unknown): void {
  try {
    // Rejected draws take more than one value each, never less.
    for (let drawn = 0; drawn <= MOST_CACHED_VALUES; drawn += 1) draw();
  } catch (thrown) {
    if (thrown === refill) return;
    throw thrown;
  }
  throw new Error(`node:crypto of Node ${process.version} keeps more entropy than ${MOST_CACHED_VALUES} values`);
}
