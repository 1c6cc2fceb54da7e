/** How connections of the codec behave when they are used in other ways than the vectors use them: turns, errors, ends, descriptors. */
import {
  ClientConnection,
  type ClientSends,
  CodecError,
  identity,
  parseOptions,
  preclean,
  ServerConnection,
  type ServerSends,
  useCore,
  waitStatus,
} from 'prefork-interp/codec';
import { describe, expect, test } from 'vitest';
import { deliver, inState, join } from '../support/codec-host.js';

const code = (name: string) => expect.objectContaining({ name: 'CodecError', code: name });
const hex = (text: string) => Uint8Array.from(Buffer.from(text.replaceAll(' ', ''), 'hex'));
const text = (bytes: Uint8Array) => Buffer.from(bytes).toString();
const all = (connection: ClientConnection | ServerConnection, bytes: Uint8Array, descriptors = 0) => [
  ...connection.receive(bytes, descriptors),
];

const CALL: ClientSends = {
  kind: 'call',
  descriptors: ['stdin', 'stdout', 'stderr', 'cwd'],
  arguments: [],
  environment: [],
};
const REQUEST: ClientSends = { kind: 'request', environment: ['A=1'], arguments: ['node', 'script'] };

describe('a conversation', () => {
  test('of version 1', () => {
    const client = new ClientConnection(1);
    const server = new ServerConnection(1);
    expect(deliver(server.send({ kind: 'greeting' }), client)).toEqual([
      { kind: 'greeting', extension: new Uint8Array() },
    ]);
    const pieces = client.send(REQUEST);
    expect(pieces.map(({ bytes, descriptors }) => [bytes.length, descriptors])).toEqual([
      [1, []],
      [1, ['stdin']],
      [1, ['stdout']],
      [1, ['stderr']],
      [4 + 'A=1\0\0node\0script\0'.length, []],
    ]);
    const [event, ...others] = deliver(pieces, server);
    expect(others).toEqual([]);
    expect(event).toMatchObject({ kind: 'request', framing: 'released', descriptors: ['stdin', 'stdout', 'stderr'] });
    expect(event?.kind === 'request' && [...event.environment, ...event.arguments].map(text)).toEqual([
      'A=1',
      'node',
      'script',
    ]);
    expect(deliver(server.send({ kind: 'status', status: 0x700 }), client)).toEqual([
      { kind: 'status', status: 0x700 },
    ]);
    expect([client.state, server.state]).toEqual(['over', 'over']);
  });

  test('of the first design has no marker', () => {
    const pieces = inState('client', 1, 'request').send({ ...REQUEST, framing: 'first-design' });
    expect(pieces).toHaveLength(4);
    expect(deliver(pieces, inState('server', 1, 'request'))).toMatchObject([{ framing: 'first-design' }]);
  });

  test('of version 2: a call, signals and stops, its end', () => {
    const client = new ClientConnection(2);
    const server = new ServerConnection(2);
    const pieces = client.send({
      ...CALL,
      descriptors: ['cwd', 'stderr', 'stdout'],
      umask: 0o27,
      nice: -3,
      limits: [
        { resource: 7, soft: 1024n },
        { resource: 3, soft: null },
      ],
      affinity: Uint8Array.of(5),
      script: '/bin/ä',
      arguments: ['', 'two words'],
      environment: ['A=1', 'no variable', ''],
      traced: true,
    });
    expect(pieces.map(({ descriptors }) => descriptors)).toEqual([['stdout', 'stderr', 'cwd']]);
    const [event] = deliver(pieces, server);
    if (event?.kind !== 'call') throw new Error(`${event?.kind} and not a call`);
    expect({ ...event, script: text(event.script ?? new Uint8Array()) }).toMatchObject({
      descriptors: ['stdout', 'stderr', 'cwd'],
      umask: 0o27,
      nice: -3,
      limits: [
        { resource: 7, soft: 1024n },
        { resource: 3, soft: null },
      ],
      affinity: Uint8Array.of(5),
      script: '/bin/ä',
      traced: true,
    });
    expect(event.arguments.map(text)).toEqual(['', 'two words']);
    expect(event.environment.map(text)).toEqual(['A=1', 'no variable', '']);

    const said: ServerSends[] = [
      { kind: 'started', pid: 77 },
      { kind: 'stopped', signal: 20 },
      { kind: 'continued' },
      { kind: 'moments', moments: [{ moment: 16, at: 2n ** 63n }] },
      { kind: 'ended', status: 9 },
    ];
    expect(deliver(server.send(said[0] as ServerSends), client)).toEqual([said[0]]);
    expect(deliver(client.send({ kind: 'signal', signal: 18 }), server)).toEqual([{ kind: 'signal', signal: 18 }]);
    const rest = said.slice(1).flatMap((message) => server.send(message));
    expect(all(client, join(rest))).toEqual(said.slice(1));
    // The client had not heard of the end yet.
    const late = new ClientConnection(2);
    late.send(CALL);
    expect(all(late, join(inState('server', 2, 'offered').send({ kind: 'started', pid: 1 })))).toHaveLength(1);
    expect(deliver(late.send({ kind: 'signal', signal: 2 }), server)).toEqual([{ kind: 'signal', signal: 2 }]);
  });

  test('of version 2: refused, and a control', () => {
    const refusal = { kind: 'refused', reason: 'no' } as const;
    expect(deliver(inState('server', 2, 'offered').send(refusal), inState('client', 2, 'offered'))).toEqual([refusal]);
    expect(new ServerConnection(2).send(refusal)).toHaveLength(1);
    const server = new ServerConnection(2);
    const client = new ClientConnection(2);
    expect(deliver(client.send({ kind: 'control', operation: 'stop' }), server)).toEqual([
      { kind: 'control', operation: 'stop' },
    ]);
    expect([client.state, server.state]).toEqual(['asked', 'asked']);
  });
});

describe('what is out of turn', () => {
  test.each([
    [1, 'greeting', { kind: 'request', environment: [], arguments: [] }],
    [1, 'request', CALL],
    [1, 'running', REQUEST],
    [2, 'request', REQUEST],
    [2, 'request', { kind: 'signal', signal: 1 }],
    [2, 'offered', { kind: 'signal', signal: 1 }],
    [2, 'offered', CALL],
    [2, 'asked', { kind: 'control', operation: 'status' }],
    [2, 'over', CALL],
  ] as [1 | 2, string, ClientSends][])(
    'cannot be sent by a client of version %i in the state %s',
    (version, state, message) => {
      const client = inState('client', version, state);
      expect(() => client.send(message)).toThrow(code('ERR_CODEC_SEQUENCE'));
      expect(client.state).toBe(state);
    },
  );

  test.each([
    [1, 'request', { kind: 'status', status: 0 }],
    [1, 'over', { kind: 'status', status: 0 }],
    [2, 'request', { kind: 'started', pid: 1 }],
    [2, 'running', { kind: 'started', pid: 1 }],
    [2, 'running', { kind: 'refused', reason: 'no' }],
    [2, 'over', { kind: 'ended', status: 0 }],
    [2, 'offered', { kind: 'constructor' }],
  ] as [1 | 2, string, ServerSends][])(
    'cannot be sent by a server of version %i in the state %s',
    (version, state, message) => {
      expect(() => inState('server', version, state).send(message)).toThrow(code('ERR_CODEC_SEQUENCE'));
    },
  );

  const started = join(inState('server', 2, 'offered').send({ kind: 'started', pid: 1 }));
  const signal = join(inState('client', 2, 'running').send({ kind: 'signal', signal: 1 }));

  test.each([
    ['client', 1, 'request', hex('00'), 'ERR_CODEC_UNEXPECTED'],
    ['client', 1, 'over', hex('00'), 'ERR_CODEC_UNEXPECTED'],
    ['client', 2, 'request', started, 'ERR_MESSAGE_KIND'],
    ['client', 2, 'running', started, 'ERR_MESSAGE_KIND'],
    ['client', 2, 'running', signal, 'ERR_MESSAGE_KIND'],
    ['client', 2, 'over', started, 'ERR_MESSAGE_KIND'],
    ['server', 1, 'running', hex('00'), 'ERR_REQUEST_TRAILING'],
    ['server', 2, 'offered', signal, 'ERR_MESSAGE_TRAILING'],
    ['server', 2, 'asked', signal, 'ERR_MESSAGE_KIND'],
    ['server', 2, 'request', signal, 'ERR_MESSAGE_KIND'],
    ['server', 2, 'running', started, 'ERR_MESSAGE_KIND'],
  ] as const)(
    'is an error where a %s of version %i receives it in the state %s',
    (role, version, state, bytes, name) => {
      const connection = role === 'client' ? inState('client', version, state) : inState('server', version, state);
      expect(() => all(connection, bytes)).toThrow(code(name));
      // It stays so.
      expect(() => connection.next()).toThrow(code(name));
      expect(() => connection.receive(bytes)).toThrow(code(name));
      expect(() => connection.end()).toThrow(code(name));
    },
  );

  test('a message of a kind that is not known is skipped, but as the first', () => {
    expect(all(inState('client', 2, 'running'), hex('58 02 0000 00000003 010203'))).toEqual([]);
    expect(() => all(new ServerConnection(2), hex('58 02 0000 00000000'))).toThrow(code('ERR_MESSAGE_KIND'));
  });

  test('a server that has failed to understand can still say so', () => {
    const server = new ServerConnection(2);
    expect(() => all(server, hex('43 02 0000 00000000'))).toThrow(code('ERR_FIELD_MISSING'));
    expect(server.send({ kind: 'refused', reason: 'what?' })).toHaveLength(1);
  });

  test('the greeting comes before all that a server of version 1 receives', () => {
    const server = new ServerConnection(1);
    expect(() => server.receive(hex('00'))).toThrow(code('ERR_CODEC_SEQUENCE'));
    server.send({ kind: 'greeting' });
    expect(all(server, hex('00'))).toEqual([]);
  });
});

describe('events', () => {
  const two = join([
    ...inState('server', 2, 'running').send({ kind: 'stopped', signal: 20 }),
    ...inState('server', 2, 'running').send({ kind: 'continued' }),
  ]);

  test('are taken before more is received, so that nothing piles up', () => {
    const client = inState('client', 2, 'running');
    for (const event of client.receive(two)) {
      expect(event).toEqual({ kind: 'stopped', signal: 20 });
      break;
    }
    expect(() => client.receive(two)).toThrow(code('ERR_CODEC_SEQUENCE'));
    expect(() => client.end()).toThrow(code('ERR_CODEC_SEQUENCE'));
    expect(client.next()).toEqual({ kind: 'continued' });
    expect(client.next()).toBeNull();
    expect(all(client, two)).toHaveLength(2);
  });

  test('that came before an error are not lost with it', () => {
    const client = inState('client', 2, 'running');
    client.receive(Buffer.concat([two, Buffer.from('HTTP/1.1')]));
    expect(client.next()).toEqual({ kind: 'stopped', signal: 20 });
    expect(client.next()).toEqual({ kind: 'continued' });
    expect(() => client.next()).toThrow(code('ERR_MESSAGE_VERSION'));
  });

  test('are of copies: the same memory can be received into again', () => {
    const client = inState('client', 2, 'running');
    const memory = Buffer.alloc(12);
    memory.set(two.subarray(0, 12));
    expect(all(client, memory)).toEqual([]);
    memory.fill(0xff);
    expect(all(client, two.subarray(12))).toHaveLength(2);
  });

  test('the end is an error within a message only', () => {
    const client = inState('client', 2, 'offered');
    client.end();
    expect(client.state).toBe('offered');
    expect(() => client.receive(hex('00'))).toThrow(code('ERR_CODEC_SEQUENCE'));
    for (const [role, version, state, bytes] of [
      ['client', 1, 'greeting', '50'],
      ['client', 1, 'running', '00'],
      ['client', 2, 'running', '45'],
      ['server', 2, 'request', '43'],
    ] as const) {
      const other = role === 'client' ? inState('client', version, state) : inState('server', version, state);
      all(other, hex(bytes));
      expect(() => other.end()).toThrow(code('ERR_CODEC_TRUNCATED'));
    }
  });
});

describe('descriptors', () => {
  test('have room where they may come', () => {
    const one = new ServerConnection(1);
    expect(one.descriptorRoom).toBe(3);
    one.send({ kind: 'greeting' });
    const room = inState('client', 1, 'request')
      .send(REQUEST)
      .map(({ bytes, descriptors }) => {
        all(one, bytes, descriptors.length);
        return one.descriptorRoom;
      });
    expect(room).toEqual([3, 2, 1, 0, 0]);

    const two = new ServerConnection(2);
    expect(two.descriptorRoom).toBe(4);
    all(two, join(new ClientConnection(2).send(CALL)).subarray(0, 1), 4);
    expect(two.descriptorRoom).toBe(0);
    expect(inState('server', 2, 'running').descriptorRoom).toBe(0);
    expect(new ClientConnection(2).descriptorRoom).toBe(0);
  });

  test.each([
    ['client', 1, 'greeting'],
    ['client', 2, 'offered'],
    ['server', 2, 'running'],
    ['server', 1, 'running'],
  ] as const)('are an error where none belong: %s, version %i, %s', (role, version, state) => {
    const connection = role === 'client' ? inState('client', version, state) : inState('server', version, state);
    expect(() => all(connection, hex('50'), 1)).toThrow(code('ERR_CODEC_DESCRIPTORS'));
  });

  test('are an error with a control', () => {
    const control = join(new ClientConnection(2).send({ kind: 'control', operation: 'status' }));
    expect(() => all(new ServerConnection(2), control, 1)).toThrow(code('ERR_CODEC_DESCRIPTORS'));
  });

  test('that are not those that a call names are an error, however it is cut', () => {
    const bytes = join(new ClientConnection(2).send(CALL));
    for (const count of [0, 3, 5]) {
      expect(() => all(new ServerConnection(2), bytes, count)).toThrow(code('ERR_MESSAGE_DESCRIPTORS'));
    }
    const server = new ServerConnection(2);
    all(server, bytes.subarray(0, 3), 3);
    expect(() => all(server, bytes.subarray(3), 1)).toThrow(code('ERR_MESSAGE_DESCRIPTORS'));
  });
});

describe('values that mean nothing', () => {
  test.each([
    ['a version', () => new ClientConnection(3 as 1)],
    ['text as bytes', () => new ServerConnection(2).receive('text' as unknown as Uint8Array)],
    ['a count of descriptors', () => new ServerConnection(2).receive(hex('00'), -1)],
    ['descriptors without a byte', () => new ServerConnection(2).receive(hex(''), 1)],
    ['a framing', () => inState('client', 1, 'request').send({ ...REQUEST, framing: 'new' as 'released' })],
    ['a descriptor', () => new ClientConnection(2).send({ ...CALL, descriptors: ['tty' as 'cwd'] })],
    ['an operation', () => new ClientConnection(2).send({ kind: 'control', operation: 'go' as 'stop' })],
    ['a number as bytes', () => new ClientConnection(2).send({ ...CALL, arguments: [1 as unknown as string] })],
    ['text as a list', () => new ClientConnection(2).send({ ...CALL, arguments: 'text' as unknown as string[] })],
    [
      'a limit',
      () => new ClientConnection(2).send({ ...CALL, limits: [{ resource: 1, soft: 7 as unknown as bigint }] }),
    ],
    ['nothing as moments', () => inState('server', 2, 'running').send({ kind: 'moments' } as unknown as ServerSends)],
    ['nothing as input', () => identity(undefined as never)],
    ['nothing as entries', () => preclean(undefined as never, 'me')],
  ])('%s: ERR_CODEC_ARGUMENT', (_, wrong) => {
    expect(wrong).toThrow(code('ERR_CODEC_ARGUMENT'));
  });

  test.each([
    ['a signal', () => inState('client', 2, 'running').send({ kind: 'signal', signal: 65 })],
    ['a process', () => inState('server', 2, 'offered').send({ kind: 'started', pid: 0 })],
    ['a status', () => waitStatus(2 ** 32, 'exact')],
    ['a table', () => waitStatus(0, 'other' as 'exact')],
  ])('%s: the core says so', (_, wrong) => {
    expect(wrong).toThrow(code('ERR_CORE_ARGUMENT'));
  });

  test('a string with a NUL is not cut in two', () => {
    for (const field of ['arguments', 'environment']) {
      expect(() => new ClientConnection(2).send({ ...CALL, [field]: ['a\0b'] })).toThrow(code('ERR_STRING_WITH_NUL'));
      expect(() => inState('client', 1, 'request').send({ ...REQUEST, [field]: ['a=\0b'] })).toThrow(
        code('ERR_STRING_WITH_NUL'),
      );
    }
  });

  test('another file than core.wasm, and another core when one is in use', () => {
    waitStatus(0, 'exact');
    expect(() => useCore(hex('00 61 73 6d 01 00 00 00'))).toThrow(code('ERR_CODEC_SEQUENCE'));
  });
});

test('an error says what it is about, and is of the one class', () => {
  try {
    parseOptions(['prog', '-Uz', 'node']);
    expect.unreachable();
  } catch (error) {
    expect(error).toBeInstanceOf(CodecError);
    expect(error).toMatchObject({ code: 'ERR_OPTION_UNKNOWN', message: expect.stringContaining('-z') });
    expect(text((error as CodecError).subject)).toBe('-z');
  }
});
