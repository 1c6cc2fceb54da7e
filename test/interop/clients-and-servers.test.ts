/** Either client with either library: the released ones and ours. A server that one client has started serves the other, too. */
import { existsSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { FIXTURES, NODE } from '../support/paths.js';
import { alive } from '../support/processes.js';
import { type ClientName, HAS_RELEASED_CLIENT, HAS_RELEASED_MODULE, SharedHome } from '../support/released.js';
import type { Outcome, StartOptions } from '../support/running.js';
import { until } from '../support/until.js';
import { type Workspace, workspace } from '../support/workspace.js';

const SERVERS = {
  'the released Perl module': { interpreter: '/usr/bin/perl', fixture: 'call.pl' },
  // Not node by that name: for that our client would speak version 2, and with itself only.
  'our Node library': { interpreter: undefined, fixture: 'call.mjs' },
} as const;

class Subject {
  readonly home: SharedHome;
  readonly script: string;
  readonly #interpreter: string;
  readonly #env: NodeJS.ProcessEnv;

  constructor(
    readonly w: Workspace,
    server: keyof typeof SERVERS,
  ) {
    const { interpreter, fixture } = SERVERS[server];
    this.home = new SharedHome(w);
    w.installPackage();
    this.script = w.write(fixture, readFileSync(join(FIXTURES, fixture), 'utf8'));
    this.#interpreter = interpreter ?? w.versionOneNode();
    this.#env = { SETUP_LOG: w.path('setups'), PATH: `${dirname(NODE)}:/usr/bin:/bin` };
  }

  call(
    client: ClientName,
    call: readonly string[],
    options: StartOptions = {},
    flags: string[] = [],
  ): Promise<Outcome> {
    const env = { ...this.#env, ...options.env };
    return this.home.call(client, [...flags, this.#interpreter, this.script, ...call], { ...options, env });
  }

  async server(client: ClientName): Promise<number> {
    return Number((await this.call(client, ['server'])).stdout);
  }

  setups(): number {
    const log = this.#env['SETUP_LOG'] as string;
    return existsSync(log) ? readFileSync(log, 'utf8').split('\n').length - 1 : 0;
  }

  /** Lets the server go, and waits until it and its watcher have gone: it is not in the workspace's own run directory. */
  async end(): Promise<void> {
    await this.call('ours', [], {}, ['--kill']);
    await this.w.empty();
  }
}

const PAIRS = (['released', 'ours'] as const).flatMap((client) =>
  (Object.keys(SERVERS) as (keyof typeof SERVERS)[]).map((server) => [client, server] as const),
);

const NEEDED = 'needs chiark-utils-bin, chiark-scripts, libio-fdpass-perl';

describe.skipIf(!HAS_RELEASED_CLIENT || !HAS_RELEASED_MODULE).each(PAIRS)(
  `the client: %s; the server: %s (${NEEDED})`,
  (client, server) => {
    test('arguments, cold and warm', async () => {
      const s = new Subject(workspace(), server);
      const words = ['args', '', 'two words', 'ä\n\t', '-U', "'"];
      for (const call of ['cold', 'warm']) {
        const { stdout, stderr, status } = await s.call(client, words);
        expect(stdout.split('\0').slice(0, -1), call).toEqual(words);
        expect({ stderr, status }).toEqual({ stderr: '', status: 0 });
      }
      expect(s.setups()).toBe(1);
      await s.end();
    });

    test('environment', async () => {
      const s = new Subject(workspace(), server);
      for (const [call, value] of ['', 'a=b', 'line\nfeed', 'ünï'].entries()) {
        const { stdout } = await s.call(client, ['env'], { env: { VARIABLE: value, [`ONLY_${call}`]: 'here' } });
        const names = new Map(stdout.split('\0').map((entry) => entry.split(/=(.*)/s, 2) as [string, string]));
        expect(names.get('VARIABLE')).toBe(value);
        expect([...names.keys()].filter((name) => name.startsWith('ONLY_'))).toEqual([`ONLY_${call}`]);
        expect(names.has('PREFORK_INTERP')).toBe(false);
      }
      expect(s.setups()).toBe(1);
      await s.end();
    });

    test('standard input and output', async () => {
      const s = new Subject(workspace(), server);
      const input = Buffer.alloc(5_000_000, 'bytes of an uneven length');
      for (const call of ['cold', 'warm'])
        expect((await s.call(client, ['cat'], { input })).bytes.equals(input), call).toBe(true);
      await s.end();
    });

    test('exit statuses and signals', async () => {
      const s = new Subject(workspace(), server);
      for (const status of [0, 1, 2, 7, 126, 127, 128, 255]) {
        expect(await s.call(client, ['exit', String(status)])).toMatchObject({ status, signal: null, stderr: '' });
      }
      // Node ignores SIGPIPE.
      for (const name of ['HUP', 'INT', 'KILL', 'TERM', ...(server === 'our Node library' ? [] : ['PIPE'])]) {
        expect(await s.call(client, ['signal', name])).toMatchObject({
          status: null,
          signal: `SIG${name}`,
          stderr: '',
        });
      }
      expect(s.setups()).toBe(1);
      await s.end();
    });

    test('concurrent calls, the first ones too', async () => {
      const s = new Subject(workspace(), server);
      const calls = Array.from({ length: 16 }, async (_, i) => {
        expect(await s.call(client, ['cat'], { input: `call ${i}` })).toMatchObject({
          stdout: `call ${i}`,
          stderr: '',
        });
      });
      await Promise.all(calls);
      expect(s.setups()).toBe(1);
      await s.end();
    });

    test('-f and --kill', async () => {
      const s = new Subject(workspace(), server);
      const first = await s.server(client);
      expect(await s.call(client, ['exit', '2'], {}, ['-f'])).toMatchObject({ status: 2, stderr: '' });
      await until('the first server has gone', () => !alive(first));
      expect(await s.server(client)).not.toBe(first);
      expect(s.setups()).toBe(2);
      expect(await s.call(client, [], {}, ['--kill'])).toMatchObject({ status: 0, stdout: '', stderr: '' });
      await s.w.empty();
      expect(await s.call(client, ['exit', '3'])).toMatchObject({ status: 3, stderr: '' });
      expect(s.setups()).toBe(3);
      await s.end();
    });

    test('a server of the one serves, is replaced, and is killed by the other', async () => {
      const other = client === 'ours' ? 'released' : 'ours';
      const s = new Subject(workspace(), server);
      const first = await s.server(client);
      expect(await s.server(other)).toBe(first);
      expect(s.setups()).toBe(1);
      expect(await s.call(other, ['exit', '4'], {}, ['-f'])).toMatchObject({ status: 4 });
      await until('the first server has gone', () => !alive(first));
      const second = await s.server(client);
      expect(await s.server(other)).toBe(second);
      expect(s.setups()).toBe(2);
      expect(await s.call(other, [], {}, ['--kill'])).toMatchObject({ status: 0 });
      await until('the second server has gone', () => !alive(second));
      await s.end();
    });
  },
);
