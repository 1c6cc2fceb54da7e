/** Version 1: what comes over the socket can be anything. It costs its sender the connection, and nobody else anything. */
import { closeSync, openSync } from 'node:fs';
import { expect, test } from 'vitest';
import { descriptorsOf } from '../support/processes.js';
import { RawConnection, requestBody } from '../support/raw-connection.js';
import { expectUnharmed, serve } from '../support/served.js';
import { workspace } from '../support/workspace.js';

const NUL = Buffer.alloc(1);
const uint32 = (value: number) => {
  const bytes = Buffer.alloc(4);
  bytes.writeUInt32BE(value);
  return bytes;
};

/** Sends the byte of the released framing, then standard descriptors one a byte, `count` of them. */
function sendDescriptors(connection: RawConnection, count: number, descriptor: number): void {
  connection.write(NUL);
  for (let sent = 0; sent < count; sent += 1) connection.send(NUL, [descriptor]);
}

type Send = (connection: RawConnection, nothing: number) => void;

const BAD: [what: string, send: Send][] = [
  ['bytes of another protocol', (c) => c.write(Buffer.from('GET / HTTP/1.1\r\n\r\n'))],
  ['a first byte that is not 0', (c) => c.write(Buffer.from([1]))],
  ['no descriptors', (c) => c.write(Buffer.concat([Buffer.alloc(4), requestBody([], ['node', 'x'])]))],
  [
    'two descriptors',
    (c, nothing) => {
      sendDescriptors(c, 2, nothing);
      c.write(Buffer.concat([NUL, requestBody([], ['node', 'x'])]));
    },
  ],
  [
    'four descriptors',
    (c, nothing) => {
      sendDescriptors(c, 4, nothing);
      c.write(requestBody([], ['node', 'x']));
    },
  ],
  [
    'two descriptors with one byte',
    (c, nothing) => {
      c.write(NUL);
      c.send(NUL, [nothing, nothing]);
    },
  ],
  ['eight descriptors with one byte', (c, nothing) => c.send(NUL, new Array(8).fill(nothing))],
  [
    'a request over the limit',
    (c, nothing) => {
      sendDescriptors(c, 3, nothing);
      c.write(uint32(0xffffffff));
    },
  ],
  [
    'a request of length 0',
    (c, nothing) => {
      sendDescriptors(c, 3, nothing);
      c.write(uint32(0));
    },
  ],
  [
    'a request without the empty string',
    (c, nothing) => {
      sendDescriptors(c, 3, nothing);
      c.write(Buffer.concat([uint32(4), Buffer.from('A=b\0')]));
    },
  ],
  [
    'a request that does not end with a NUL',
    (c, nothing) => {
      sendDescriptors(c, 3, nothing);
      c.write(Buffer.concat([uint32(3), Buffer.from('\0no')]));
    },
  ],
  [
    'bytes after the request',
    (c, nothing) => {
      sendDescriptors(c, 3, nothing);
      c.write(Buffer.concat([requestBody([], ['node', 'x']), Buffer.from('more')]));
    },
  ],
  [
    'half a request, and then the end',
    (c, nothing) => {
      sendDescriptors(c, 3, nothing);
      c.write(requestBody([], ['node', 'x']).subarray(0, 7));
      c.end();
    },
  ],
  ['nothing, and then the end', (c) => c.end()],
];

test.each(BAD)('%s: the connection is closed, and the server is unharmed', async (_, send) => {
  const w = workspace();
  const { script, server } = await serve(w, w.versionOneNode());
  const before = descriptorsOf(server).size;
  const nothing = openSync('/dev/null', 'r+');
  const connection = await RawConnection.open(w);
  await connection.greeted();
  send(connection, nothing);
  await connection.closedByServer();
  expect(connection.received.length, 'bytes received: the greeting, and no status of a call that never was').toBe(8);
  connection.close();
  closeSync(nothing);
  await expectUnharmed(w, script, server, before);
});

test('connections that say nothing hold up nobody', async () => {
  const w = workspace();
  const { script, server } = await serve(w, w.versionOneNode());
  const before = descriptorsOf(server).size;
  const silent: RawConnection[] = [];
  // More than the server has patience for at once; each is accepted before the next comes.
  for (let opened = 0; opened < 80; opened += 1) {
    const connection = await RawConnection.open(w);
    await connection.greeted();
    silent.push(connection);
  }
  for (const number of [1, 2, 3]) {
    expect(await w.run(script, [String(number)], { limitMs: 5_000 })).toMatchObject({ status: number });
  }
  // The oldest had to make room; those that are left are closed after the limit, without doing anything for it.
  await silent[0]?.closedByServer(5_000);
  for (const connection of silent) await connection.closedByServer();
  for (const connection of silent) connection.close();
  await expectUnharmed(w, script, server, before);
});

test('requests that begin and never end hold up nobody, and are given up', async () => {
  const w = workspace();
  const { script, server } = await serve(w, w.versionOneNode());
  const before = descriptorsOf(server).size;
  const nothing = openSync('/dev/null', 'r+');
  const slow: RawConnection[] = [];
  for (let opened = 0; opened < 6; opened += 1) {
    const connection = await RawConnection.open(w);
    await connection.greeted();
    sendDescriptors(connection, 3, nothing);
    connection.write(uint32(1000));
    slow.push(connection);
  }
  expect(await w.run(script, ['9'], { limitMs: 5_000 })).toMatchObject({ status: 9 });
  for (const connection of slow) await connection.closedByServer();
  for (const connection of slow) connection.close();
  closeSync(nothing);
  await expectUnharmed(w, script, server, before);
});

test('a client that does not read its status holds up nobody', async () => {
  const w = workspace();
  const { script, server } = await serve(w, w.versionOneNode());
  const before = descriptorsOf(server).size;
  const nothing = openSync('/dev/null', 'r+');
  const connection = await RawConnection.open(w);
  await connection.greeted();
  sendDescriptors(connection, 3, nothing);
  connection.write(
    requestBody(
      Object.entries(w.env).map(([name, value]) => `${name}=${value}`),
      ['node', script, '3'],
    ),
  );
  await connection.receives(12);
  expect(connection.received.readUInt32BE(8), 'wait status').toBe(3 << 8);
  connection.close();
  closeSync(nothing);
  await expectUnharmed(w, script, server, before);
});

test('1000 connections of all these kinds leave no descriptor and no process', { timeout: 180_000 }, async () => {
  const w = workspace();
  const { script, server } = await serve(w, w.versionOneNode());
  const before = descriptorsOf(server).size;
  const nothing = openSync('/dev/null', 'r+');
  for (let sent = 0; sent < 1000; sent += 10) {
    await Promise.all(
      Array.from({ length: 10 }, async (_, i) => {
        const connection = await RawConnection.open(w);
        // Some go without having waited for the greeting.
        if (i > 0) await connection.greeted();
        BAD[(sent + i) % BAD.length]?.[1](connection, nothing);
        if (i > 1) await connection.closedByServer();
        connection.close();
      }),
    );
  }
  closeSync(nothing);
  await expectUnharmed(w, script, server, before);
});
