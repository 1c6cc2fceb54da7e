/** What is left of a control group's memory, by trees of files as kernels lay them out. */
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { leftIn, memoryGroups } from '../../src/server/control-groups.js';

const MB = 2 ** 20;
const NONE = '9223372036854771712';

/** Files by their paths, below a root of their own. */
function tree(files: Record<string, string>): string {
  const root = mkdtempSync(join(tmpdir(), 'pfi-'));
  onTestFinished(() => rmSync(root, { recursive: true }));
  for (const [path, text] of Object.entries(files)) {
    mkdirSync(dirname(join(root, path)), { recursive: true });
    writeFileSync(join(root, path), text);
  }
  return root;
}

const mountinfo = (...lines: string[]) =>
  ['22 1 0:21 / /proc rw - proc proc rw', ...lines, '99 1 8:1 / / rw - ext4 /dev/sda1 rw', ''].join('\n');
const UNIFIED = '30 22 0:26 / /sys/fs/cgroup rw,nosuid shared:4 master:1 - cgroup2 cgroup2 rw,nsdelegate';
const ONE_BY_ONE = [
  '33 31 0:30 / /sys/fs/cgroup/cpu rw - cgroup cgroup rw,cpu,cpuacct',
  '35 31 0:32 / /sys/fs/cgroup/memory rw - cgroup cgroup rw,memory',
];

function group2(directory: string, max: string, current: number, inactive = 0): Record<string, string> {
  return {
    [`${directory}/memory.max`]: `${max}\n`,
    [`${directory}/memory.current`]: `${current}\n`,
    [`${directory}/memory.stat`]: `anon 5\nfile 7\ninactive_file ${inactive}\nactive_file 3\n`,
  };
}

function group1(directory: string, limit: string, usage: number, inactive = 0): Record<string, string> {
  return {
    [`${directory}/memory.limit_in_bytes`]: `${limit}\n`,
    [`${directory}/memory.usage_in_bytes`]: `${usage}\n`,
    [`${directory}/memory.stat`]: `cache 1\ninactive_file 4096\ntotal_inactive_file ${inactive}\n`,
  };
}

/** For each group its directory, and how many MB are left. */
function seen(files: Record<string, string>): [string, number][] {
  const root = tree(files);
  return memoryGroups(root).map((group) => [group.directory.slice(root.length), leftIn(group) / MB]);
}

test('version 2: the process’s group and those above it, each with its limit; what it has read of files can be had back', () => {
  const files = {
    'proc/self/mountinfo': mountinfo(UNIFIED),
    'proc/self/cgroup': '0::/user.slice/user-1.slice/run-7.scope\n',
    ...group2('sys/fs/cgroup/user.slice/user-1.slice/run-7.scope', 'max', 50 * MB),
    ...group2('sys/fs/cgroup/user.slice/user-1.slice', String(300 * MB), 260 * MB, 100 * MB),
    ...group2('sys/fs/cgroup/user.slice', String(400 * MB), 500 * MB, 40 * MB),
    // The root has no limit, and no file for one.
    'sys/fs/cgroup/memory.stat': 'anon 5\n',
  };
  expect(seen(files)).toEqual([
    ['/sys/fs/cgroup/user.slice/user-1.slice/run-7.scope', Number.POSITIVE_INFINITY],
    ['/sys/fs/cgroup/user.slice/user-1.slice', 140],
    ['/sys/fs/cgroup/user.slice', 0],
  ]);
});

test('version 2 in a container: its root is a group with a limit', () => {
  const files = {
    'proc/self/mountinfo': mountinfo(UNIFIED),
    'proc/self/cgroup': '0::/\n',
    ...group2('sys/fs/cgroup', String(64 * MB), 16 * MB),
  };
  expect(seen(files)).toEqual([['/sys/fs/cgroup', 48]]);
});

test('version 2: a group for which memory is not counted is passed over, the one above is not', () => {
  const files = {
    'proc/self/mountinfo': mountinfo(UNIFIED),
    'proc/self/cgroup': '0::/a/b\n',
    'sys/fs/cgroup/a/b/cgroup.procs': '',
    ...group2('sys/fs/cgroup/a', String(64 * MB), 0),
  };
  expect(seen(files)).toEqual([['/sys/fs/cgroup/a', 64]]);
});

test('version 1: the hierarchy that has memory; no limit is a very large one', () => {
  const files = {
    'proc/self/mountinfo': mountinfo(...ONE_BY_ONE),
    'proc/self/cgroup': '4:cpu,cpuacct:/x\n3:memory:/jobs/one\n1:name=systemd:/y\n',
    ...group1('sys/fs/cgroup/memory/jobs/one', String(100 * MB), 90 * MB, 20 * MB),
    ...group1('sys/fs/cgroup/memory/jobs', NONE, 95 * MB),
    ...group1('sys/fs/cgroup/memory', NONE, 995 * MB),
  };
  const [own, ...above] = seen(files);
  expect(own).toEqual(['/sys/fs/cgroup/memory/jobs/one', 30]);
  expect(above.map(([directory, left]) => [directory, left > 1e9])).toEqual([
    ['/sys/fs/cgroup/memory/jobs', true],
    ['/sys/fs/cgroup/memory', true],
  ]);
});

test('version 1 in a container without a namespace of its own: the mount shows its group only', () => {
  const files = {
    'proc/self/mountinfo': mountinfo('35 31 0:32 /docker/c0 /sys/fs/cgroup/me\\040mory ro - cgroup cgroup rw,memory'),
    'proc/self/cgroup': '3:memory:/docker/c0/inner\n',
    ...group1('sys/fs/cgroup/me mory/inner', String(20 * MB), 0),
    ...group1('sys/fs/cgroup/me mory', String(10 * MB), 4 * MB),
  };
  expect(seen(files)).toEqual([
    ['/sys/fs/cgroup/me mory/inner', 20],
    ['/sys/fs/cgroup/me mory', 6],
  ]);
});

test.each<[string, Record<string, string>]>([
  ['there is no /proc', {}],
  ['there are no control groups', { 'proc/self/mountinfo': mountinfo(), 'proc/self/cgroup': '' }],
  [
    'they are not mounted',
    { 'proc/self/mountinfo': mountinfo(), 'proc/self/cgroup': '0::/a\n', ...group2('sys/fs/cgroup/a', '1', 1) },
  ],
  [
    'the group is outside of what is mounted',
    {
      'proc/self/mountinfo': mountinfo('30 22 0:26 /a /sys/fs/cgroup rw - cgroup2 cgroup2 rw'),
      'proc/self/cgroup': '0::/ab\n',
      ...group2('sys/fs/cgroup', '1', 1),
    },
  ],
  [
    'it is outside of the namespace',
    { 'proc/self/mountinfo': mountinfo(UNIFIED), 'proc/self/cgroup': '0::/../a\n', ...group2('sys/fs/a', '1', 1) },
  ],
])('no group is seen where %s', (_, files) => {
  expect(seen(files)).toEqual([]);
});

test('a group that is gone, or says nothing that is a number, limits nothing', () => {
  const files = {
    'proc/self/mountinfo': mountinfo(UNIFIED),
    'proc/self/cgroup': '0::/a/b\n',
    ...group2('sys/fs/cgroup/a/b', 'much', 1),
    ...group2('sys/fs/cgroup/a', '5', 1),
  };
  const root = tree(files);
  const groups = memoryGroups(root);
  rmSync(join(root, 'sys/fs/cgroup/a/memory.max'));
  expect(groups.map(leftIn)).toEqual([Number.POSITIVE_INFINITY, Number.POSITIVE_INFINITY]);
});
