import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { MOMENT_SERVER_ACCEPTED } from '../../assembly/constants.js';
import { chromeTrace } from './chrome-trace.js';
import { findScript, ScriptError } from './find-script.js';
import { median, medianPhases } from './median.js';
import { tableOf } from './table.js';
import { MOMENT_CALLED, type Phase, phasesOf, wholeOf } from './timeline.js';
import { type End, tracedCall } from './traced-call.js';
import { UsageError } from './usage.js';
import { readScriptWords, wholeNumber } from './words.js';

/** More would only take longer: the median of a thousand says what can be said. */
const MOST_CALLS = 1000;

export const TRACE_USAGE = `usage: preforkctl trace [OPTION ..] SCRIPT [ARG ..]

Runs SCRIPT as a shell would, by its #! line, and says on standard error where the time of the call went: each phase,
in which process it was, when it began and how long it took, in microseconds. A name in (..) is a wait of which is only known
what came before and after it. The script has this command's descriptors, environment and arguments.

  --calls N    call it N times (at most ${MOST_CALLS}), one after the other: the median of each phase,
               beginning and duration each by itself
  --json       the phases as JSON instead of a table, on standard error too
  --out FILE   also write a trace file of all calls, which chrome://tracing and https://ui.perfetto.dev read
  --help       this

The first call of a script starts its server, and shows that; call it again for a warm one.

exit status: 0 there is a timeline, however the script itself ended; 1 the call was run directly, or not traced, or FILE cannot
be written: standard error says why; 2 the command line makes no sense
`;

interface Settings {
  readonly script: string;
  readonly args: readonly string[];
  readonly calls: number;
  readonly json: boolean;
  readonly out: string | undefined;
}

interface Traced {
  readonly phases: readonly Phase[];
  readonly whole: number;
  readonly began: number;
  readonly end: End;
  /** What has to be known to read it; else empty. */
  readonly note: string;
}

/** A call of which there is no timeline. */
class NotTraced extends Error {}

/** The command: its words in, its exit status out. Throws UsageError. */
export async function trace(words: readonly string[]): Promise<number> {
  const settings = readSettings(words);
  if (!settings) return 0;
  try {
    const script = findScript(settings.script, process.env['PATH'] ?? '');
    const traced = await traceCalls(script, settings);
    process.stderr.write(settings.json ? jsonOf(script, traced) : textOf(script, traced));
    if (settings.out !== undefined) writeFileSync(settings.out, chromeTrace(traced));
    return 0;
  } catch (error) {
    const known = error instanceof ScriptError || error instanceof NotTraced || 'code' in (error as object);
    if (!known) throw error;
    process.stderr.write(`preforkctl: ${(error as Error).message}\n`);
    return 1;
  }
}

function readSettings(words: readonly string[]): Settings | undefined {
  const own = { calls: { type: 'string', default: '1' }, out: { type: 'string' } } as const;
  const read = readScriptWords(words, TRACE_USAGE, own);
  if (!read) return undefined;
  const { script, args, json, values } = read;
  const calls = wholeNumber(values['calls'] as string);
  if (calls < 1 || calls > MOST_CALLS) throw new UsageError(`--calls is a number from 1 to ${MOST_CALLS}`, TRACE_USAGE);
  return { script, args, calls, json, out: values['out'] as string | undefined };
}

async function traceCalls(script: string, { args, calls }: Settings): Promise<Traced[]> {
  const directory = mkdtempSync(join(tmpdir(), 'preforkctl-'));
  try {
    const traced: Traced[] = [];
    while (traced.length < calls) traced.push(await traceCall(script, args, join(directory, `${traced.length}`)));
    return traced;
  } finally {
    rmSync(directory, { recursive: true, force: true });
  }
}

async function traceCall(script: string, args: readonly string[], file: string): Promise<Traced> {
  const { moments, how, why, end } = await tracedCall(script, args, file);
  if (how === undefined) {
    throw new NotTraced(
      `${script}: not traced: ${end.signal ? `ended by ${end.signal}` : 'its prefork-interp wrote nothing, as one of an older version does'}`,
    );
  }
  if (how === 'direct') throw new NotTraced(`${script}: no timeline, as it was run directly: ${why}`);
  if (how === 'failed') throw new NotTraced(`${script}: no timeline, as the call failed: ${why}`);
  const began = Number(moments.get(MOMENT_CALLED)) / 1000;
  const note = how === 'v1' ? NOTE_V1 : moments.has(MOMENT_SERVER_ACCEPTED) ? '' : NOTE_SILENT;
  return { phases: phasesOf(moments), whole: wholeOf(moments) as number, began, end, note };
}

const NOTE_V1 = 'served by version 1 of the protocol, in which a server tells no moments: only the client is seen';
const NOTE_SILENT = 'the server tells no moments, as one of an older version does: only the client is seen';

function summary(traced: readonly Traced[]): { phases: Phase[]; whole: number; note: string } {
  return {
    phases: medianPhases(traced.map(({ phases }) => phases)),
    whole: median(traced.map(({ whole }) => whole)),
    note: traced.find(({ note }) => note !== '')?.note ?? '',
  };
}

function textOf(script: string, traced: readonly Traced[]): string {
  const { phases, whole, note } = summary(traced);
  const calls = traced.length === 1 ? 'one call' : `medians of ${traced.length} calls`;
  const ends = [...new Set(traced.map(({ end }) => end.signal ?? `exit status ${end.code}`))].join(', ');
  return `${script}: ${calls}, ${ends}\n${note && `${note}\n`}${tableOf(phases, whole)}`;
}

function jsonOf(script: string, traced: readonly Traced[]): string {
  const ends = traced.map(({ end }) => end);
  return `${JSON.stringify({ script, calls: traced.length, ends, unit: 'us', ...summary(traced) }, null, 2)}\n`;
}
