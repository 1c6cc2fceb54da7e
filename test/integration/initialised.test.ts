/** What a script's initialisation has done to Node's own objects is there in each call, as in a plain run; and no call finds what was done to learn it. */
import { expect, test } from 'vitest';
import { until } from '../support/until.js';
import { type Workspace, workspace } from '../support/workspace.js';

const COMPLETE = 'process.preforkInterp?.initialisationComplete();';
const CALLS = 3;

/** Before and after {@link COMPLETE}. Each is to print the same, and end alike, however it is run. */
const SCRIPTS: Readonly<Record<string, readonly [before: string, after: string]>> = {
  'a write of its own on standard output': [
    `const { write } = process.stdout;
     process.stdout.write = (text, ...more) => write.call(process.stdout, text.replaceAll('secret', '***'), ...more);`,
    `console.log('the secret');`,
  ],
  'a write of its own on standard error': [
    `const { write } = process.stderr; process.stderr.write = function (text) { return write.call(this, '> ' + text); };`,
    `console.error('said');`,
  ],
  'an encoding of standard input': [
    `process.stdin.setEncoding('utf8');`,
    `process.stdin.on('data', (data) => console.log(typeof data, data));`,
  ],
  'settings of standard output': [
    `process.stdout.setDefaultEncoding('latin1'); process.stdout.setMaxListeners(77); process.stdout.mine = 'mine';
     process.stdout.isTTY = true; process.stdout.columns = 33;`,
    `const { stdout } = process;
     stdout.write('\\u00e4\\n');
     console.log(stdout.getMaxListeners(), stdout.mine, stdout.isTTY, stdout.columns);`,
  ],
  'standard input that is destroyed': [`process.stdin.destroy();`, `console.log(process.stdin.destroyed);`],
  'a getter of its own for standard output': [
    `const { Writable } = require('node:stream'); const said = [];
     const own = new Writable({ write: (text, _, done) => { said.push(String(text)); done(); } });
     Object.defineProperty(process, 'stdout', { get: () => own, configurable: true });`,
    `process.stdout.write('to nobody'); console.error(said.join());`,
  ],
  'a net.Socket that is a class': [
    `const net = require('node:net'); net.Socket = class extends net.Socket {};`,
    `console.log(1);`,
  ],
  'a vm that makes no contexts': [
    `require('node:vm').runInNewContext = () => { throw new Error('no vm'); };`,
    `console.log('hi');`,
  ],
  'no Buffer': [`const kept = Buffer; delete globalThis.Buffer;`, `globalThis.Buffer = kept; console.log('hi');`],
  'a process that is frozen': [`Object.freeze(process);`, `console.log('hi');`],
  'an Object.prototype with a get': [
    `Object.prototype.get = undefined;`,
    `delete Object.prototype.get; console.log('hi');`,
  ],
  'a stream that counts what is written': [
    `const { Writable } = require('node:stream'); let count = 0;
     const { write } = Writable.prototype;
     Writable.prototype.write = function (...all) { count += 1; return write.apply(this, all); };`,
    `console.log('a word'); console.error(count);`,
  ],
  'listeners that are counted': [
    `const { EventEmitter } = require('node:events'); let count = 0;
     const { on } = EventEmitter.prototype;
     EventEmitter.prototype.on = EventEmitter.prototype.addListener = function (...all) { count += 1; return on.apply(this, all); };`,
    `process.on('SIGUSR2', () => {}); console.log(count);`,
  ],
  'files that are counted': [
    `const fs = require('node:fs'); let count = 0;
     for (const name of ['openSync', 'writeSync', 'readdirSync', 'readFileSync', 'fstatSync', 'statSync']) {
       const own = fs[name]; fs[name] = (...all) => { count += 1; return own(...all); };
     }`,
    `fs.writeSync(1, 'a word\\n'); console.error(count);`,
  ],
  'properties that are counted': [
    `let count = 0; const { defineProperty } = Object;
     Object.defineProperty = (...all) => { count += 1; return defineProperty(...all); };`,
    `Object.defineProperty({}, 'a', {}); console.log(count > 20);`,
  ],
  'lists that say how they are shown': [
    `let count = 0; Array.prototype[require('node:util').inspect.custom] = function () { count += 1; return 'list'; };`,
    `console.log([1], count);`,
  ],
};

function waits(w: Workspace): boolean {
  return w.processes().some(({ commandLine }) => commandLine.startsWith('prefork-interp: spare'));
}

test.each(Object.entries(SCRIPTS))('%s', async (_, [before, after]) => {
  const w = workspace();
  const script = w.script('initialised.cjs', `${before}\n${COMPLETE}\n${after}\n`);
  const input = { input: 'h\u00e4m\n' };
  const plain = await w.plain(script, [], input);
  expect(plain.status).toBe(0);
  for (let call = 0; call < CALLS; call += 1) {
    expect(await w.run(script, [], input), `call ${call}`).toEqual(plain);
    if (w.servers().length === 0) continue;
    // What has a server has warmed up after the first call.
    await until('a spare waits', () => waits(w));
  }
});

test('a flag of V8 that the script was given stays', async () => {
  const w = workspace();
  const source = `${COMPLETE}
    const { runInNewContext, Script } = require('node:vm');
    console.log(typeof gc, runInNewContext('typeof gc'));
    const cachedData = require('node:fs').readFileSync('code');
    console.log(new Script('1 + 1', { cachedData }).cachedDataRejected);`;
  const flags = '--expose-gc --no-parallel-scavenge';
  const script = w.write('flags.cjs', source);
  await w.run('node', [
    ...flags.split(' '),
    '-e',
    `require('node:fs').writeFileSync('code', new (require('node:vm').Script)('1 + 1').createCachedData())`,
  ]);
  const plain = await w.run('node', [...flags.split(' '), script]);
  expect(plain).toMatchObject({ status: 0, stdout: 'function function\nfalse\n' });
  const served = w.interpreted('flags-served.cjs', source, flags);
  for (let call = 0; call < CALLS; call += 1) {
    expect(await w.run(served), `call ${call}`).toEqual(plain);
    await until('a spare waits', () => waits(w));
  }
});
