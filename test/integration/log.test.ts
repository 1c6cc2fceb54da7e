/** The server's log: datagrams as syslog(3) sends them, to the socket that a variable names in the place of /dev/log. */
import { readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { FIXTURES } from '../support/paths.js';
import { RawConnection } from '../support/raw-connection.js';
import type { Running } from '../support/running.js';
import { VERSIONS } from '../support/versions.js';
import { type Workspace, workspace } from '../support/workspace.js';

async function receiver(w: Workspace): Promise<Running> {
  const log = w.start('perl', [join(FIXTURES, 'log-receiver.pl'), w.path('log')], { limitMs: 120_000 });
  expect(await log.line()).toBe('ready');
  return log;
}

/** Ends the receiver; what it got besides. */
async function close(log: Running): Promise<string[]> {
  log.kill('SIGTERM');
  return (await log.outcome).stdout.split('\n').slice(1, -1);
}

async function serve(w: Workspace, options: object, interpreter = 'node'): Promise<{ script: string; server: number }> {
  const script = w.fixture('hold.mjs', { interpreter });
  const env = { SERVER_OPTIONS: JSON.stringify(options) };
  const { stdout, stderr } = await w.run(script, [], { env });
  expect(stderr).toBe('');
  return { script, server: Number(stdout.trim().split(' ')[1]) };
}

function removeSocket(w: Workspace): void {
  for (const name of readdirSync(w.runDirectory)) if (name.startsWith('s')) rmSync(join(w.runDirectory, name));
}

/** RFC 3164: the priority is eight times the facility, and the level. */
test.each([
  ['user', {}, 1],
  ['local3', { logFacility: 'local3' }, 19],
  ['daemon', { logFacility: 'daemon' }, 3],
])('a server that retires says why, to facility %s', async (_, options, facility) => {
  const w = workspace();
  const log = await receiver(w);
  const { script, server } = await serve(w, options);
  removeSocket(w);
  const [, priority, date, pid, text] = await log.says(
    /^<(\d+)>(\w{3} [ \d]\d \d\d:\d\d:\d\d) prefork-interp\[(\d+)\]: (.*)$/m,
  );
  expect(Number(priority)).toBe(facility * 8 + 6);
  expect(Number(pid)).toBe(server);
  expect(text).toContain(`${script}: the server retires: its socket is gone`);
  expect(Math.abs(Date.parse(`${date} ${new Date().getFullYear()}`) - Date.now()), 'local time').toBeLessThan(
    86_400_000,
  );
  expect((await close(log)).length, 'and nothing else').toBe(1);
});

test('nothing is logged to the facility that is empty, nor for calls that are in order', async () => {
  const w = workspace();
  const log = await receiver(w);
  const quiet = await serve(w, { logFacility: '' });
  expect((await w.run(quiet.script, ['5'])).status).toBe(5);
  removeSocket(w);
  await w.empty(log);
  expect(await close(log)).toEqual([]);
});

test('the watcher’s trouble is logged as an error, and the server retires', async () => {
  const w = workspace();
  const log = await receiver(w);
  const { server } = await serve(w, {});
  const watcher = w.processes().find(({ pid }) => pid !== server && pid !== log.pid);
  // As if it had written it: proc(5) opens the same pipe.
  writeFileSync(`/proc/${watcher?.pid}/fd/2`, 'inotify_add_watch: No space left on device\n');
  await log.says(/^<11>.*: watcher: inotify_add_watch: No space left on device$/m);
  await log.says(/^<14>.*: the server retires: its watcher failed$/m);
  await w.empty(log);
  expect((await close(log)).length).toBe(2);
});

/** A first message that is none, for each version; and a call that its executor cannot make out. */
const BAD = {
  'version 1': { garbage: 'GET / HTTP/1.1\r\nX: \x01 forged\n<0>line', call: 'x' },
  'version 2': {
    garbage: 'GET / HTTP/1.1\r\nX: \x01 forged\n<0>line',
    call: 'C\x02\0\0\0\0\0\x08\0\x07\0\0\0\0\0\x63',
  },
};

async function sendAndSeeClosed(w: Workspace, bytes: string): Promise<void> {
  const connection = await RawConnection.open(w);
  connection.write(Buffer.from(bytes, 'latin1'));
  await connection.closedByServer();
  connection.close();
}

describe.each(VERSIONS)('%s', (version, interpreter) => {
  const bad = BAD[version as keyof typeof BAD];

  test('a call that an executor refuses is logged as an error', async () => {
    const w = workspace();
    const log = await receiver(w);
    await serve(w, { logFacility: 'local0' }, interpreter(w));
    await sendAndSeeClosed(w, bad.call);
    await log.says(/^<131>.*: a call was not served: .+$/m);
    expect((await close(log)).length).toBe(1);
  });

  test('what makes no sense is logged as one line, and not as what it says', async () => {
    const w = workspace();
    const log = await receiver(w);
    const { script } = await serve(w, { logFacility: 'local0' }, interpreter(w));
    await sendAndSeeClosed(w, bad.garbage);
    const [line = ''] = await log.says(/^<13[123]>.*: a (call was not served|connection was closed): .+$/m);
    expect(line).not.toMatch(/forged/);
    expect((await w.run(script, ['5'])).status).toBe(5);
    expect((await close(log)).length).toBe(1);
  });

  test('a log that nobody reads, or that is full, does not hold up a server', async () => {
    const w = workspace();
    const log = await receiver(w);
    const { script } = await serve(w, {}, interpreter(w));
    log.kill('SIGSTOP');
    // More messages than the queue of a Unix datagram socket holds (net.unix.max_dgram_qlen).
    const queue = Number(readFileSync('/proc/sys/net/unix/max_dgram_qlen', 'utf8'));
    for (let sent = 0; sent < queue + 5; sent += 1) await sendAndSeeClosed(w, bad.call);
    expect((await w.run(script, ['5'], { limitMs: 10_000 })).status).toBe(5);
    log.kill('SIGCONT');
    rmSync(w.path('log'));
    expect((await w.run(script, ['6'], { limitMs: 10_000 })).status).toBe(6);
    await close(log);
  });
});
