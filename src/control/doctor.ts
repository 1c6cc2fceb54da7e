import { type ChildProcess, spawn } from 'node:child_process';
import type { Readable } from 'node:stream';
import { CONTEXT_MEDIATION, MEDIATION_LAUNDERED } from '../../assembly/constants.js';
import { type Finding, type FindingKind, REPORT_VERSION, type Report } from '../doctor/report.js';
import { ControlError } from './control-error.js';
import { clientCommand, type Explanation, explainFor } from './explanation.js';
import { findScript } from './find-script.js';
import { coloured, megabytes, printable } from './show.js';
import { UsageError } from './usage.js';
import { printJson, readScriptWords, wholeNumber } from './words.js';

const LIMIT_S = 60;
/** Places of a finding that are printed; --json has all. */
const PRINTED_PLACES = 2;
/** More of them are a list. */
const SINGLE_VARIABLES = 3;
/** Where the client writes the report: docs/protocol.md, "--examine". */
const REPORT = 3;
const MOST_BYTES = 64 * 1024 * 1024;
/** What has been written before the end is there; it only has to be read. */
const GRACE_MS = 1_000;
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
  const findings = report.findings.filter((each) => !isCovered(each, explanation));
  const examined = { script, ...report, findings: isLaundered(explanation) ? findings.map(laundered) : findings };
  if (read.json) printJson(examined);
  else process.stdout.write(textOf(examined));
  return examined.findings.some(({ severity }) => severity === 'unsafe') ? EXIT_UNSAFE : 0;
}

/** Of a variable that is part of the identity each server knows but one value. */
function isCovered({ kind, subject }: Finding, { variables }: Explanation): boolean {
  return kind === 'environment' && variables.some(({ name }) => name === subject);
}

interface End {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
}

function isLaundered({ context }: Explanation): boolean {
  return context.some(({ tag, bytes }) => tag === CONTEXT_MEDIATION && bytes[0] === MEDIATION_LAUNDERED);
}

/** What initialisation has asked for and, laundered, was not given. */
const WITHHELD: Partial<Record<FindingKind, string>> = {
  environment: 'the environment',
  arguments: 'arguments',
  directory: 'the working directory',
};

function laundered(finding: Finding): Finding {
  const withheld = WITHHELD[finding.kind];
  if (withheld === undefined) return finding;
  const asked =
    finding.kind === 'environment' && finding.subject !== '*'
      ? `the environment variable ${finding.subject} was`
      : `${withheld} ${finding.kind === 'arguments' ? 'were' : 'was'}`;
  return {
    ...finding,
    what: `${asked} read: with -L initialisation has a clean one of its own, and what a call has is not looked at`,
    advice: 'read it after initialisationComplete()',
  };
}

async function examine(script: string, args: readonly string[], limitMs: number): Promise<Report> {
  const [program, ...words] = clientCommand('--examine', script);
  const child = spawn(program, [...words, ...args], { stdio: ['ignore', 'inherit', 'inherit', 'pipe'] });
  const timer = setTimeout(() => child.kill('SIGKILL'), limitMs);
  try {
    const [text, end] = await Promise.all([readReport(child), endOf(child)]);
    if (text !== '') return withEnd(parse(script, text), end);
    const late = `not at its fork point after ${limitMs / 1000} seconds (--limit)`;
    const how = end.signal ? `its initialisation was ended by ${end.signal}` : `it ended with status ${end.code}`;
    throw new ControlError(`${script}: no report: ${child.killed ? late : how}`);
  } finally {
    clearTimeout(timer);
    child.stdio[REPORT]?.destroy();
  }
}

/** A line, or nothing: until its end, or a moment after that of the process. What the script has started may hold the descriptor for longer. */
function readReport(child: ChildProcess): Promise<string> {
  const stream = child.stdio[REPORT] as Readable;
  return new Promise((resolve, reject) => {
    const pieces: Buffer[] = [];
    let bytes = 0;
    const done = () => {
      const [line = '', ...rest] = Buffer.concat(pieces).toString().split('\n');
      resolve(rest.length > 0 ? line : '');
    };
    stream.on('data', (piece: Buffer) => {
      pieces.push(piece);
      bytes += piece.length;
      if (bytes > MOST_BYTES) reject(new ControlError(`its report has more than ${MOST_BYTES} bytes`));
      else if (piece.includes(10)) done();
    });
    stream.once('error', reject);
    stream.once('end', done);
    child.once('exit', () => setTimeout(done, GRACE_MS).unref());
  });
}

function endOf(child: ChildProcess): Promise<End> {
  return new Promise((resolve, reject) => {
    child.once('error', reject);
    child.once('exit', (code, signal) => resolve({ code, signal }));
  });
}

/** The process cannot tell how it ends. */
function withEnd(report: Report, { code, signal }: End): Report {
  const how = signal ? `by ${signal}` : `with status ${code}`;
  const findings = report.findings.map((each) =>
    each.kind === 'incomplete' ? { ...each, what: each.what.replace('has ended', `has ended ${how},`) } : each,
  );
  return { ...report, findings };
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
  return `${[`${printable(script)}: ${verdict}${more}`, ...sizes, ...paragraphs(findings)].join('\n')}\n`;
}

/** A paragraph each; but of variables there may be very many. */
function paragraphs(findings: readonly Finding[]): string[] {
  const [variables, others] = [true, false].map((wanted) => findings.filter((each) => isVariable(each) === wanted)) as [
    Finding[],
    Finding[],
  ];
  if (variables.length <= SINGLE_VARIABLES) return findings.flatMap(linesOf);
  const places = variables.map(
    ({ subject, origins }) =>
      `    ${printable(subject ?? '')}${origins[0] ? ` at ${printable(origins[0].stack[0] ?? '')}` : ''}`,
  );
  return [
    ...others.flatMap(linesOf),
    '',
    `${coloured('caution', 'yellow')}: ${variables.length} environment variables were read: calls with other values find what was made of the first`,
    '  read them after initialisationComplete(), or have a server for each value of one: -E VARIABLE in the #! line',
    ...places,
  ];
}

function isVariable({ kind, subject }: Finding): boolean {
  return kind === 'environment' && subject !== '*';
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
    `  ${printable(advice)}`,
    ...places,
    ...more,
  ];
}
