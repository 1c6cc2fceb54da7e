import { type ChildProcess, spawn } from 'node:child_process';
import type { Readable } from 'node:stream';
import { type Finding, REPORT_VERSION, type Report } from '../doctor/report.js';
import { ControlError } from './control-error.js';
import { clientCommand, type Explanation, explainFor } from './explanation.js';
import { findScript } from './find-script.js';
import { coloured, megabytes, printable } from './show.js';
import { UsageError } from './usage.js';
import { printJson, readScriptWords, wholeNumber } from './words.js';

const LIMIT_S = 60;
/** Places of a finding that are printed; --json has all. */
const PRINTED_PLACES = 2;
/** Where the client writes the report: docs/protocol.md, "--examine". */
const REPORT = 3;
const MOST_BYTES = 64 * 1024 * 1024;
const EXIT_UNSAFE = 3;

const USAGE = `usage: preforkctl doctor [OPTION ..] SCRIPT [ARG ..]

Runs the initialisation of SCRIPT alone, as the first call with these arguments and from here would, up to its fork point, and says
what there is unsafe, for which no server would be made, or what calls would not find as a run of the script does: each with the place
where it came from and with what to do. No server is started, none is asked. What the initialisation itself prints goes to standard error.

  --limit N   give up after N seconds (at most 9999; ${LIMIT_S})
  --json      an object: docs/preforkctl.md
  --help      this

exit status: 0 nothing is unsafe; 1 it could not be examined: standard error says why; 2 the command line makes no sense;
3 something is unsafe
`;

/** As --json has it. */
interface Examined extends Report {
  readonly script: string;
}

/** The command: its words in, its exit status out. */
export async function doctor(words: readonly string[]): Promise<number> {
  const read = readScriptWords(words, USAGE, { limit: { type: 'string', default: String(LIMIT_S) } });
  if (!read) return 0;
  const limitS = wholeNumber(read.values['limit'] as string);
  if (limitS < 1) throw new UsageError('--limit is a number of seconds from 1 to 9999', USAGE);
  const script = findScript(read.script, process.env['PATH'] ?? '');
  const explanation = await explainFor(script, process.env);
  const report = await examine(script, read.args, limitS * 1000);
  const examined = { script, ...report, findings: report.findings.filter((each) => !isCovered(each, explanation)) };
  if (read.json) printJson(examined);
  else process.stdout.write(textOf(examined));
  return examined.findings.some(({ severity }) => severity === 'unsafe') ? EXIT_UNSAFE : 0;
}

/** Of a variable that is part of the identity each server knows but one value. */
function isCovered({ kind, subject }: Finding, { variables }: Explanation): boolean {
  return kind === 'environment' && variables.some(({ name }) => name === subject);
}

async function examine(script: string, args: readonly string[], limitMs: number): Promise<Report> {
  const [program, ...words] = clientCommand('--examine', script);
  const child = spawn(program, [...words, ...args], { stdio: ['ignore', 'inherit', 'inherit', 'pipe'] });
  const timer = setTimeout(() => child.kill('SIGKILL'), limitMs);
  try {
    const [text, end] = await Promise.all([readReport(child), endOf(child)]);
    if (text !== '') return parse(script, text);
    throw new ControlError(
      `${script}: no report: ${child.killed ? `not at its fork point after ${limitMs / 1000} seconds (--limit)` : end}`,
    );
  } finally {
    clearTimeout(timer);
  }
}

/** All that it writes, until its end, and that of all it has started with this descriptor. */
async function readReport(child: ChildProcess): Promise<string> {
  const pieces: Buffer[] = [];
  let bytes = 0;
  child.once('exit', () => setImmediate(() => stream.destroy()));
  const stream = child.stdio[REPORT] as Readable;
  for await (const piece of stream) {
    pieces.push(piece as Buffer);
    bytes += (piece as Buffer).length;
    if (bytes > MOST_BYTES) throw new ControlError(`its report has more than ${MOST_BYTES} bytes`);
  }
  return Buffer.concat(pieces).toString();
}

function endOf(child: ChildProcess): Promise<string> {
  return new Promise((resolve, reject) => {
    child.once('error', reject);
    child.once('exit', (code, signal) =>
      resolve(signal ? `its initialisation was ended by ${signal}` : `it ended with status ${code}`),
    );
  });
}

function parse(script: string, text: string): Report {
  const report = JSON.parse(text) as Report;
  if (report.version === REPORT_VERSION) return report;
  throw new ControlError(`${script}: its prefork-interp is of another version, whose report this one cannot read`);
}

function textOf({ script, complete, findings, memory, dependencies }: Examined): string {
  const unsafe = findings.filter(({ severity }) => severity === 'unsafe').length;
  const cautions = findings.length - unsafe;
  const verdict = unsafe > 0 ? coloured('unsafe: no server is made', 'red') : coloured('safe', 'bold');
  const more = cautions > 0 ? `, ${cautions} to look at` : '';
  const made = dependencies
    ? `; made from ${dependencies.present} files, and from ${dependencies.absent} paths at which nothing is`
    : '';
  const sizes = complete
    ? [
        `${megabytes(memory.residentKb)} MB resident, ${megabytes(memory.heapKb)} MB of objects, ${megabytes(memory.externalKb)} MB of buffers${made}`,
      ]
    : [];
  return `${[`${printable(script)}: ${verdict}${more}`, ...sizes, ...findings.flatMap(linesOf)].join('\n')}\n`;
}

function linesOf({ severity, what, advice, origins }: Finding): string[] {
  const places = origins
    .slice(0, PRINTED_PLACES)
    .flatMap(({ stack, count }) => [
      ...stack.map(
        (frame, at) =>
          `    ${at === 0 ? 'at' : '  '} ${printable(frame)}${at === 0 && count > 1 ? ` (${count} times)` : ''}`,
      ),
    ]);
  const more = origins.length > PRINTED_PLACES ? [`    and ${origins.length - PRINTED_PLACES} more places`] : [];
  return [
    '',
    `${coloured(severity, severity === 'unsafe' ? 'red' : 'yellow')}: ${printable(what)}`,
    `  ${advice}`,
    ...places,
    ...more,
  ];
}
