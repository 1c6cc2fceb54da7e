import { endAll, type Fate } from './ending.js';
import { findRunDirectory } from './explanation.js';
import { findServer } from './find-server.js';
import { type Rendezvous, readRendezvous } from './rendezvous.js';
import { type ServerProcess, serversOf } from './replaced.js';
import { printable, shortIdent } from './show.js';
import { UsageError } from './usage.js';
import { printJson, readWords } from './words.js';

const DEFAULT_WAIT_SECONDS = 10;
const MOST_SECONDS = 86_400;

const USAGE = `usage: preforkctl stop [OPTION ..] SCRIPT|IDENT
       preforkctl stop [OPTION ..] --all

Ends the server that running SCRIPT now would use, that of IDENT (as preforkctl list shows it, or any beginning that no other
has), or all in the run directory, and waits until they are gone. A server takes no more calls from then on, and ends when those
that it has begun are over; one that it has replaced, and that still has calls, is waited for as well. What servers that are no
more have left behind is removed too. Never starts a server; the next call does.

  --all        all in the run directory
  --wait N     wait for N seconds at most; ${DEFAULT_WAIT_SECONDS} if not given
  --json       an array of objects {ident, fate, pid, why}: docs/preforkctl.md
  --help       this

exit status: 0 they are gone, or there was none; 1 something is still there when the time is over, and standard error says what;
2 the command line makes no sense
`;

/** The command: its words in, its exit status out. */
export async function stop(words: readonly string[]): Promise<number> {
  const own = { all: { type: 'boolean' }, wait: { type: 'string', default: `${DEFAULT_WAIT_SECONDS}` } } as const;
  const read = readWords(words, USAGE, { own, most: 1 });
  if (!read) return 0;
  const all = read.values['all'] === true;
  const [word] = read.rest;
  if (!all && word === undefined) throw new UsageError('which script or ident, or --all?', USAGE);
  if (all && word !== undefined) throw new UsageError(`either --all or ${word}`, USAGE);
  const deadline = performance.now() + secondsOf(String(read.values['wait'])) * 1000;
  const { rendezvous, servers } = await find(word);
  const fates = await endAll(rendezvous, servers, deadline);
  if (read.json)
    printJson(fates.map(({ ident, kind, pid, why }) => ({ ident, fate: kind, pid: pid ?? null, why: why || null })));
  else for (const fate of fates) process.stdout.write(textOf(fate));
  const left = fates.filter(({ kind }) => kind === 'left');
  for (const { ident, why } of left) process.stderr.write(`preforkctl: ${ident} is still there: ${printable(why)}\n`);
  return left.length > 0 ? 1 : 0;
}

/** What is meant: all, or what one word says. */
async function find(word: string | undefined): Promise<{ rendezvous: Rendezvous[]; servers: ServerProcess[] }> {
  if (word === undefined) {
    const directory = await findRunDirectory();
    return { servers: serversOf(directory), rendezvous: readRendezvous(directory) };
  }
  const { directory, rendezvous } = await findServer(word);
  return {
    servers: serversOf(directory).filter(({ ident }) => ident === rendezvous.ident),
    rendezvous: [rendezvous],
  };
}

function secondsOf(text: string): number {
  const seconds = /^\d{1,5}(\.\d{1,3})?$/.test(text) ? Number(text) : Number.NaN;
  if (!(seconds <= MOST_SECONDS)) throw new UsageError(`--wait is a number of seconds, ${MOST_SECONDS} at most`, USAGE);
  return seconds;
}

function textOf({ ident, kind, pid }: Fate): string {
  const name = shortIdent(ident);
  if (kind === 'stopped') return `${name}: stopped${pid === undefined ? '' : `, process ${pid}`}\n`;
  if (kind === 'cleared') return `${name}: cleared, there was no server any more\n`;
  return kind === 'none' ? `${name}: no server\n` : '';
}
