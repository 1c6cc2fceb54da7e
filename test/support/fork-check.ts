/** Runs one script twice, plainly and in a forked process, to compare what comes out. */
import { spawn } from 'node:child_process';
import { mkdtempSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { constants, tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { buildSync } from 'esbuild';

/** The Node under test; `npm run test:nodes` sets it to each version in turn. */
export const node = process.env['PREFORK_TEST_NODE'] ?? process.execPath;

const root = resolve(__dirname, '../..');
const enter = join(root, 'test/fixtures/fork/enter.cjs');
/** A check that takes longer hangs. */
const LIMIT_MS = 30_000;

/** Where the addon under test is, below `build/Release`: another folder has one with sanitizers (scripts/sanitize-addon.mjs). */
const addonRoot = process.env['PREFORK_TEST_ADDON_ROOT'] ?? root;
/** A library that the Node under test has to be started with: the sanitizer's. */
const preload = process.env['PREFORK_TEST_PRELOAD'];
/** What every Node that loads the addon has in its environment. */
export const addonEnvironment: Record<string, string> = preload
  ? { LD_PRELOAD: preload, ASAN_OPTIONS: process.env['ASAN_OPTIONS'] ?? '' }
  : {};

/** The facade as a file of its own that any Node can load. It finds the addon from the folder above its own. */
export function buildFacade(): string {
  const facade = join(addonRoot, 'build/native-facade.cjs');
  const draft = `${facade}.${process.pid}`;
  buildSync({
    stdin: {
      // The facade, and what of it only tests look at.
      contents: `export * from './native.js'; export { binding } from './native/binding.js'; export { trialFork } from './native/trial-fork.js';`,
      resolveDir: join(root, 'src'),
    },
    outfile: draft,
    bundle: true,
    platform: 'node',
    format: 'cjs',
    target: 'node18',
  });
  // Test files run side by side, and one must never load what another has half written.
  renameSync(draft, facade);
  return facade;
}

export interface Outcome {
  /** A number, or the name of the signal, or that it hung. */
  ended: number | string;
  stdout: string;
  stderr: string;
}

export interface CheckOptions {
  /** `.cjs` or `.mjs`. */
  kind?: 'cjs' | 'mjs';
  env?: Record<string, string>;
  nodeArguments?: string[];
  input?: string;
  /** Another program than the Node under test. */
  binary?: string;
  /** How long the server waits, its event loop standing still, before it forks the executor. */
  blockedMs?: number;
}

export class ForkChecks {
  readonly facade = buildFacade();
  readonly directory = mkdtempSync(join(tmpdir(), 'fork-check-'));
  #written = 0;

  write(source: string, kind: 'cjs' | 'mjs' = 'cjs'): string {
    const file = join(this.directory, `check-${this.#written++}.${kind}`);
    writeFileSync(file, source);
    return file;
  }

  /** The same script, plainly and forked. */
  async both(source: string, options: CheckOptions = {}): Promise<{ plain: Outcome; forked: Outcome }> {
    const file = this.write(source, options.kind);
    const [plain, forked] = await Promise.all([this.run(file, 'plain', options), this.run(file, 'forked', options)]);
    return { plain, forked };
  }

  /** The script, forked only. */
  forked(source: string, options: CheckOptions = {}): Promise<Outcome> {
    return this.run(this.write(source, options.kind), 'forked', options);
  }

  async run(file: string, how: 'plain' | 'forked' | 'late', options: CheckOptions): Promise<Outcome> {
    const child = spawn(
      // No core files: many checks end by a signal that leaves one.
      'sh',
      [
        '-c',
        'ulimit -c 0; exec "$@"',
        'sh',
        options.binary ?? node,
        '--require',
        enter,
        ...(options.nodeArguments ?? []),
        file,
      ],
      {
        // Each run in a place of its own: the two of a pair would meet in the files that they write.
        cwd: mkdtempSync(join(this.directory, `${how}-`)),
        stdio: ['pipe', 'pipe', 'pipe', 'pipe'],
        env: {
          PATH: process.env['PATH'],
          HOME: this.directory,
          ...addonEnvironment,
          FORK_CHECK: how,
          FORK_CHECK_FACADE: this.facade,
          FORK_CHECK_BLOCKED_MS: String(options.blockedMs ?? 20),
          ...options.env,
        },
        // A group of its own, so that what hangs can be ended together with what it forked.
        detached: true,
      },
    );
    child.stdin?.on('error', () => {});
    child.stdin?.end(options.input ?? '');
    const texts = [1, 2, 3].map(async (fd) => {
      let text = '';
      const stream = child.stdio[fd] as NodeJS.ReadableStream;
      for await (const chunk of stream.setEncoding('utf8')) text += chunk;
      return text;
    });
    let hung = false;
    const timer = setTimeout(() => {
      hung = true;
      process.kill(-(child.pid as number), 'SIGKILL');
    }, LIMIT_MS);
    const [code, signal] = await new Promise<[number | null, string | null]>((done, fail) => {
      child.once('error', fail);
      child.once('close', (...ended) => done(ended));
    });
    clearTimeout(timer);
    const [stdout, stderr, status] = (await Promise.all(texts)) as [string, string, string];
    const ended = how !== 'plain' && status !== '' ? meaning(Number(status)) : (signal ?? (code as number));
    return { ended: hung ? 'hung' : ended, stdout, stderr: normalise(stderr) };
  }

  remove(): void {
    rmSync(this.directory, { recursive: true, force: true });
  }
}

/** What a raw wait status says, in the words of child_process. */
function meaning(status: number): number | string {
  const number = status & 0x7f;
  if (number === 0) return (status >> 8) & 0xff;
  const name = Object.entries(constants.signals).find(([, value]) => value === number);
  return name?.[0] ?? `signal ${number}`;
}

/** Process numbers and addresses differ from run to run; nothing else may. */
function normalise(stderr: string): string {
  return stderr.replace(/\(node:\d+\)/g, '(node:PID)').replace(/0x[0-9a-f]+/g, '0xADDRESS');
}
