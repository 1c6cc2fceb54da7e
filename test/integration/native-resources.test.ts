/** What a process may use, and where it is: limits, priority, processors, working directory. Each is changed in a child, and seen by another program. */
import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { afterAll, describe, expect, test } from 'vitest';
import * as native from '../../src/native.js';
import { ForkChecks } from '../support/fork-check.js';

const checks = new ForkChecks();
afterAll(() => checks.remove());

/** proc_pid_limits(5) has a line for each, in the order of their numbers but for the names. */
const RESOURCES: [number, string][] = [
  [0, 'Max cpu time'],
  [1, 'Max file size'],
  [2, 'Max data size'],
  [3, 'Max stack size'],
  [4, 'Max core file size'],
  [5, 'Max resident set'],
  [6, 'Max processes'],
  [7, 'Max open files'],
  [8, 'Max locked memory'],
  [9, 'Max address space'],
  [10, 'Max file locks'],
  [11, 'Max pending signals'],
  [12, 'Max msgqueue size'],
  [13, 'Max nice priority'],
  [14, 'Max realtime priority'],
  [15, 'Max realtime timeout'],
];
const NOFILE = 7;
const CORE = 4;
const CPU = 0;
const NO_PROCESS = 2 ** 22 + 1;

/** Runs `source` in a forked child, and gives what it writes as JSON. */
async function child(source: string): Promise<unknown> {
  const { ended, stdout, stderr } = await checks.forked(`const { native } = globalThis;
    const { execFileSync } = require('node:child_process'); const { readFileSync, readdirSync, openSync, constants } = require('node:fs');
    const code = (action) => { try { action(); return 'nothing'; } catch (error) { return error.code; } };
    const text = (limit) => limit === null ? 'none' : String(limit);
    const seen = (pattern, of = readFileSync('/proc/self/limits', 'utf8')) => pattern.exec(of).slice(1);
    const pid = native.fork();
    if (pid > 0) native.exitNow(native.wait(pid, false).status === 0 ? 0 : 1);
    console.log(JSON.stringify((() => { ${source} })())); native.exitNow(0);`);
  expect({ ended, stderr }).toEqual({ ended: 0, stderr: '' });
  return JSON.parse(stdout);
}

describe('limits', () => {
  test.each(RESOURCES)('%i is %s', (resource, name) => {
    const line = readFileSync('/proc/self/limits', 'utf8')
      .split('\n')
      .find((each) => each.startsWith(name));
    const [, soft, hard] = /^\D+?\s{2,}(unlimited|\d+)\s+(unlimited|\d+)/.exec(line as string) ?? [];
    const shown = (limit: bigint | null) => (limit === null ? 'unlimited' : String(limit));
    expect([shown(native.softLimit(resource)), shown(native.hardLimit(resource))]).toEqual([soft, hard]);
  });

  test('the soft one is set, the hard one stays, and a program inherits both', async () => {
    const open = /Max open files\s+(\S+)\s+(\S+)/.source;
    expect(
      await child(`const hard = native.hardLimit(${NOFILE}); native.setSoftLimit(${NOFILE}, 77n);
        const of = execFileSync('cat', ['/proc/self/limits'], { encoding: 'utf8' });
        return [text(native.softLimit(${NOFILE})), native.hardLimit(${NOFILE}) === hard, seen(/${open}/, of)[0], seen(/${open}/, of)[1] === String(hard),
          (native.setSoftLimit(${NOFILE}, hard), native.softLimit(${NOFILE}) === hard)];`),
    ).toEqual(['77', true, '77', true, true]);
  });

  test('none, and more than 32 bits', async () => {
    expect(
      await child(`native.setSoftLimit(${CPU}, 2n ** 40n + 1n); const large = text(native.softLimit(${CPU}));
        native.setSoftLimit(${CPU}, null); return [large, text(native.softLimit(${CPU})), seen(/Max cpu time\\s+(\\S+)/)];`),
    ).toEqual([String(2n ** 40n + 1n), 'none', ['unlimited']]);
  });

  test('errors', async () => {
    expect(() => native.softLimit(16)).toThrow('prlimit resource 16: Invalid argument (EINVAL)');
    expect(() => native.hardLimit(-1)).toThrow(/resource -1.*EINVAL/);
    expect(() => native.setSoftLimit(99, 1n)).toThrow(/prlimit resource 99 to 1: .*EINVAL/);
    expect(() => native.setSoftLimit(CORE, 2n ** 64n)).toThrow(/to 18446744073709551616: .*EINVAL/);
    expect(() => native.setSoftLimit(CORE, -1n)).toThrow(/to -1: .*EINVAL/);
    const above = `execFileSync('prlimit', ['--nofile=50:60', '--pid', String(native.processId())]);
      return [text(native.softLimit(${NOFILE})), text(native.hardLimit(${NOFILE})), code(() => native.setSoftLimit(${NOFILE}, 61n)), code(() => native.setSoftLimit(${NOFILE}, null)), text(native.softLimit(${NOFILE}))];`;
    expect(await child(above)).toEqual(['50', '60', 'EINVAL', 'EINVAL', '50']);
  });
});

describe('priority', () => {
  test('of this process and of another', async () => {
    const source = `const before = native.priority(0); const set = [];
      for (const nice of [before + 1, before + 2, 100]) { native.setPriority(nice); set.push(native.priority(0) - before); }
      const shown = Number(execFileSync('nice', { encoding: 'utf8' }));
      const other = native.fork(); if (other === 0) { native.poll(new Int32Array(0), 20_000); native.exitNow(0); }
      const same = native.priority(other) === native.priority(0); native.sendSignal(other, 9); native.wait(other, false);
      return [set.slice(0, 2), native.priority(0), shown, same];`;
    expect(await child(source)).toEqual([[1, 2], 19, 19, true]);
  });

  test.skipIf(process.getuid?.() !== 0)('-1 is a value and no error (as root)', async () => {
    expect(
      await child('native.setPriority(-1); return [native.priority(0), native.priority(native.processId())];'),
    ).toEqual([-1, -1]);
  });

  test('errors', async () => {
    expect(() => native.priority(NO_PROCESS)).toThrow(`getpriority process ${NO_PROCESS}: No such process (ESRCH)`);
    const unprivileged = `native.setPriority(10); process.setgroups?.([]); process.setgid?.(65534); process.setuid?.(65534);
      return [code(() => native.setPriority(-5)), native.priority(0)];`;
    expect(await child(process.getuid?.() === 0 ? unprivileged : "return ['EACCES', 10]")).toEqual(['EACCES', 10]);
  });
});

describe('affinity', () => {
  /** Cpus_allowed of proc_pid_status(5): words of 32 bits, the highest first, as a number. */
  const allowed = (status: string) =>
    BigInt(`0x${(/Cpus_allowed:\s*(\S+)/.exec(status) as RegExpExecArray)[1]?.replaceAll(',', '')}`);
  const value = (mask: ArrayLike<number>) =>
    Array.from(mask).reduceRight((sum, byte) => (sum << 8n) | BigInt(byte), 0n);

  test('is what the kernel shows', () => {
    const mask = native.affinity();
    expect(mask.length % 8).toBe(0);
    expect(value(mask)).toBe(allowed(readFileSync('/proc/self/status', 'utf8')));
    expect(value(mask)).not.toBe(0n);
  });

  test('each processor alone, and all of them again, in a program', async () => {
    const shown = (await child(`const all = native.affinity(); const found = [];
      const note = () => found.push([[...native.affinity()], execFileSync('cat', ['/proc/self/status'], { encoding: 'utf8' })]);
      for (let cpu = 0; cpu < all.length * 8; cpu++) {
        if ((all[cpu >> 3] >> (cpu & 7) & 1) === 0) continue;
        const mask = new Uint8Array((cpu >> 3) + 1); mask[cpu >> 3] = 1 << (cpu & 7);
        native.setAffinity(mask); note();
      }
      native.setAffinity(all); note(); return found;`)) as [number[], string][];
    for (const [mask, status] of shown) expect(value(mask)).toBe(allowed(status));
    const all = value(native.affinity());
    expect(shown.map(([mask]) => value(mask)).sort()).toEqual([...bits(all), all].sort());
  });

  test('a processor that is not there is not another one', async () => {
    // Wherever its bit lies: in each byte of the first two words of the kernel's mask.
    const source = `const wrong = [];
      for (let cpu = 0; cpu < 128; cpu += 9) {
        const mask = new Uint8Array(16); mask[cpu >> 3] = 1 << (cpu & 7);
        const outcome = code(() => native.setAffinity(mask));
        if (outcome !== 'EINVAL' && [...native.affinity().subarray(0, 16)].join() !== mask.join()) wrong.push([cpu, outcome, ...native.affinity()]);
      }
      return wrong;`;
    expect(await child(source)).toEqual([]);
  });

  test('a mask is filled and cut where that is no loss', async () => {
    const source = `const all = native.affinity(); const long = new Uint8Array(3000); long.set(all);
      const short = all.slice(0, all.findLastIndex?.((byte) => byte !== 0) + 1 || 1);
      native.setAffinity(long); const one = [...native.affinity()].join(); native.setAffinity(short); const two = [...native.affinity()].join();
      long[all.length] = 1; const cut = code(() => native.setAffinity(long)); long[all.length] = 0; long[2999] = 128;
      return [one === all.join(), two === all.join(), cut, code(() => native.setAffinity(long)), code(() => native.setAffinity(new Uint8Array(8))), code(() => native.setAffinity(new Uint8Array(0)))];`;
    expect(await child(source)).toEqual([true, true, 'EINVAL', 'EINVAL', 'EINVAL', 'EINVAL']);
    expect(() => native.setAffinity(new Uint8Array(8))).toThrow('sched_setaffinity 8 bytes of mask: ');
  });

  function bits(mask: bigint): bigint[] {
    const found: bigint[] = [];
    for (let bit = 1n; bit <= mask; bit <<= 1n) if (mask & bit) found.push(bit);
    return found;
  }
});

describe('the working directory', () => {
  const O_PATH = 0o10000000;

  test('by a descriptor that is only a place', async () => {
    const source = `const fd = openSync('/usr/bin', ${O_PATH} | constants.O_DIRECTORY); native.changeDirectory(fd);
      return [execFileSync('pwd', ['-P'], { encoding: 'utf8' }), readdirSync('.').includes('env'), require('node:fs').readlinkSync('/proc/self/cwd')];`;
    const real = execFileSync('realpath', ['/usr/bin'], { encoding: 'utf8' });
    expect(await child(source)).toEqual([real, true, real.trim()]);
  });

  test('one that was removed, or moved: a descriptor has no name', async () => {
    const source = `const fs = require('node:fs'); fs.mkdirSync('gone'); const fd = openSync('gone', ${O_PATH}); fs.rmdirSync('gone');
      native.changeDirectory(fd); return [fs.readlinkSync('/proc/self/cwd').endsWith(' (deleted)'), code(() => fs.writeFileSync('file', ''))];`;
    expect(await child(source)).toEqual([true, 'ENOENT']);
  });

  test('errors', async () => {
    expect(() => native.changeDirectory(1_000_000)).toThrow('fchdir descriptor 1000000: Bad file descriptor (EBADF)');
    const source = `const fd = openSync('/dev/null', ${O_PATH}); return code(() => native.changeDirectory(fd));`;
    expect(await child(source)).toBe('ENOTDIR');
  });
});
