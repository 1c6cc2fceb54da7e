import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { readText } from '../read-text.js';

/** A directory is seldom deeper than five; a longer way up is none that the kernel makes (cgroup.max.depth, cgroups(7)). */
const MOST_LEVELS = 32;

/** How a version of control groups says it: the files of a group, and what of its use is given back before anything fails. */
interface Layout {
  readonly limit: string;
  readonly use: string;
  readonly reclaimable: RegExp;
}

const VERSION_1: Layout = {
  limit: 'memory.limit_in_bytes',
  use: 'memory.usage_in_bytes',
  reclaimable: /^total_inactive_file (\d+)$/m,
};
const VERSION_2: Layout = { limit: 'memory.max', use: 'memory.current', reclaimable: /^inactive_file (\d+)$/m };

/** A control group that this process's memory counts in. */
export interface MemoryGroup {
  readonly directory: string;
  readonly layout: Layout;
}

/**
 * The group that this process is in and those above it, which all have limits of their own, as far as they can be seen from here. Of the file system below
 * `root`, which is another in tests. Where a process has been moved is not noticed later: nobody does that to a server.
 */
export function memoryGroups(root = '/'): MemoryGroup[] {
  try {
    const mounts = readText(join(root, 'proc/self/mountinfo')).split('\n').flatMap(mountIn);
    const lines = readText(join(root, 'proc/self/cgroup')).split('\n');
    return lines.flatMap((line) => groupsOf(line, mounts, root));
  } catch {
    // No /proc, or a kernel without control groups.
    return [];
  }
}

/** How many bytes more a group may take before its limit is met; Infinity where it has none. What it has read of files and does not use counts as not taken. */
export function leftIn({ directory, layout }: MemoryGroup): number {
  try {
    const limit = readText(join(directory, layout.limit)).trim();
    if (limit === 'max') return Number.POSITIVE_INFINITY;
    const use = Number(readText(join(directory, layout.use)));
    const reclaimable = layout.reclaimable.exec(readText(join(directory, 'memory.stat')))?.[1] ?? 0;
    const left = Number(limit) - Math.max(0, use - Number(reclaimable));
    return Number.isNaN(left) ? Number.POSITIVE_INFINITY : Math.max(0, left);
  } catch {
    // It is gone, or may not be read.
    return Number.POSITIVE_INFINITY;
  }
}

interface Mount {
  /** Which group is mounted: a path in its hierarchy. */
  readonly group: string;
  readonly at: string;
  readonly layout: Layout;
}

/** A line of proc_pid_mountinfo(5), if it mounts groups that may limit memory. */
function mountIn(line: string): Mount[] {
  const [before = '', behind = ''] = line.split(' - ');
  const [, , , group = '', at = ''] = before.split(' ').map(unescapeOctal);
  const [type, , options = ''] = behind.split(' ');
  if (type === 'cgroup2') return [{ group, at, layout: VERSION_2 }];
  return type === 'cgroup' && options.split(',').includes('memory') ? [{ group, at, layout: VERSION_1 }] : [];
}

function unescapeOctal(word: string): string {
  return word.replaceAll(/\\([0-7]{3})/g, (_, digits: string) => String.fromCharCode(Number.parseInt(digits, 8)));
}

/** Of a line of /proc/PID/cgroup, `ID:CONTROLLERS:PATH`; version 2 has no controllers in it. */
function groupsOf(line: string, mounts: readonly Mount[], root: string): MemoryGroup[] {
  const [, controllers, path] = /^\d+:([^:]*):(\/.*)$/.exec(line) ?? [];
  // Another process's namespace: what is above is not to be seen here.
  if (path === undefined || controllers === undefined || path.startsWith('/..')) return [];
  const layout = controllers === '' ? VERSION_2 : VERSION_1;
  if (layout === VERSION_1 && !controllers.split(',').includes('memory')) return [];
  const mount = mounts.find((each) => each.layout === layout && isWithin(path, each.group));
  if (!mount) return [];
  const names = path.slice(mount.group.length).split('/').filter(Boolean).slice(0, MOST_LEVELS);
  return Array.from({ length: names.length + 1 }, (_, at) => names.slice(0, names.length - at))
    .map((way) => ({ directory: join(root, mount.at, ...way), layout }))
    .filter(({ directory }) => existsSync(join(directory, layout.limit)));
}

function isWithin(path: string, group: string): boolean {
  return group === '/' || path === group || path.startsWith(`${group}/`);
}
