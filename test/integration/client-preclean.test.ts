/** Preclean: with too many rendezvous in the run directory, the least recently used of them go, and only the excess. */
import { existsSync, mkdirSync, readdirSync, rmSync, utimesSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { CLIENT } from '../support/paths.js';
import { V1Script } from '../support/v1-server.js';
import { type Workspace, workspace } from '../support/workspace.js';

/** What preclean leaves in peace. */
const KEPT = 100;

/** Ages are hours before now: far from the present, and from each other. */
const HOUR = 3600;
const NOW = Math.floor(Date.now() / 1000);

interface Age {
  /** Of the socket's last access, or undefined for no socket. */
  socket?: number;
  /** Of the lock file's last change, or undefined for no lock file. */
  lock?: number;
}

/** An entry as a server leaves it. What stands for the socket is a plain file: preclean looks at its name and times only. */
function entry(w: Workspace, ident: string, { socket, lock }: Age): void {
  const make = (letter: string, age: number | undefined) => {
    if (age === undefined) return;
    const path = join(w.runDirectory, letter + ident);
    writeFileSync(path, '', { mode: 0o600 });
    utimesSync(path, NOW - age * HOUR, NOW - age * HOUR);
  };
  make('s', socket);
  make('l', lock);
}

/** e001 is the least old. */
const name = (i: number) => `e${String(i).padStart(3, '0')}`;
const range = (from: number, to: number) => Array.from({ length: to - from + 1 }, (_, i) => name(from + i));

function idents(w: Workspace): string[] {
  return [...new Set(readdirSync(w.runDirectory).map((file) => file.slice(1)))]
    .filter((ident) => /^e\d/.test(ident))
    .sort();
}

/** A cold start, which precleans, with the ident `now` for itself. */
async function coldStart(w: Workspace, s: V1Script): Promise<void> {
  expect(await w.run(CLIENT, s.arguments(['exit', '0'], ['-U', '-g', 'now']))).toMatchObject({ status: 0, stderr: '' });
}

test.each([
  [0, 0],
  [99, 99],
  [100, 100],
  [101, 100],
  [250, 100],
])('of %i entries %i are left: the newest', async (count, left) => {
  const w = workspace();
  const s = new V1Script(w);
  for (let i = 1; i <= count; i++) entry(w, name(i), { socket: i, lock: 1000 });
  await coldStart(w, s);
  expect(idents(w)).toEqual(range(1, left));
  // Entry by entry: both files, or neither.
  expect(readdirSync(w.runDirectory)).toHaveLength(2 * left + 2);
  expect(existsSync(join(w.runDirectory, 'snow'))).toBe(true);
});

test('a use is the newer of access to the socket and change of the lock file; without a socket there is none', async () => {
  const w = workspace();
  const s = new V1Script(w);
  for (let i = 1; i <= KEPT - 2; i++) entry(w, name(i), { socket: i, lock: i });
  entry(w, name(301), { socket: 500, lock: 1 });
  entry(w, name(302), { socket: 1, lock: 500 });
  entry(w, name(303), { lock: 1 });
  entry(w, name(304), { socket: 499 });
  entry(w, name(305), { socket: 400, lock: 401 });
  await coldStart(w, s);
  expect(idents(w)).toEqual([...range(1, KEPT - 2), name(301), name(302)]);
});

test('of equally old entries the first by name go', async () => {
  const w = workspace();
  const s = new V1Script(w);
  for (let i = 1; i <= KEPT + 7; i++) entry(w, name(i), { socket: 7, lock: 7 });
  await coldStart(w, s);
  expect(idents(w)).toEqual(range(8, KEPT + 7));
});

test('entries whose lock is held are passed over, without waiting', async () => {
  const w = workspace();
  const s = new V1Script(w);
  for (let i = 1; i <= KEPT + 5; i++) entry(w, name(i), { socket: i, lock: i });
  const locks = [KEPT + 2, KEPT + 4].map((i) => join(w.runDirectory, `l${name(i)}`));
  const source = 'my @held = map { open(my $f, "+<", $_); flock($f, 2); $f } @ARGV; $| = 1; print "held\n"; <STDIN>';
  const holder = w.start('perl', ['-e', source, ...locks], { stdio: 'pipe' });
  await holder.says(/held/);
  await coldStart(w, s);
  expect(idents(w)).toEqual([...range(1, KEPT), name(KEPT + 2), name(KEPT + 4)]);
  holder.endInput();
  await holder.outcome;
});

test('the entry of this very call is never removed, however old it looks', async () => {
  const w = workspace();
  const s = new V1Script(w);
  // An unused lock file and an old, dead socket of its own name.
  entry(w, 'e999', { socket: 9999, lock: 9999 });
  for (let i = 1; i <= KEPT + 1; i++) entry(w, name(i), { socket: i, lock: i });
  expect(await w.run(CLIENT, s.arguments(['exit', '0'], ['-U', '-g', 'e999']))).toMatchObject({ status: 0 });
  expect(idents(w)).toEqual([...range(1, KEPT - 1), 'e999']);
});

test('a live server that is among the excess goes, and its next call starts a new one', async () => {
  const w = workspace();
  const s = new V1Script(w);
  const arguments_ = s.arguments(['exit', '2'], ['-U', '-g', 'e500']);
  expect(await w.run(CLIENT, arguments_)).toMatchObject({ status: 2 });
  const hour = NOW - 500 * HOUR;
  for (const letter of 'sl') utimesSync(join(w.runDirectory, `${letter}e500`), hour, hour);
  for (let i = 1; i <= KEPT; i++) entry(w, name(i), { socket: i, lock: i });
  await coldStart(w, s);
  expect(idents(w)).toEqual(range(1, KEPT));
  expect(await w.run(CLIENT, arguments_)).toMatchObject({ status: 2, stderr: '' });
  expect(s.setups()).toBe(3);
});

test('other names, directories with such a name, and names without an ident do no harm', async () => {
  const w = workspace();
  const s = new V1Script(w);
  for (const other of ['x1', 'README', '.hidden', 'S1', 'L1']) writeFileSync(join(w.runDirectory, other), '');
  for (const directory of ['ldirectory', 'sdirectory', 'l', 's']) mkdirSync(join(w.runDirectory, directory));
  for (let i = 1; i <= KEPT; i++) entry(w, name(i), { socket: i, lock: i });
  await coldStart(w, s);
  const left = readdirSync(w.runDirectory);
  for (const kept of ['x1', 'README', '.hidden', 'S1', 'L1', 'ldirectory', 'sdirectory', 'l', 's'])
    expect(left).toContain(kept);
  rmSync(w.runDirectory, { recursive: true });
});

test('a warm call does not look', async () => {
  const w = workspace();
  const s = new V1Script(w);
  await coldStart(w, s);
  for (let i = 1; i <= KEPT + 9; i++) entry(w, name(i), { socket: i, lock: i });
  await coldStart(w, s);
  expect(idents(w)).toHaveLength(KEPT + 9);
});

test('--kill precleans, too', async () => {
  const w = workspace();
  for (let i = 1; i <= KEPT + 9; i++) entry(w, name(i), { socket: i, lock: i });
  expect(await w.run(CLIENT, ['-U', '--kill', '-g', name(50), 'sh'])).toMatchObject({ status: 0, stderr: '' });
  expect(idents(w)).toEqual(range(1, KEPT).filter((ident) => ident !== name(50)));
});

test('many that preclean at the same time want the same', async () => {
  const w = workspace();
  const s = new V1Script(w);
  for (let i = 1; i <= KEPT + 50; i++) entry(w, name(i), { socket: i, lock: i });
  const starts = Array.from({ length: 6 }, (_, i) =>
    w.run(CLIENT, s.arguments(['exit', '0'], ['-U', '-g', `e0${i}x`])),
  );
  for (const outcome of await Promise.all(starts)) expect(outcome).toMatchObject({ status: 0, stderr: '' });
  const left = idents(w);
  expect(left.filter((ident) => !ident.endsWith('x'))).toEqual(range(1, left.length - 6));
  expect(left.length).toBeGreaterThanOrEqual(KEPT);
  expect(left.length).toBeLessThanOrEqual(KEPT + 6);
});
