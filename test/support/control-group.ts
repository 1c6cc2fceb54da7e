/** Control groups of a test's own: cgroups(7). To make one takes privileges, and a memory controller that is not withheld. */
import { mkdirSync, readFileSync, rmdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

export interface ControlGroup {
  /** To be written a process's number to, which then is in a group within this one that has no limit of its own. */
  readonly processes: string;
  /** When no process is in it any more. */
  remove(): void;
}

/** A group in which `bytes` of memory may be used. Undefined where none can be made. */
export function limitedGroup(bytes: number): ControlGroup | undefined {
  return limited(placeOfVersion1(), 'memory.limit_in_bytes', bytes) ?? limited('/sys/fs/cgroup', 'memory.max', bytes);
}

function limited(parent: string | undefined, file: string, bytes: number): ControlGroup | undefined {
  if (parent === undefined) return undefined;
  const outer = join(parent, `pfi-test-${process.pid}`);
  const inner = join(outer, 'inner');
  try {
    mkdirSync(outer);
  } catch {
    return undefined;
  }
  try {
    // Not made by writing: where the kernel has none of that name, there is no memory controller.
    writeFileSync(join(outer, file), `${bytes}`, { flag: 'r+' });
    mkdirSync(inner);
    const remove = () => {
      rmdirSync(inner);
      rmdirSync(outer);
    };
    return { processes: join(inner, 'cgroup.procs'), remove };
  } catch {
    rmdirSync(outer);
    return undefined;
  }
}

function placeOfVersion1(): string | undefined {
  const own = /^\d+:(?:.*,)?memory(?:,.*)?:(.*)$/m.exec(readFileSync('/proc/self/cgroup', 'utf8'))?.[1];
  return own === undefined ? undefined : join('/sys/fs/cgroup/memory', own);
}
