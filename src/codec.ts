/**
 * The protocol for embedders: `prefork-interp/codec`. It does no I/O and needs nothing but WebAssembly: it is the same in Node, bun, deno and a
 * browser. Every rule is in core.wasm, which client and server run, too. docs/codec.md explains it with an example; docs/protocol.md has the bytes.
 *
 *     const connection = new ClientConnection(2);
 *     for (const { bytes } of connection.send({ kind: 'control', operation: 'status' })) socket.write(bytes);
 *     socket.on('data', (bytes) => {
 *       for (const event of connection.receive(bytes)) console.log(event);
 *     });
 *     socket.on('end', () => connection.end());
 */
export type { Bytes } from './codec/bytes.js';
export { ClientConnection, type Connection, ServerConnection } from './codec/connection.js';
export type { Role, State, Version } from './codec/dialogue.js';
export type { CodecErrorCode } from './codec/errors.js';
export {
  checkIdent,
  type IdentityInput,
  identDigits,
  identity,
  type PrecleanEntry,
  parseOptions,
  preclean,
  waitStatus,
} from './codec/functions.js';
export type * from './codec/messages.js';
export { type CoreSource, useCore } from './codec/the-core.js';
export { CodecError } from './core/errors.js';
export type { Meaning, Mode, OptionField, Options, WaitTable } from './core/face.js';
