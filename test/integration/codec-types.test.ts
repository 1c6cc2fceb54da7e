/** The types of the codec are right for an embedder who has nothing of Node's or a browser's types, by `import` and by `require()`. */
import { execFileSync } from 'node:child_process';
import { createRequire } from 'node:module';
import { expect, test } from 'vitest';
import { NODE } from '../support/paths.js';
import { workspace } from '../support/workspace.js';

const TSC = createRequire(import.meta.url).resolve('typescript/bin/tsc');

const IMPORTS = `
import { type Call, ClientConnection, type FromServer, type Piece, ServerConnection, useCore, waitStatus } from 'prefork-interp/codec';
const client = new ClientConnection(2);
export const pieces: Piece[] = client.send({ kind: 'call', descriptors: ['stdin'], arguments: ['a'], environment: [] });
const event: FromServer | null = client.next();
if (event?.kind === 'ended') waitStatus(event.status, 'exact');
declare const call: Call;
client.send(call);
useCore(new Uint8Array());
// @ts-expect-error a client does not greet
client.send({ kind: 'greeting' });
// @ts-expect-error there is no version 3
new ServerConnection(3);
`;
const REQUIRES = `
import codec = require('prefork-interp/codec');
import type { Piece } from 'prefork-interp/codec' with { 'resolution-mode': 'import' };
export const pieces: Piece[] = new codec.ServerConnection(1).send({ kind: 'greeting' });
// @ts-expect-error a server sends no request
new codec.ServerConnection(1).send({ kind: 'request', environment: [], arguments: [] });
`;

test.each(['node16', 'nodenext'])('module %s', (module) => {
  const w = workspace();
  w.installPackage();
  const compilerOptions = { strict: true, noEmit: true, module, target: 'es2022', lib: ['es2022'], types: [] };
  w.write('imports.mts', IMPORTS);
  w.write('requires.cts', REQUIRES);
  w.write('tsconfig.json', JSON.stringify({ compilerOptions, files: ['imports.mts', 'requires.cts'] }));
  let said = '';
  try {
    execFileSync(NODE, [TSC, '-p', w.directory], { encoding: 'utf8' });
  } catch (error) {
    said = (error as { stdout: string }).stdout;
  }
  expect(said).toBe('');
});
