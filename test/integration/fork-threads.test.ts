/** Threads that a fork would lose are found and named; Node's, V8's, libuv's and our own are no false alarms, early or late. */
import { execFileSync } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type CheckOptions, ForkChecks } from '../support/fork-check.js';

const checks = new ForkChecks();
afterAll(() => checks.remove());

/** Everything that makes threads of Node's own come into being. */
const busy = `
  const { promisify } = require('node:util'); const fs = require('node:fs');
  await Promise.all([fs.promises.stat('/'), promisify(require('node:crypto').scrypt)('a', 'b', 32), promisify(require('node:zlib').gzip)('x')]);
  await require('node:dns').promises.lookup('localhost');
  await WebAssembly.compile(new Uint8Array([0, 0x61, 0x73, 0x6d, 1, 0, 0, 0]));
  for (let round = 0; round < 5; round++) { const f = new Function('n', 'let s = ' + round + '; for (let i = 0; i < n; i++) s = (s * 31 + i) | 0; return [s];'); for (let i = 0; i < 20_000; i++) f(50); }
`;
const startWorker = `
  const worker = new (require('node:worker_threads').Worker)('setInterval(() => {}, 1000)', { eval: true }); await require('node:events').once(worker, 'online');
`;

/** Prints the names of the unknown threads and ends: without enter(), since with any of them it would refuse. */
const report = `console.log(JSON.stringify(native.threads().map(({ name }) => name))); process.exit(0);`;

/** The addon is loaded, and the tasks taken over, before the script begins; or only after all that it does. */
const moments = {
  early: (source: string) => `(async () => { const { native } = globalThis; ${source} ${report} })();`,
  late: (source: string) =>
    `(async () => { ${source} const native = require(process.env.LATE_FACADE); native.prepareFork(); ${report} })();`,
};

function unknown(moment: keyof typeof moments, source: string, options: CheckOptions = {}): Promise<string[]> {
  const file = checks.write(moments[moment](source));
  const env = { LATE_FACADE: checks.facade, ...options.env };
  // FORK_CHECK=plain: the fixture loads no addon.
  return checks
    .run(file, moment === 'late' ? 'plain' : 'forked', { ...options, env })
    .then(({ stdout, stderr, ended }) => {
      expect({ stderr: stderr.replace(/^(Debugger|For help).*\n/gm, ''), ended }).toEqual({ stderr: '', ended: 0 });
      return JSON.parse(stdout) as string[];
    });
}

describe.each(['early', 'late'] as const)('prepared %s', (moment) => {
  test('a process that has done nothing has none', async () => {
    expect(await unknown(moment, '')).toEqual([]);
  });

  test('the thread pool and V8 at work are none', async () => {
    expect(await unknown(moment, busy)).toEqual([]);
  });

  test('workers that have ended are none', async () => {
    expect(await unknown(moment, `${startWorker} await worker.terminate();`)).toEqual([]);
  });

  test('a worker is one', async () => {
    expect(await unknown(moment, `${busy} ${startWorker}`)).toHaveLength(1);
  });

  test('two workers are two', async () => {
    expect(await unknown(moment, `${startWorker} { ${startWorker} }`)).toHaveLength(2);
  });

  test("a debugger's thread is one", async () => {
    expect(await unknown(moment, busy, { nodeArguments: ['--inspect=0'] })).toHaveLength(1);
  });

  test.each(['1', '2', '9'])('with --v8-pool-size=%s there is none too many', async (size) => {
    expect(await unknown(moment, busy, { nodeArguments: [`--v8-pool-size=${size}`] })).toEqual([]);
  });

  test.each(['1', '3', '64'])('with UV_THREADPOOL_SIZE=%s there is none too many', async (size) => {
    expect(await unknown(moment, busy, { env: { UV_THREADPOOL_SIZE: size } })).toEqual([]);
  });

  test('where libuv uses io_uring (Node 20 can be told to), the threads of that are found, and no others', async () => {
    for (const name of await unknown(moment, busy, { env: { UV_USE_IO_URING: '1' } })) expect(name).toMatch(/^iou-/);
  });
});

describe("an addon's own thread", () => {
  const library = join(checks.directory, 'thread.so');

  beforeAll(() => {
    const source = join(checks.directory, 'thread.c');
    writeFileSync(
      source,
      `#define _GNU_SOURCE
      #include <pthread.h>
      #include <unistd.h>
      static void *wait(void *unused) { (void)unused; for (;;) pause(); return 0; }
      __attribute__((constructor)) static void start(void) {
        pthread_t thread;
        if (pthread_create(&thread, 0, wait, 0) == 0) pthread_setname_np(thread, "addon-of-mine");
      }`,
    );
    // nodelete: Node unloads what does not register as an addon, and with it the code that the thread runs.
    execFileSync('cc', ['-shared', '-fPIC', '-pthread', '-Wl,-z,nodelete', '-o', library, source]);
  });

  test.each(['early', 'late'] as const)('is found and named, prepared %s', async (moment) => {
    const load = `try { process.dlopen({ exports: {} }, '${library}'); } catch {}`;
    expect(await unknown(moment, `${busy} ${load}`)).toEqual(['addon-of-mine']);
  });
});

describe('in a process that was forked', () => {
  test('nothing that Node itself starts is one, a worker is', async () => {
    const source = `enter(); (async () => { const { native } = globalThis; ${busy}
      console.log(native.threads().length); ${startWorker} console.log(native.threads().length); process.exit(0); })();`;
    expect(await checks.forked(source)).toEqual({ ended: 0, stdout: '0\n1\n', stderr: '' });
  });
});

describe('requests in flight', () => {
  test('are counted', async () => {
    const source = `const { native } = globalThis; console.log(native.activeRequests());
      require('node:fs').stat('/', () => {}); require('node:crypto').randomBytes(8, () => {}); console.log(native.activeRequests());
      setTimeout(() => { console.log(native.activeRequests()); process.exit(0); }, 100);`;
    expect((await checks.forked(source)).stdout).toBe('0\n2\n0\n');
  });
});
