/** What is to be sent, as bytes and the descriptors that go along. */
import { REQUEST_DESCRIPTORS } from '../../assembly/constants.js';
import { encodeCall } from '../core/call.js';
import { messageEncoder } from '../core/message.js';
import { encodeRequest } from '../core/request.js';
import { encodeGreeting, encodeStatus } from '../core/wire.js';
import { listOfBytes, toBytes } from './bytes.js';
import { fieldsOf, namesOf, STANDARD } from './descriptors.js';
import { codecFault } from './errors.js';
import type { CallToSend, ClientSends, Piece, RequestToSend, ServerSends } from './messages.js';
import { theCore } from './the-core.js';

export function encode(message: ClientSends | ServerSends): Piece[] {
  const { exports, memory } = theCore();
  switch (message.kind) {
    case 'greeting':
      return [plain(encodeGreeting(exports, memory))];
    case 'status':
      return [plain(encodeStatus(exports, memory, message.status))];
    case 'request':
      return request(message);
    case 'call':
      return call(message);
    case 'control':
      if (message.operation !== 'status' && message.operation !== 'stop') {
        throw codecFault('ERR_CODEC_ARGUMENT', `no control is called ${message.operation}`);
      }
      return [plain(messageEncoder(exports, memory)(message))];
    default:
      return [plain(messageEncoder(exports, memory)(message))];
  }
}

/** The marker, if there is one, then each of the three bytes that carry a descriptor, then the strings. */
function request({ framing = 'released', environment, arguments: words }: RequestToSend): Piece[] {
  if (framing !== 'released' && framing !== 'first-design') {
    throw codecFault('ERR_CODEC_ARGUMENT', `no framing is called ${framing}`);
  }
  const core = theCore();
  core.user = null;
  const bytes = encodeRequest(core.exports, core.memory, framing, listOfBytes(environment), listOfBytes(words));
  const marker = core.exports.request_marker_length();
  const carriers = STANDARD.map((name, place) => ({
    bytes: bytes.subarray(marker + place, marker + place + 1),
    descriptors: [name],
  }));
  const rest = plain(bytes.subarray(marker + REQUEST_DESCRIPTORS));
  return marker === 0 ? [...carriers, rest] : [plain(bytes.subarray(0, marker)), ...carriers, rest];
}

function call(message: CallToSend): Piece[] {
  const { descriptors, umask, nice, limits, affinity, script, traced } = message;
  const core = theCore();
  const { stdio, cwd } = fieldsOf(descriptors);
  const fields = {
    stdio,
    cwd,
    umask: umask ?? null,
    nice: nice ?? null,
    limits: [...(limits ?? [])],
    affinity: affinity ?? null,
    script: script === undefined || script === null ? null : toBytes(script),
    arguments: listOfBytes(message.arguments),
    traced: traced ?? false,
  };
  core.user = null;
  const bytes = encodeCall(core.exports, core.memory, fields, listOfBytes(message.environment));
  return [{ bytes, descriptors: namesOf(stdio, cwd) }];
}

function plain(bytes: Uint8Array): Piece {
  return { bytes, descriptors: [] };
}
