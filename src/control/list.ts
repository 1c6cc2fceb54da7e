import { findRunDirectory } from './explanation.js';
import { replacedIn, serverLike, viewReplaced } from './replaced.js';
import { type ServerView, viewServers } from './servers.js';
import { ago, type Column, coloured, duration, megabytes, shortIdent, table } from './show.js';
import { printJson, readWords } from './words.js';

const USAGE = `usage: preforkctl list [OPTION ..]

Lists the servers that there are in the run directory, those that only serve out their calls (replaced), and what is left of
those that are no more (dead: preforkctl stop --all, or stop IDENT, clears them). Each is asked; nothing is started, and none
serves longer for being asked.

  --no-memory   do not ask how much memory they have, which takes nearly as long as all the rest
  --json        an array of objects, which docs/preforkctl.md describes
  --help        this

exit status: 0; 1 the run directory cannot be read; 2 the command line makes no sense
`;

/** The command: its words in, its exit status out. */
export async function list(words: readonly string[]): Promise<number> {
  const read = readWords(words, USAGE, { own: { 'no-memory': { type: 'boolean' } } });
  if (!read) return 0;
  const directory = await findRunDirectory();
  const servers = await viewAll(directory, !read.values['no-memory']);
  if (read.json) printJson(servers);
  else process.stdout.write(servers.length === 0 ? `no servers in ${directory}\n` : textOf(servers));
  return 0;
}

/** By ident, and of one ident the server that callers get before those that it has replaced. */
async function viewAll(directory: string, memory: boolean): Promise<ServerView[]> {
  const before = serverLike();
  const present = await viewServers(directory, memory);
  const replaced = replacedIn(directory, before, present).map((each) => viewReplaced(each, memory));
  return [...present, ...(await Promise.all(replaced))].sort(({ ident: a }, { ident: b }) =>
    a < b ? -1 : a > b ? 1 : 0,
  );
}

const shown = (value: number | null) => (value === null ? '' : String(value));

const COLUMNS: readonly Column<ServerView>[] = [
  { title: 'IDENT', cell: ({ ident }) => shortIdent(ident) },
  { title: 'STATE', cell: ({ state, stale }) => (state === 'serving' && stale ? 'stale' : state) },
  { title: 'PID', right: true, cell: ({ pid }) => shown(pid) },
  { title: 'UP', right: true, cell: ({ uptimeSeconds }) => (uptimeSeconds === null ? '' : duration(uptimeSeconds)) },
  { title: 'CALLS', right: true, cell: ({ calls }) => shown(calls) },
  { title: 'RUN', right: true, cell: ({ running }) => shown(running) },
  { title: 'SPARE', right: true, cell: ({ spares }) => shown(spares) },
  { title: 'MB', right: true, cell: ({ pssKb }) => megabytes(pssKb) },
  { title: 'USED', right: true, cell: ({ lastUsed }) => ago(lastUsed) },
  { title: 'SCRIPT', cell: ({ script, protocol }) => script ?? (protocol === 1 ? '(version 1: not told)' : '') },
];

function textOf(servers: readonly ServerView[]): string {
  return table(COLUMNS, servers, (line, { state, stale }) => {
    if (state === 'dead' || state === 'replaced') return coloured(line, 'dim');
    if (state === 'silent') return coloured(line, 'red');
    return stale ? coloured(line, 'yellow') : line;
  });
}
