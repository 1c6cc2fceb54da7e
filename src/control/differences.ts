import { readFileSync } from 'node:fs';
import { type Explanation, explainFor } from './explanation.js';
import { hardLimits, identityFields } from './identity-fields.js';

/**
 * In what a server of the same script was started differently, as far as that can be seen from outside: by the environment that it was started with, about which the
 * client is asked once more, and by its hard limits. Empty where it is something else.
 */
export async function differencesFrom(pid: number, file: string, mine: Explanation): Promise<string[]> {
  const environment = environmentOf(pid);
  const its = environment && (await explainFor(file, environment).catch(() => undefined));
  return [...(its ? fieldDifferences(its, mine) : []), ...limitDifferences(pid, mine)];
}

function fieldDifferences(its: Explanation, mine: Explanation): string[] {
  const shown = (explanation: Explanation) => identityFields(explanation).map(({ name, value }) => `${name} ${value}`);
  const [there, here] = [shown(its), shown(mine)];
  return [
    ...there.filter((field) => !here.includes(field)).map((field) => `there ${field}`),
    ...here.filter((field) => !there.includes(field)).map((field) => `here ${field}`),
  ];
}

/** By /proc/PID/limits (proc_pid_limits(5)): in the order of their numbers but for the names, which are other ones. */
function limitDifferences(pid: number, mine: Explanation): string[] {
  const here = hardLimits(mine);
  const lines = read(`/proc/${pid}/limits`).split('\n').slice(1);
  const there = new Map(lines.map((line) => [line.slice(0, 26).trim(), line.slice(47, 68).trim()]));
  return here.flatMap((limit) => {
    const [name = '', value] = limit.split(' ');
    const its = there.get(KERNEL_NAMES[name] ?? '');
    return its === undefined || its === value ? [] : [`there hard limit ${name} ${its}`, `here hard limit ${limit}`];
  });
}

const KERNEL_NAMES: Readonly<Record<string, string>> = {
  cpu: 'Max cpu time',
  fsize: 'Max file size',
  data: 'Max data size',
  stack: 'Max stack size',
  core: 'Max core file size',
  rss: 'Max resident set',
  nproc: 'Max processes',
  nofile: 'Max open files',
  memlock: 'Max locked memory',
  as: 'Max address space',
  locks: 'Max file locks',
  sigpending: 'Max pending signals',
  msgqueue: 'Max msgqueue size',
  nice: 'Max nice priority',
  rtprio: 'Max realtime priority',
  rttime: 'Max realtime timeout',
};

/** What the client puts behind whatever else is to be preloaded (native/recorder/name.h): nobody's choice. */
const RECORDER = /(^|:)[^:]*\/prefork-interp-recorder\.so$/;

function environmentOf(pid: number): NodeJS.ProcessEnv | undefined {
  const entries = read(`/proc/${pid}/environ`)
    .split('\0')
    .filter((entry) => entry.includes('='));
  if (entries.length === 0) return undefined;
  const environment = Object.fromEntries(
    entries.map((entry) => [entry.slice(0, entry.indexOf('=')), entry.slice(entry.indexOf('=') + 1)]),
  );
  const { LD_PRELOAD: preloaded, ...others } = environment;
  const own = preloaded?.replace(RECORDER, '');
  return own ? { ...others, LD_PRELOAD: own } : others;
}

function read(path: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return '';
  }
}
