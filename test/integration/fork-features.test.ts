/**
 * What a forked process can do: all that a wrong fork breaks, used in the executor after it was used before the fork,
 * so that its threads and descriptors already existed. Each check prints what plain node prints, and ends as plain node
 * ends.
 */
import { afterAll, describe, expect, test } from 'vitest';
import { type CheckOptions, ForkChecks } from '../support/fork-check.js';

const checks = new ForkChecks();
afterAll(() => checks.remove());

/** Uses the same thing before the fork and after it. */
function twice(use: string, imports = ''): string {
  return `${imports}
async function use(where) { ${use} }
await use('before');
enter();
await use('after');
console.log('done');
`;
}

interface Feature {
  source: string;
  options?: CheckOptions;
}

const features: Record<string, Feature> = {
  timers: {
    source: twice(`
      const order = [];
      await new Promise((done) => {
        setImmediate(() => { order.push('immediate'); done(); });
        process.nextTick(() => order.push('tick'));
      });
      await new Promise((done) => {
        let left = 3;
        const interval = setInterval(() => { order.push(left); if (--left === 0) { clearInterval(interval); done(); } }, 3);
      });
      await new Promise((done) => setTimeout(() => { order.push('timeout'); done(); }, 5));
      console.log(order.join());`),
  },
  'timers set before the fork run in the executor': {
    source: `setTimeout(() => console.log('timer from before'), 100); setImmediate(() => console.log('immediate from before')); enter();`,
  },
  'fs, callbacks and promises': {
    source: twice(
      `
      await fs.writeFile(where, 'x'.repeat(100_000));
      console.log((await fs.readFile(where)).length, (await fs.stat(where)).size);
      const entries = []; for await (const entry of await fs.opendir('.')) if (entry.name === where) entries.push(entry.name);
      console.log(entries.join());
      await new Promise((done) => rm(where, done));`,
      "import fs from 'node:fs/promises'; import { rm } from 'node:fs';",
    ),
  },
  'fs, streams and watch': {
    source: twice(
      `
      await pipeline(Readable.from(['a', 'b']), createWriteStream(where));
      const watcher = watch(where); const changed = once(watcher, 'change'); writeFileSync(where, 'c'); console.log((await changed)[0]);
      watcher.close(); rmSync(where);`,
      "import { createWriteStream, rmSync, watch, writeFileSync } from 'node:fs'; import { pipeline } from 'node:stream/promises'; import { Readable } from 'node:stream'; import { once } from 'node:events';",
    ),
  },
  'fs.watch, when its own callback leads to the fork': {
    source: `import { watch, writeFileSync } from 'node:fs'; import { once } from 'node:events';
      for (const name of ['one', 'two', 'gone']) writeFileSync(name, '');
      const [one, two, gone] = ['one', 'two', 'gone'].map((name) => watch(name));
      setTimeout(() => writeFileSync('one', 'x'), 10); await once(one, 'change'); one.close();
      enter();
      console.log('entered'); gone.close();
      setTimeout(() => writeFileSync('two', 'x'), 30); console.log('two', (await once(two, 'change'))[0]); two.close();`,
  },
  'what was about to be delivered when the fork was made': {
    // Each is finished in the background while this thread is busy, so that only the loop's turn is missing.
    source: `import { stat } from 'node:fs'; enterAfter();
      function enterAfter() {
        stat('.', (error, stats) => console.log('stat', error, stats.isDirectory()));
        WebAssembly.compile(new Uint8Array([0, 0x61, 0x73, 0x6d, 1, 0, 0, 0])).then((module) => console.log('compiled', module instanceof WebAssembly.Module));
        const { port1, port2 } = new MessageChannel(); port2.on('message', (m) => { console.log('message', m); port1.close(); }); port1.postMessage('posted');
        const until = Date.now() + 200; while (Date.now() < until);
        enter();
      }
      // While this is open the loop goes on, so nothing is delivered only because it comes to an end.
      setTimeout(() => console.log('end'), 500);`,
  },
  zlib: {
    source: twice(
      `
      const text = Buffer.from('squeeze '.repeat(50_000));
      const out = await Promise.all([1, 5, 9].map(async (level) => (await promisify(zlib.gunzip)(await promisify(zlib.gzip)(text, { level }))).equals(text)));
      console.log(where, out.join(), zlib.brotliDecompressSync(zlib.brotliCompressSync(text)).length);`,
      "import zlib from 'node:zlib'; import { promisify } from 'node:util';",
    ),
  },
  crypto: {
    source: twice(
      `
      const keys = await Promise.all([1, 2, 3, 4, 5].map((n) => promisify(crypto.scrypt)('password', 'salt' + n, 32)));
      console.log(where, keys.map((key) => key.toString('hex')).join());
      console.log((await promisify(crypto.randomBytes)(16)).length, crypto.createHash('sha256').update('x').digest('hex'));
      console.log((await promisify(crypto.generateKeyPair)('ed25519')).publicKey.type, (await crypto.webcrypto.subtle.digest('SHA-1', Buffer.from('x'))).byteLength);`,
      "import crypto from 'node:crypto'; import { promisify } from 'node:util';",
    ),
  },
  child_process: {
    source: twice(
      `
      console.log(execFileSync('echo', [where]).toString(), spawnSync('sh', ['-c', 'exit 3']).status);
      const child = spawn('cat'); child.stdin.end('through cat'); let text = ''; child.stdout.on('data', (d) => { text += d; });
      console.log(await once(child, 'close'), text);
      const killed = spawn('sleep', ['100']); killed.kill('SIGTERM'); console.log(await once(killed, 'exit'));
      console.log((await promisify(exec)('echo $0 out; echo err >&2')).stderr);`,
      "import { exec, execFileSync, spawn, spawnSync } from 'node:child_process'; import { once } from 'node:events'; import { promisify } from 'node:util';",
    ),
  },
  'child_process.fork with messages': {
    source: twice(
      `
      const child = fork(new URL('data:text/javascript,').protocol ? process.argv[1] : '', ['child'], { execArgv: ['-e', "process.on('message', (m) => { process.send(m + 1); process.disconnect(); })"] });
      child.send(41); console.log(where, (await once(child, 'message'))[0], (await once(child, 'exit'))[0]);`,
      "import { fork } from 'node:child_process'; import { once } from 'node:events';",
    ),
  },
  'net, over TCP and Unix sockets': {
    source: twice(
      `
      for (const at of [0, './' + where + '.sock']) {
        const server = net.createServer((socket) => socket.pipe(socket)).listen(at); await once(server, 'listening');
        const address = server.address();
        const client = net.connect(typeof address === 'string' ? address : address.port); client.end('x'.repeat(200_000));
        let length = 0; for await (const chunk of client) length += chunk.length;
        server.close(); await once(server, 'close'); console.log(where, length);
      }`,
      "import net from 'node:net'; import { once } from 'node:events';",
    ),
  },
  'a listening server from before the fork serves in the executor': {
    source: `import net from 'node:net'; import { once } from 'node:events';
      const server = net.createServer((socket) => socket.end('served by ' + (globalThis.where ?? 'setup'))).listen(0); await once(server, 'listening');
      enter(); globalThis.where = 'executor';
      const client = net.connect(server.address().port); let text = ''; for await (const chunk of client) text += chunk;
      console.log(text); server.close();`,
  },
  dgram: {
    source: twice(
      `
      const socket = dgram.createSocket('udp4').bind(0, '127.0.0.1'); await once(socket, 'listening');
      socket.send('packet', socket.address().port, '127.0.0.1'); console.log(where, String((await once(socket, 'message'))[0])); socket.close();`,
      "import dgram from 'node:dgram'; import { once } from 'node:events';",
    ),
  },
  'http and fetch': {
    source: twice(
      `
      const server = http.createServer((request, response) => request.pipe(response)).listen(0, '127.0.0.1'); await once(server, 'listening');
      const url = 'http://127.0.0.1:' + server.address().port;
      console.log(where, await (await fetch(url, { method: 'POST', body: 'posted' })).text());
      const request = http.request(url, { method: 'POST', agent: false }); request.end('again');
      let text = ''; for await (const chunk of (await once(request, 'response'))[0]) text += chunk; console.log(text);
      server.closeAllConnections(); server.close();`,
      "import http from 'node:http'; import { once } from 'node:events';",
    ),
  },
  'worker_threads, and their end': {
    source: twice(
      `
      const workers = [1, 2, 3].map((n) => new Worker("const { parentPort, workerData } = require('node:worker_threads'); let s = 0; for (let i = 0; i < 1e6; i++) s = (s + i) | 0; parentPort.postMessage([workerData, s]);", { eval: true, workerData: n }));
      const results = await Promise.all(workers.map(async (worker) => (await Promise.all([once(worker, 'message'), once(worker, 'exit')])).flat()));
      console.log(where, JSON.stringify(results));`,
      "import { Worker } from 'node:worker_threads'; import { once } from 'node:events';",
    ),
  },
  'a worker that is terminated, and one that exits': {
    source: twice(
      `
      const looping = new Worker('for (;;) {}', { eval: true }); await once(looping, 'online'); console.log(await looping.terminate());
      const leaving = new Worker('process.exit(9)', { eval: true }); console.log((await once(leaving, 'exit'))[0]);`,
      "import { Worker } from 'node:worker_threads'; import { once } from 'node:events';",
    ),
  },
  'WebAssembly, compiled asynchronously': {
    source: twice(`
      // A module of many functions, so that the compilers share it out between threads: (func (param i32) (result i32)
      // local.get 0 i32.const K i32.add)
      const leb = (n) => { const out = []; do { const b = n & 0x7f; n >>>= 7; out.push(n ? b | 0x80 : b); } while (n); return out; };
      const section = (id, bytes) => [id, ...leb(bytes.length), ...bytes];
      const count = 500; const list = (item) => [...leb(count), ...Array.from({ length: count }, (_, i) => item(i)).flat()];
      const bytes = new Uint8Array([0, 0x61, 0x73, 0x6d, 1, 0, 0, 0,
        ...section(1, [1, 0x60, 1, 0x7f, 1, 0x7f]), ...section(3, list(() => [0])),
        ...section(7, [1, 1, 0x66, 0, 7]), ...section(10, list((i) => { const body = [0, 0x20, 0, 0x41, ...leb(i % 64), 0x6a, 0x0b]; return [...leb(body.length), ...body]; }))]);
      const { instance } = await WebAssembly.instantiate(bytes);
      const module = await WebAssembly.compile(bytes);
      let sum = 0; for (let i = 0; i < 200_000; i++) sum = (sum + instance.exports.f(i)) | 0;
      console.log(where, sum, WebAssembly.Module.exports(module).length);`),
  },
  'heavy garbage collection': {
    source: twice(`
      let kept = []; const registry = new FinalizationRegistry(() => {});
      for (let round = 0; round < 15; round++) {
        for (let i = 0; i < 60_000; i++) { const o = { i, text: 'n' + i, more: [i] }; if (i % 7 === 0) kept.push(o); if (i % 5000 === 0) registry.register(o, i); }
        if (round % 4 === 3) kept = kept.filter((o) => o.i % 2);
        new ArrayBuffer(5e6);
      }
      console.log(where, kept.length, new Map(kept.map((o) => [o.text, o])).size);`),
  },
  'garbage collection on demand': {
    source: twice(
      'for (let i = 0; i < 5; i++) gc(); await gc({ type: "major", execution: "async" }); console.log(where);',
    ),
    options: { nodeArguments: ['--expose-gc'] },
  },
  'dynamic import and require': {
    source: twice(
      `
      writeFileSync(where + '.mjs', "import { sep } from 'node:path'; export default import.meta.url.endsWith('.mjs') + sep; export const n = await 5;");
      writeFileSync(where + '.cjs', "module.exports = { name: __filename.slice(-4) };");
      const module = await import(process.cwd() + '/' + where + '.mjs'); console.log(module.default, module.n, createRequire(import.meta.url)(process.cwd() + '/' + where + '.cjs'));
      const builtin = where === 'before' ? 'node:querystring' : 'node:readline'; console.log(typeof (await import(builtin)));`,
      "import { writeFileSync } from 'node:fs'; import { createRequire } from 'node:module';",
    ),
  },
  'a syntax error in an import': {
    source: twice(
      `writeFileSync(where + 'x.mjs', 'let let = 1'); await import(process.cwd() + '/' + where + 'x.mjs').catch((e) => console.log(where, e.name));`,
      "import { writeFileSync } from 'node:fs';",
    ),
  },
  'stdin, read in the executor': {
    source: `enter(); let text = ''; for await (const chunk of process.stdin.setEncoding('utf8')) text += chunk; console.log('read', text);`,
    options: { input: 'what the caller wrote' },
  },
  'stdin, read synchronously': {
    source: `import { readFileSync } from 'node:fs'; enter(); console.log('read', readFileSync(0, 'utf8'));`,
    options: { input: 'what the caller wrote' },
  },
  readline: {
    source: `import readline from 'node:readline'; enter(); for await (const line of readline.createInterface({ input: process.stdin })) console.log(line.toUpperCase());`,
    options: { input: 'one\ntwo\nthree\n' },
  },
  dns: {
    source: twice(
      `
      console.log(where, (await dns.lookup('localhost')).family > 0, (await dns.lookup('127.0.0.1')).address);
      // Nobody serves names there: what matters is that the answer comes, from the channel made before the fork too.
      await resolver.resolve4('name.invalid').then(console.log, (e) => console.log(e.code));`,
      "import dns from 'node:dns/promises'; const resolver = new dns.Resolver({ timeout: 200, tries: 1 }); resolver.setServers(['127.0.0.1:9']);",
    ),
  },
  'AsyncLocalStorage and async iterators': {
    source: twice(
      `await storage.run(where, async () => { for await (const n of setInterval(2, 'tick')) { console.log(storage.getStore(), n); break; } });`,
      "import { AsyncLocalStorage } from 'node:async_hooks'; import { setInterval } from 'node:timers/promises'; const storage = new AsyncLocalStorage();",
    ),
  },
  'MessageChannel and BroadcastChannel': {
    source: twice(`
      const { port1, port2 } = new MessageChannel(); const got = new Promise((done) => { port2.onmessage = (e) => done(e.data); });
      port1.postMessage({ where }); console.log(await got); port1.close();
      const [a, b] = [new BroadcastChannel('x'), new BroadcastChannel('x')]; const heard = new Promise((done) => { b.onmessage = (e) => done(e.data); });
      a.postMessage(where); console.log(await heard); a.close(); b.close();`),
  },
  'Atomics.waitAsync and SharedArrayBuffer': {
    source: twice(
      `
      const shared = new Int32Array(new SharedArrayBuffer(4)); const { value } = Atomics.waitAsync ? Atomics.waitAsync(shared, 0, 0) : { value: 'ok' };
      setTimeout(() => Atomics.notify(shared, 0), 5); console.log(where, await value, Atomics.wait(shared, 0, 0, 5));`,
    ),
  },
  'vm, contexts and snapshots of the heap': {
    source: twice(
      `console.log(where, vm.runInNewContext('[1, 2, 3].map((n) => n * 2).join()'), new vm.Script('1 + 1').runInThisContext(), v8.deserialize(v8.serialize({ where })).where, v8.getHeapStatistics().number_of_native_contexts > 0);`,
      "import vm from 'node:vm'; import v8 from 'node:v8';",
    ),
  },
  'vm with a time limit': {
    source: twice(
      `try { vm.runInThisContext('for (;;) {}', { timeout: 20 }); } catch (e) { console.log(where, e.code); }`,
      "import vm from 'node:vm';",
    ),
  },
  'the inspector, opened in the executor': {
    source: `import { Session } from 'node:inspector'; enter(); const session = new Session(); session.connect();
      session.post('Runtime.evaluate', { expression: '6 * 7' }, (error, { result }) => { console.log(error, result.value); session.disconnect(); });`,
  },
  'performance and its hooks': {
    source: twice(
      `
      const before = performance.now(); await new Promise((done) => setTimeout(done, 10)); const took = performance.now() - before; console.log(where, took > 8 && took < 5000);
      const histogram = monitorEventLoopDelay({ resolution: 1 }); histogram.enable(); await new Promise((done) => setTimeout(done, 20)); histogram.disable(); console.log(histogram.count > 0);`,
      "import { monitorEventLoopDelay, performance } from 'node:perf_hooks';",
    ),
  },
  'Intl and Date': {
    source: twice(`console.log(where, new Intl.NumberFormat('en').format(12345.6), new Date(0).toISOString());`),
  },
};

describe('the same in an executor as in plain node', () => {
  for (const [name, { source, options }] of Object.entries(features)) {
    test(name, async () => {
      const { plain, forked } = await checks.both(source, { kind: 'mjs', ...options });
      expect(forked).toEqual(plain);
      expect(forked.ended).toBe(0);
      expect(forked.stdout).not.toBe('');
    });
  }
});

describe('time', () => {
  const blockedMs = 1200;

  test('a timer counts from now, however long the server waited outside its event loop', async () => {
    const source = `enter(); const from = process.hrtime.bigint();
      setTimeout(() => console.log(Number(process.hrtime.bigint() - from) / 1e6), 300);`;
    const { ended, stdout } = await checks.forked(source, { blockedMs });
    expect(ended).toBe(0);
    // Node may run a timer up to a millisecond early.
    expect(Number(stdout)).toBeGreaterThanOrEqual(299);
  });

  test('a timer from before the fork that came due meanwhile runs at once', async () => {
    const source = `setTimeout(() => console.log('due'), 600); enter(); setTimeout(() => console.log('later'), 50);`;
    const { stdout } = await checks.forked(source, { blockedMs });
    expect(stdout).toBe('due\nlater\n');
  });
});

describe('speed', () => {
  test('optimised code is as fast in an executor as in plain node', async () => {
    // Made hot in the process itself: without its compiler threads it would stay interpreted, some ten times slower.
    const source = `enter(); const { performance } = require('node:perf_hooks');
      function hot(n) { let s = 0; for (let i = 0; i < n; i++) s = (s * 31 + (i ^ (s >>> 3))) | 0; return s; }
      let best = Infinity; for (let round = 0; round < 30; round++) { const from = performance.now(); hot(3e6); best = Math.min(best, performance.now() - from); }
      console.log(best);`;
    const { plain, forked } = await checks.both(source);
    expect(forked.ended).toBe(0);
    expect(Number(forked.stdout)).toBeLessThan(Number(plain.stdout) * 2.5);
  });
});
