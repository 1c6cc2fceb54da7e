/** The calls themselves, and what they are compared with. */

import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { CLIENT, NODE, RELEASED_CLIENT, ROOT } from '../../support/paths.js';
import type { Absent, Case, Section } from '../case.js';
import { bun, hasReleasedClient } from '../peers.js';
import type { Place } from '../place.js';
import { clientLibc, program } from '../programs.js';
import { released } from '../released.js';
import { CALLS, first, trivial, warm } from '../servers.js';

const TOOL = join(ROOT, 'demo/outline.mjs');
/** The file whose outline stands for small work. */
const ONE_FILE = 'src/server/server.ts';

export const calls = (absent: Absent): Section => ({
  name: 'calls',
  title: 'Calls',
  rounds: { full: 20, quick: 3 },
  async cases(place) {
    return [
      ...(await clientAlone(place)),
      ...helps(absent),
      ...node(place),
      ...bunCase(absent),
      ...(await released(place, absent)),
      ...demo(place),
    ];
  },
});

async function clientAlone(place: Place): Promise<Case[]> {
  // The rendezvous of a client with -g alone (docs/protocol.md). It is in a run directory of its own, as it does not know when to go.
  const directory = place.makeRunDirectory('alone');
  const server = spawn(program('answer'), [join(directory, 's2.alone')], {
    stdio: ['ignore', 'pipe', 'inherit'],
    env: place.env,
  });
  place.atEnd(() => server.kill('SIGKILL'));
  await once(server.stdout, 'data');
  return [
    { name: 'empty', title: `an empty program (${clientLibc()})`, command: [program('empty')], calls: CALLS.short },
    {
      name: 'client-alone',
      title: 'our client alone',
      command: [CLIENT, '-U', '--strict', '-g', 'alone', 'node', place.write('alone.cjs', '')],
      env: { PREFORK_INTERP_RUN_DIR: directory },
      calls: CALLS.short,
    },
  ];
}

function helps(absent: Absent): Case[] {
  const ours: Case = { name: 'help', title: 'our client --help', command: [CLIENT, '--help'], calls: CALLS.short };
  if (!hasReleasedClient(absent)) return [ours];
  const theirs = { name: 'released-help', title: 'released client --help', command: [RELEASED_CLIENT, '--help'] };
  return [ours, { ...theirs, calls: CALLS.short }];
}

function node(place: Place): Case[] {
  const script = place.script('trivial.cjs', trivial());
  const firstScript = place.script('first.cjs', trivial());
  return [
    warm(place, { name: 'node-warm', title: 'warm trivial Node script', command: [script], calls: CALLS.short }),
    first(
      place,
      { name: 'node-first', title: 'first call of a trivial script', command: [firstScript] },
      firstScript,
      place.makeRunDirectory('node-first', { steady: false }),
    ),
    { name: 'node-script', title: 'the same, plain node', command: [NODE, script], calls: CALLS.single },
    { name: 'node', title: 'node -e 0', command: [NODE, '-e', '0'], calls: CALLS.long },
  ];
}

function bunCase(absent: Absent): Case[] {
  const found = bun(absent);
  return found ? [{ name: 'bun', title: 'bun -e 0', command: [found, '-e', '0'], calls: CALLS.short }] : [];
}

function demo(place: Place): Case[] {
  const same = { cwd: ROOT, says: 'demo' };
  const call = [CLIENT, '-U', '--strict', 'node', TOOL, ONE_FILE];
  const title = 'outline of one file';
  return [
    { ...same, name: 'demo', title: `${title}: plain node`, command: [NODE, TOOL, ONE_FILE], calls: CALLS.single },
    first(
      place,
      { ...same, name: 'demo-first', title: `${title}: first call`, command: call },
      TOOL,
      place.makeRunDirectory('demo-first', { steady: false }),
    ),
    warm(place, { ...same, name: 'demo-warm', title: `${title}: warm call`, command: call, calls: CALLS.long }),
  ];
}
