import { BEGINS, type EventRecord, RETIRES } from '../server/event-log.js';
import { differencesFrom } from './differences.js';
import { readEvents } from './events.js';
import { type Explanation, explainScript } from './explanation.js';
import { type IdentityField, identityFields } from './identity-fields.js';
import { type ServerView, viewServers } from './servers.js';
import { coloured, printable, shortIdent } from './show.js';
import { printJson, readWords } from './words.js';

const USAGE = `usage: preforkctl why [OPTION ..] SCRIPT

Says what running SCRIPT now, from here and with this environment, would do: which server it would be served by, or why it would
start one; what the last restart was for; in what other servers of the script differ; and each field of the identity, by which
callers who differ in it have different servers. Runs nothing.

  --json   an object: docs/preforkctl.md
  --help   this

exit status: 0 a server serves it; 1 failed: standard error says why; 2 the command line makes no sense; 3 a server would be
started, or none be used
`;
const EXIT_NOT_SERVED = 3;

type Outcome = 'served' | 'fresh' | 'direct' | 'waits';

/** As --json has it. */
interface Why {
  readonly script: string | null;
  readonly ident: string;
  /** `served` by the server that there is; `fresh`: a new one; `direct`: none; `waits`: for somebody who is starting it, or does not answer. */
  readonly outcome: Outcome;
  readonly because: string;
  /** Of the server that there is; null for none. */
  readonly pid: number | null;
  readonly lastRestart: { readonly time: string; readonly because: string } | null;
  readonly others: readonly { readonly ident: string; readonly pid: number; readonly differences: readonly string[] }[];
  readonly identity: readonly IdentityField[];
}

/** The command: its words in, its exit status out. */
export async function why(words: readonly string[]): Promise<number> {
  const read = readWords(words, USAGE, { least: 1, most: 1, what: 'script' });
  if (!read) return 0;
  const answer = await answerFor(read.rest[0] as string);
  if (read.json) printJson(answer);
  else process.stdout.write(textOf(answer));
  return answer.outcome === 'served' ? 0 : EXIT_NOT_SERVED;
}

async function answerFor(word: string): Promise<Why> {
  const explanation = await explainScript(word);
  const { directory, ident, script = null } = explanation;
  const servers = await viewServers(directory, false);
  const server = servers.find((each) => each.ident === ident);
  const records = readEvents(directory).filter((record) => record.ident === ident);
  return {
    script,
    ident,
    ...outcomeOf(server, records),
    pid: server?.pid ?? null,
    lastRestart: lastRestart(records),
    others: await othersOf(explanation, servers),
    identity: identityFields(explanation),
  };
}

function outcomeOf(
  server: ServerView | undefined,
  records: readonly EventRecord[],
): { outcome: Outcome; because: string } {
  const direct = directBecause(process.env);
  if (direct !== undefined) return { outcome: 'direct', because: direct };
  switch (server?.state) {
    case 'serving':
      if (server.staleBecause !== null) return { outcome: 'fresh', because: server.staleBecause };
      return { outcome: 'served', because: `process ${server.pid ?? '?'} serves it` };
    case 'starting':
      return { outcome: 'waits', because: 'somebody is just starting its server' };
    case 'silent':
      return {
        outcome: 'waits',
        because: `its server (process ${server.pid ?? '?'}) does not answer; after a second a call is run directly`,
      };
    default:
      return { outcome: 'fresh', because: endOfLast(records) };
  }
}

/** As the client decides it (docs/protocol.md, "Running directly"), as far as it is the environment that does. */
function directBecause(env: NodeJS.ProcessEnv): string | undefined {
  const bypass = env['PREFORK_INTERP_BYPASS'];
  if (bypass !== undefined && bypass !== '' && bypass !== '0') return 'PREFORK_INTERP_BYPASS says so';
  return env['NODE_CHANNEL_FD'] === undefined
    ? undefined
    : 'NODE_CHANNEL_FD is set: the caller is a node with a channel to its child';
}

/** Why there is no server, by what the last one has told. */
function endOfLast(records: readonly EventRecord[]): string {
  const last = comingsAndGoings(records).at(-1);
  if (!last) return 'no server of this identity has told anything yet';
  if (last.message !== BEGINS) return `its last server went at ${last.time}: ${last.message.slice(RETIRES.length)}`;
  return `its last server (process ${last.pid}), which began at ${last.time}, was killed, or the machine was restarted`;
}

function comingsAndGoings(records: readonly EventRecord[]): EventRecord[] {
  return records.filter(({ message }) => message === BEGINS || message.startsWith(RETIRES));
}

/** When a server took the place of another, and why that had gone. */
function lastRestart(records: readonly EventRecord[]): Why['lastRestart'] {
  const turns = comingsAndGoings(records);
  const began = turns.map(({ message }) => message).lastIndexOf(BEGINS);
  const reason = turns[began - 1];
  if (!reason) return null;
  const because = reason.message === BEGINS ? 'the one before was killed' : reason.message.slice(RETIRES.length);
  return { time: (turns[began] as EventRecord).time, because };
}

/** Those that serve the same script to callers of another identity. */
async function othersOf(explanation: Explanation, servers: readonly ServerView[]): Promise<Why['others']> {
  const { script, ident, chosen } = explanation;
  const others = servers.flatMap((each) =>
    each.script === script && each.ident !== ident && each.pid !== null ? [{ ident: each.ident, pid: each.pid }] : [],
  );
  if (script === undefined || chosen !== undefined) return others.map((each) => ({ ...each, differences: [] }));
  return Promise.all(
    others.map(async (each) => ({ ...each, differences: await differencesFrom(each.pid, script, explanation) })),
  );
}

const OUTCOMES: Readonly<Record<Outcome, string>> = {
  served: 'served',
  fresh: 'a new server',
  direct: 'run directly',
  waits: 'it waits',
};

function textOf({ script, ident, outcome, because, lastRestart, others, identity }: Why): string {
  const width = Math.max(...identity.map(({ name }) => name.length));
  const restart = lastRestart ? [`last restart  ${lastRestart.time}: ${printable(lastRestart.because)}`] : [];
  const differ = others.flatMap(({ ident, pid, differences }) => [
    `other server  ${shortIdent(ident)} (process ${pid}), which differs in`,
    ...(differences.length > 0 ? differences : ['what cannot be seen from here']).map(
      (each) => `              ${printable(each)}`,
    ),
  ]);
  return `${[
    `script        ${printable(script ?? '')}`,
    `ident         ${ident}`,
    `a call now    ${coloured(OUTCOMES[outcome], 'bold')}: ${printable(because)}`,
    ...restart,
    ...differ,
    'identity',
    ...identity.map(({ name, value }) => `  ${name.padEnd(width)}  ${printable(value)}`),
  ].join('\n')}\n`;
}
