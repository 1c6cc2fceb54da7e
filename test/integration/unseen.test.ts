import { expect, it } from 'vitest';
import { workspace } from '../support/workspace.js';

const SOURCE = `
process.preforkInterp?.initialisationComplete();
const { Worker, isMainThread } = require('node:worker_threads');
const { fork } = require('node:child_process');
if (process.argv[2] === 'worker') new Worker("console.log('worker', process.execArgv, typeof process.preforkInterp)", { eval: true });
else if (process.argv[2] === 'fork') fork(__filename, ['leaf']);
else console.log(process.argv[2], process.execArgv, 'PREFORK_INTERP' in process.env);
`;

it.each<[string, string, NodeJS.ProcessEnv]>([
  ['in its own process', 'leaf', {}],
  ['in a process that it forks', 'fork', {}],
  ['in its worker thread', 'worker', {}],
  ['with warnings of deprecation on', 'leaf', { NODE_PENDING_DEPRECATION: '1' }],
  ['with warnings of deprecation off', 'leaf', { NODE_OPTIONS: '--no-deprecation' }],
])('a script sees nothing of the machinery %s', async (_, what, env) => {
  const place = workspace();
  const script = place.script('script.cjs', SOURCE);
  const plain = await place.plain(script, [what], { env });
  expect(plain).toMatchObject({ status: 0, stderr: '' });
  for (const call of ['first', 'warm']) {
    expect(await place.run(script, [what], { env }), call).toEqual(plain);
  }
});
