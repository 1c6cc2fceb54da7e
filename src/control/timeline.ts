import * as m from '../../assembly/constants.js';

export type Process = 'caller' | 'client' | 'server' | 'executor';

/** A part of a call's time. Those of one process follow one another, but for news on the way to it; those of several may overlap. */
export interface Phase {
  readonly process: Process;
  readonly name: string;
  /** Microseconds since the caller began to start the client. */
  readonly start: number;
  readonly duration: number;
}

/** Whether a phase is no work of its process, but the way of some news to it. */
export function isNews(name: string): boolean {
  return name.startsWith('(');
}

/** Two moments that nobody but the caller knows. */
export const MOMENT_CALLED = 0;
export const MOMENT_REAPED = -1;

/** A phase begins and ends with the first of these moments that there is. Where all are missing on one side there is no such phase. */
type Rule = readonly [Process, name: string, from: readonly number[], to: readonly number[]];

const RULES: readonly Rule[] = [
  ['caller', 'starts the client', [MOMENT_CALLED], [m.MOMENT_CLIENT_BEGAN]],
  ['client', 'finds out which server', [m.MOMENT_CLIENT_BEGAN], [m.MOMENT_CLIENT_IDENTIFIED]],
  ['client', 'connects', [m.MOMENT_CLIENT_IDENTIFIED], [m.MOMENT_CLIENT_CONNECTED]],
  ['client', 'finds no server, locks', [m.MOMENT_CLIENT_IDENTIFIED], [m.MOMENT_CLIENT_STARTS_SERVER]],
  ['client', 'has the server started', [m.MOMENT_CLIENT_STARTS_SERVER], [m.MOMENT_CLIENT_STARTED_SERVER]],
  ['client', 'sends the call', [m.MOMENT_CLIENT_STARTED_SERVER, m.MOMENT_CLIENT_CONNECTED], [m.MOMENT_CLIENT_SENT]],
  ['server', '(wakes up)', [m.MOMENT_CLIENT_CONNECTED], [m.MOMENT_SERVER_ACCEPTED]],
  ['server', 'hears the call', [m.MOMENT_SERVER_ACCEPTED], [m.MOMENT_SERVER_HEARD]],
  ['server', 'judges it', [m.MOMENT_SERVER_HEARD], [m.MOMENT_SERVER_JUDGED]],
  ['server', 'hands it to a spare', [m.MOMENT_SERVER_JUDGED], [m.MOMENT_SERVER_HANDED_OVER]],
  ['server', 'forks an executor', [m.MOMENT_SERVER_JUDGED], [m.MOMENT_SERVER_FORKED]],
  ['executor', '(wakes up)', [m.MOMENT_SERVER_JUDGED], [m.MOMENT_EXECUTOR_CONNECTED]],
  ['executor', 'receives the call', [m.MOMENT_EXECUTOR_CONNECTED], [m.MOMENT_EXECUTOR_RECEIVED]],
  ['executor', 'becomes it', [m.MOMENT_EXECUTOR_RECEIVED], [m.MOMENT_EXECUTOR_READY]],
  ['executor', 'says so', [m.MOMENT_EXECUTOR_READY], [m.MOMENT_EXECUTOR_TOLD]],
  ['executor', 'returns into the script', [m.MOMENT_EXECUTOR_TOLD], [m.MOMENT_EXECUTOR_SCRIPT]],
  ['client', 'waits for the beginning', [m.MOMENT_CLIENT_SENT], [m.MOMENT_CLIENT_STARTED]],
  ['executor', 'runs the script', [m.MOMENT_EXECUTOR_SCRIPT], [m.MOMENT_EXECUTOR_ENDED, m.MOMENT_SERVER_ENDED]],
  ['server', '(hears of the end)', [m.MOMENT_EXECUTOR_ENDED], [m.MOMENT_SERVER_ENDED]],
  ['server', 'takes note of it', [m.MOMENT_SERVER_ENDED], [m.MOMENT_SERVER_TELLS]],
  ['client', 'waits for the end', [m.MOMENT_CLIENT_STARTED, m.MOMENT_CLIENT_SENT], [m.MOMENT_CLIENT_ENDED]],
  ['client', '(hears of the end)', [m.MOMENT_SERVER_TELLS], [m.MOMENT_CLIENT_ENDED]],
  ['caller', 'sees the client end', [m.MOMENT_CLIENT_ENDED], [MOMENT_REAPED]],
];

/**
 * What happened between the moments of one call, in the order in which it began. `moments`: nanoseconds; {@link MOMENT_CALLED} has to be
 * among them. A process that was woken may go on before the one that wakes it has looked at the clock again: then the phase between has no duration.
 */
export function phasesOf(moments: ReadonlyMap<number, bigint>): Phase[] {
  const origin = moments.get(MOMENT_CALLED);
  if (origin === undefined) throw new Error('a timeline needs its beginning');
  const first = (candidates: readonly number[]) => candidates.map((each) => moments.get(each)).find((at) => at);
  const phases = RULES.flatMap(([process, name, from, to]): Phase[] => {
    const end = first(to);
    const began = first(from);
    if (began === undefined || end === undefined) return [];
    const start = began > end ? end : began;
    return [{ process, name, start: microseconds(start - origin), duration: microseconds(end - start) }];
  });
  return phases.sort((one, other) => one.start - other.start);
}

/** All of the call, in microseconds; undefined where its end is missing. */
export function wholeOf(moments: ReadonlyMap<number, bigint>): number | undefined {
  const from = moments.get(MOMENT_CALLED);
  const to = moments.get(MOMENT_REAPED);
  return from === undefined || to === undefined ? undefined : microseconds(to - from);
}

function microseconds(nanoseconds: bigint): number {
  return Number(nanoseconds) / 1000;
}
