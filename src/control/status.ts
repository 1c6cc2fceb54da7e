import { findServer } from './find-server.js';
import { replacedIn, serverLike, viewReplaced } from './replaced.js';
import { type ServerView, viewAll } from './servers.js';
import { ago, coloured, duration, megabytes, printable } from './show.js';
import { printJson, readWords } from './words.js';

const USAGE = `usage: preforkctl status [OPTION ..] SCRIPT|IDENT

Says how one server is: that which running SCRIPT now would use, or that of IDENT, as preforkctl list shows it (any beginning
that no other has); and those that it has replaced, and that still serve out their calls. Starts none.

  --json   an object, as in the array of preforkctl list --json, and "replaced": an array of such
  --help   this

exit status: 0 it serves; 1 failed: standard error says why; 2 the command line makes no sense; 3 there is no server, or none
that answers
`;
/** As the Linux Standard Base has it for a program that does not run. */
const EXIT_NO_SERVER = 3;

/** The command: its words in, its exit status out. */
export async function status(words: readonly string[]): Promise<number> {
  const read = readWords(words, USAGE, { least: 1, most: 1, what: 'script or ident' });
  if (!read) return 0;
  const { directory, rendezvous, explanation } = await findServer(read.rest[0] as string);
  const before = serverLike();
  const [seen] = (await viewAll([rendezvous], true)) as [ServerView];
  const others = replacedIn(directory, before, [seen]).filter(({ ident }) => ident === rendezvous.ident);
  const replaced = await Promise.all(others.map((each) => viewReplaced(each, true)));
  const script = seen.script ?? explanation?.script ?? replaced[0]?.script ?? null;
  const view: StatusView = { ...seen, script, replaced };
  if (read.json) printJson(view);
  else process.stdout.write(textOf(view));
  return view.state === 'serving' ? 0 : EXIT_NO_SERVER;
}

/** As --json has it. */
interface StatusView extends ServerView {
  readonly replaced: readonly ServerView[];
}

function textOf(view: StatusView): string {
  const { state, pid, uptimeSeconds, calls, running, waiting, spares, pssKb, lastUsed, staleBecause } = view;
  const lines: (readonly [string, string | null])[] = [
    ['script', view.script],
    ['ident', view.ident],
    ['state', coloured(STATES[state], state === 'serving' ? 'bold' : 'red')],
    ['process', pid === null ? null : `${pid}`],
    ['serves for', uptimeSeconds === null ? null : duration(uptimeSeconds)],
    ['calls', calls === null ? null : `${calls} so far, ${running} running, ${waiting} waiting`],
    ['spares', spares === null ? null : `${spares}`],
    ['memory', pssKb === null ? null : `${megabytes(pssKb)} MB with its spares`],
    ['last used', lastUsed === null ? null : `${ago(lastUsed)} ago (${lastUsed})`],
    [
      'stale',
      staleBecause === null ? null : coloured(`the next call starts another: ${printable(staleBecause)}`, 'yellow'),
    ],
    ...view.replaced.map((each) => ['replaced', replacedText(each)] as const),
  ];
  return lines.map(([name, value]) => (value === null ? '' : `${name.padEnd(10)}  ${value}\n`)).join('');
}

function replacedText({ pid, running, pssKb }: ServerView): string {
  return `process ${pid}, which serves out its calls (${running})${pssKb === null ? '' : `, ${megabytes(pssKb)} MB`}`;
}

const STATES = {
  serving: 'serving',
  starting: 'being started',
  silent: 'silent: somebody listens, and does not answer',
  dead: 'no server',
  replaced: 'replaced',
} as const;
