/** Runs the cases of a section in turns, and holds against each other what they say. */
import { type Case, MODES, type Mode, type Section } from './case.js';
import { inTurns } from './order.js';
import { Place } from './place.js';
import { type Batch, timeCalls } from './runner.js';
import { type Summary, summarise } from './statistics.js';

export interface Measured {
  readonly section: string;
  readonly name: string;
  readonly title: string;
  readonly mode: Mode;
  readonly callers: number;
  readonly callsPerSecond: number;
  /** Nanoseconds. */
  readonly times: Summary;
}

export interface Course {
  readonly quick: boolean;
  /** In place of what each section has. */
  readonly rounds?: number;
  /** Whether a case is asked for. */
  wanted(section: string, name: string): boolean;
  readonly signal: AbortSignal;
  progress(text: string): void;
}

/** All batches of a case in one mode. */
class Series {
  readonly #times: number[] = [];
  #elapsedNs = 0;
  #calls = 0;
  #said: Pick<Batch, 'status' | 'output'> | undefined;

  constructor(
    readonly c: Case,
    readonly mode: Mode,
    readonly calls: number,
  ) {}

  add({ status, output, timesNs, elapsedNs, calls }: Batch): void {
    this.#said ??= { status, output };
    if (status !== 0) throw new Error(`${this.c.name}: ended with wait status ${status}`);
    if (output !== this.#said.output) throw new Error(`${this.c.name}: the output is not the same each time`);
    this.#times.push(...timesNs);
    this.#elapsedNs += elapsedNs;
    this.#calls += calls;
  }

  get output(): string | undefined {
    return this.#said?.output;
  }

  measured(section: string): Measured {
    const { name, title, callers = 1 } = this.c;
    const callsPerSecond = this.#calls / (this.#elapsedNs / 1e9);
    return { section, name, title, mode: this.mode, callers, callsPerSecond, times: summarise(this.#times) };
  }
}

export async function measure(section: Section, course: Course): Promise<Measured[]> {
  const place = new Place();
  try {
    const all = await section.cases(place, course.quick);
    const cases = all.filter(({ name }) => course.wanted(section.name, name));
    for (const c of cases) {
      course.progress(`${section.name}: starting ${c.name}`);
      course.signal.throwIfAborted();
      await c.start?.();
    }
    const servers = place.servers();
    const series = await inRounds(section, cases, place, course);
    const now = place.servers();
    const replaced = servers.filter((server) => !now.includes(server));
    if (replaced.length > 0)
      throw new Error(`${section.name}: not all calls were warm, a server went: ${replaced.join(', ')}`);
    checkAgreement(series);
    return series.map((one) => one.measured(section.name));
  } finally {
    await place.takeDown();
  }
}

async function inRounds(section: Section, cases: readonly Case[], place: Place, course: Course): Promise<Series[]> {
  const modes = Object.keys(MODES) as Mode[];
  const series = cases.flatMap((c) =>
    modes.flatMap((mode) => (c.calls[mode] ? new Series(c, mode, c.calls[mode]) : [])),
  );
  const run = { directory: place.directory, env: place.env, signal: course.signal };
  const rounds = course.rounds ?? (course.quick ? section.rounds.quick : section.rounds.full);
  for (let round = 0; round < rounds; round++) {
    for (const one of inTurns(series, round)) {
      course.progress(`${section.name}: round ${round + 1} of ${rounds}: ${one.c.name}`);
      await one.c.prepare?.();
      one.add(await timeCalls(one.c, one.mode, one.calls, run));
    }
  }
  return series;
}

function checkAgreement(series: readonly Series[]): void {
  const said = new Map<string, Series>();
  for (const one of series) {
    if (one.c.says === undefined) continue;
    const other = said.get(one.c.says) ?? one;
    said.set(one.c.says, other);
    if (one.output !== other.output) throw new Error(`${one.c.name} does not say what ${other.c.name} says`);
  }
}
