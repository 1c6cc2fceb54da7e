/** The examples of the codec and of the core below it, each with a real server. */
import { execFileSync } from 'node:child_process';
import { join } from 'node:path';
import { build } from 'esbuild';
import { expect, test } from 'vitest';
import { NODE, ROOT } from '../support/paths.js';
import { type Workspace, workspace } from '../support/workspace.js';

/** Ends with the status that its second argument says; its output would fail it, if it had any. */
const SCRIPT = `
process.preforkInterp?.initialisationComplete();
require('node:fs').writeFileSync(process.argv[2], process.argv.slice(3).join(' ') + ' ' + process.env.OF_THE_CALL);
process.exitCode = 5;
`;

async function serve(w: Workspace): Promise<{ script: string; socket: string; seen: string }> {
  const script = w.script('script.cjs', SCRIPT);
  const seen = w.path('seen');
  expect(await w.run(script, [seen, 'first'])).toMatchObject({ status: 5, stderr: '' });
  const [name, ...others] = w.rendezvous().filter((entry) => entry.startsWith('s'));
  expect(others).toEqual([]);
  return { script, socket: join(w.runDirectory, name as string), seen };
}

test('examples/call-without-streams.ts asks a server and calls its script', async () => {
  const w = workspace();
  const { socket, seen } = await serve(w);
  w.installPackage();
  const example = w.path('example.mjs');
  await build({
    entryPoints: [join(ROOT, 'examples/call-without-streams.ts')],
    outfile: example,
    format: 'esm',
    target: 'node18',
  });
  const { pid } = w.server();
  const env = { OF_THE_CALL: 'ä' };
  const outcome = await w.run(NODE, [example, socket, seen, 'by', 'the codec'], { env });
  expect(outcome).toMatchObject({ status: 0, stderr: '' });
  const [server, started, ended, ...more] = outcome.stdout.split('\n');
  expect(server).toBe(`server ${pid} has served 1 calls`);
  expect(started).toMatch(/^process \d+ runs the script$/);
  expect([ended, ...more]).toEqual(['it ended with status 5', '']);
  expect((await w.run('cat', [seen])).stdout).toBe('by the codec ä');
});

test('examples/core-abi asks a server by core.wasm as C', async () => {
  const w = workspace();
  const { script, socket } = await serve(w);
  execFileSync('make', ['-s', '-C', join(ROOT, 'examples/core-abi'), `OUT=${w.directory}`], { stdio: 'pipe' });
  const outcome = await w.run(w.path('status'), [socket]);
  expect(outcome).toMatchObject({ status: 0, stderr: '' });
  expect(outcome.stdout).toBe(`pid ${w.server().pid}\ncalls 1\nscript ${script}\n`);
  const nobody = await w.run(w.path('status'), [`${socket}x`]);
  expect(nobody).toMatchObject({ status: 1, stdout: '', stderr: expect.stringContaining('No such file') });
});
