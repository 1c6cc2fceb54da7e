import type { EventRecord } from '../server/event-log.js';
import { readEvents } from './events.js';
import { findRunDirectory } from './explanation.js';
import { findServer } from './find-server.js';
import { coloured, printable } from './show.js';
import { printJson, readWords } from './words.js';

const USAGE = `usage: preforkctl logs [OPTION ..] [SCRIPT|IDENT]

Prints what servers have to tell: when they began and why they went, and what went wrong. Of all in the run directory, of all
that SCRIPT has had, or of one IDENT. Oldest first; the log holds the last few hundred messages, and is there without syslog too.

  --json   an array of objects {time, pid, level, ident, script, message}
  --help   this

exit status: 0; 1 failed: standard error says why; 2 the command line makes no sense
`;

/** The command: its words in, its exit status out. */
export async function logs(words: readonly string[]): Promise<number> {
  const read = readWords(words, USAGE, { most: 1 });
  if (!read) return 0;
  const records = await select(read.rest[0]);
  if (read.json) printJson(records);
  else for (const record of records) process.stdout.write(textOf(record));
  return 0;
}

async function select(word: string | undefined): Promise<EventRecord[]> {
  if (word === undefined) return readEvents(await findRunDirectory());
  const { directory, rendezvous, explanation } = await findServer(word);
  // Circumstances change, and the ident with them: whoever asks for a script means all of them.
  const isMeant = ({ ident, script }: EventRecord) => ident === rendezvous.ident || script === explanation?.script;
  return readEvents(directory).filter(isMeant);
}

function textOf({ time, pid, level, script, message }: EventRecord): string {
  const colour = level === 'error' ? 'red' : level === 'warning' ? 'yellow' : undefined;
  const shown = level === 'info' ? '' : `${level}: `;
  const text = printable(`${shown}${message}`);
  return `${time} [${pid}] ${printable(script)}: ${colour ? coloured(text, colour) : text}\n`;
}
