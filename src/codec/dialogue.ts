/**
 * Who may say what when. The state is that of the whole conversation, so both roles have one table; docs/protocol.md has it as a picture.
 *
 *     version 1    greeting --greeting--> request --request--> running --status--> over
 *
 *     version 2    request --call--> offered --started--> running --ended--> over      --refused--> over
 *                          --control--> asked --reply, refused--> over
 */

/** Which version of the protocol a connection speaks: what its rendezvous says (docs/protocol.md). */
export type Version = 1 | 2;

export type Role = 'client' | 'server';

/** `request`: the client is to speak; the others say what has been sent last. */
export type State = 'greeting' | 'request' | 'offered' | 'running' | 'asked' | 'over';

type Moves = Readonly<Record<string, State>>;
type Table = Readonly<Partial<Record<State, Readonly<Partial<Record<Role, Moves>>>>>>;

const VERSION_1: Table = {
  greeting: { server: { greeting: 'request' } },
  request: { client: { request: 'running' } },
  running: { server: { status: 'over' } },
};

const VERSION_2: Table = {
  // A server that will have nothing of it need not have heard all of it.
  request: { client: { call: 'offered', control: 'asked' }, server: { refused: 'over' } },
  offered: { server: { started: 'running', refused: 'over' } },
  running: {
    client: { signal: 'running' },
    server: { stopped: 'running', continued: 'running', moments: 'running', ended: 'over' },
  },
  asked: { server: { reply: 'over', refused: 'over' } },
  // The client does not know yet that the script has ended.
  over: { client: { signal: 'over' } },
};

const TABLES: Readonly<Record<Version, Table>> = { 1: VERSION_1, 2: VERSION_2 };

export function firstState(version: Version): State {
  return version === 1 ? 'greeting' : 'request';
}

/** What `speaker` may say in this state, and the state to which each leads. */
export function moves(version: Version, state: State, speaker: Role): Moves {
  return TABLES[version][state]?.[speaker] ?? {};
}
