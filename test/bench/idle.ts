/** What a server costs while nobody calls: how often its processes wake up, the processor time they take, and their memory. */
import { readFileSync } from 'node:fs';
import { setTimeout as rest } from 'node:timers/promises';
import type { Process } from '../support/processes.js';
import { processes, switchesOf } from '../support/processes.js';
import type { Course } from './measure.js';
import { Place } from './place.js';
import { trivial } from './servers.js';

/** What the last call leaves to be done has to be done by then. */
const SETTLING_MS = 3000;
const CALLS = 5;
/** The unit of times in /proc/PID/stat: USER_HZ is 100 on every machine that Node runs on (proc(5)). */
const TICK_MS = 10;

export interface Idle {
  readonly seconds: number;
  readonly processes: readonly IdleProcess[];
}

export interface IdleProcess {
  readonly what: 'server' | 'spare' | 'watcher';
  /** Switches of context in all threads, wanted or not: one that is asleep has none. */
  readonly wakeUps: number;
  readonly cpuMs: number;
  readonly pssKb: number;
  /** Memory that no other process shares: what would be free again without this one. */
  readonly privateKb: number;
}

export async function idle(course: Course): Promise<Idle> {
  const seconds = course.quick ? 5 : 60;
  const place = new Place();
  try {
    const script = place.script('trivial.cjs', trivial());
    for (let i = 0; i < CALLS; i++) await place.run([script]);
    course.progress(`idle: ${seconds} seconds`);
    await rest(SETTLING_MS, undefined, { signal: course.signal });
    const found = ofPlace(place);
    const before = found.map(({ pid }) => activity(pid));
    await rest(seconds * 1000, undefined, { signal: course.signal });
    // Before memory is looked at: smaps_rollup takes the process's lock on its map, for which the process would have to wait.
    const after = found.map(({ pid }) => activity(pid));
    return {
      seconds,
      processes: found.map(({ pid, what }, at) => ({
        what,
        wakeUps: (after[at] as Activity).switches - (before[at] as Activity).switches,
        cpuMs: (after[at] as Activity).cpuMs - (before[at] as Activity).cpuMs,
        ...memory(pid),
      })),
    };
  } finally {
    await place.takeDown();
  }
}

/** The server, the executors that it has ready (its children, as no call runs), the watcher. */
function ofPlace(place: Place): { pid: number; what: IdleProcess['what'] }[] {
  const all = place.processes();
  const server = all.find(({ commandLine }) => commandLine.startsWith('prefork-interp: server'));
  const watcher = all.find(({ commandLine }) => commandLine.startsWith('prefork-interp: watcher'));
  if (!server || !watcher) throw new Error('idle: there is no server, or no watcher');
  const spares: Process[] = processes().filter(({ parent }) => parent === server.pid);
  return [
    { pid: server.pid, what: 'server' },
    ...spares.map(({ pid }) => ({ pid, what: 'spare' as const })),
    { pid: watcher.pid, what: 'watcher' },
  ];
}

interface Activity {
  readonly switches: number;
  readonly cpuMs: number;
}

function activity(pid: number): Activity {
  const stat = readFileSync(`/proc/${pid}/stat`, 'latin1');
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  // utime and stime are fields 14 and 15, and the first behind the name is field 3 (proc(5)).
  return { switches: switchesOf(pid), cpuMs: (Number(fields[11]) + Number(fields[12])) * TICK_MS };
}

function memory(pid: number): { pssKb: number; privateKb: number } {
  const rollup = readFileSync(`/proc/${pid}/smaps_rollup`, 'latin1');
  const of = (name: string) => Number(new RegExp(`^${name}:\\s*(\\d+) kB`, 'm').exec(rollup)?.[1] ?? Number.NaN);
  return { pssKb: of('Pss'), privateKb: of('Private_Clean') + of('Private_Dirty') };
}
