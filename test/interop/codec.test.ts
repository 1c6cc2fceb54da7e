/** For the same call the codec makes the same bytes as the released client, and understands it. */
import { mkdirSync } from 'node:fs';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { type FromClient, type Request, ServerConnection } from 'prefork-interp/codec';
import { describe, expect, onTestFinished, test } from 'vitest';
import { inState, join as joined } from '../support/codec-host.js';
import { MARKERS, readRequest } from '../support/fake-server.js';
import { HAS_RELEASED_CLIENT, SharedHome } from '../support/released.js';
import { workspace } from '../support/workspace.js';

describe.skipIf(!HAS_RELEASED_CLIENT)('the released client (needs chiark-utils-bin)', () => {
  test('is greeted by the codec, sends its bytes, and ends as it says', async () => {
    const w = workspace();
    const home = new SharedHome(w);
    mkdirSync(home.runDirectory, { recursive: true, mode: 0o700 });
    let request: Buffer = Buffer.alloc(0);
    const codec = new ServerConnection(1);
    const events: FromClient[] = [];
    const server = createServer(async (socket) => {
      socket.on('error', () => {});
      socket.write(joined(codec.send({ kind: 'greeting' })));
      request = await readRequest(socket);
      // Node has thrown the descriptors away: one came with each byte behind the marker.
      for (let at = 0; at < MARKERS; at++) {
        events.push(...codec.receive(request.subarray(at, at + 1), at === 0 ? 0 : 1));
      }
      events.push(...codec.receive(request.subarray(MARKERS)));
      socket.end(joined(codec.send({ kind: 'status', status: 42 << 8 })));
    });
    server.listen(join(home.runDirectory, `s${home.ident}`));
    onTestFinished(() => void server.close());
    expect(await home.call('released', ['sh', 'no-such-script', '', 'ä b'])).toMatchObject({ status: 42, stderr: '' });
    expect(events).toMatchObject([{ kind: 'request', framing: 'released' }]);
    const [received] = events as [Request];
    const words = received.arguments.map((word) => Buffer.from(word).toString());
    expect(words).toEqual(['sh', 'no-such-script', '', 'ä b']);
    expect(received.environment.map((entry) => Buffer.from(entry).toString())).toContain(`PATH=${w.env['PATH']}`);
    const sent = joined(inState('client', 1, 'request').send(received));
    expect(Buffer.from(sent).toString('hex')).toBe(request.toString('hex'));
  });
});
