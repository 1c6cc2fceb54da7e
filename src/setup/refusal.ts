import { writeSync } from 'node:fs';
import {
  FIELD_HEADER_BYTES,
  FIELD_REASON,
  KIND_REFUSED,
  MESSAGE_HEADER_BYTES,
  MESSAGE_VERSION,
} from '../../assembly/constants.js';
import { cutReason } from '../core/reason.js';
import type { Handover } from './handover.js';

/**
 * Tells the client that started this process that there will be no server, and why: version 2's `refused`, upon which the client runs the
 * script directly. False where the client speaks version 1, or has gone.
 *
 * Made by hand and written by Node alone, since the addon or WebAssembly, and with it the core, may be just what is missing.
 */
export function refuseSetup({ protocol, call }: Handover, reason: string): boolean {
  if (protocol !== 2) return false;
  try {
    writeSync(call, encodeRefusal(reason));
    return true;
  } catch {
    return false;
  }
}

/** Ends this process as the client ends for an error of its own, which goes on to do the same: with one line, and status 127. */
export function failSetup(message: string): never {
  try {
    writeSync(2, `prefork-interp: ${message}\n`);
  } catch {
    // Nobody is there to read it; the status says as much.
  }
  process.exit(127);
}

/** A message with one field: docs/protocol.md. */
export function encodeRefusal(reason: string): Buffer {
  const bytes = cutReason(reason);
  const head = Buffer.alloc(MESSAGE_HEADER_BYTES + FIELD_HEADER_BYTES);
  head.writeUInt8(KIND_REFUSED, 0);
  head.writeUInt8(MESSAGE_VERSION, 1);
  head.writeUInt32BE(FIELD_HEADER_BYTES + bytes.length, 4);
  head.writeUInt16BE(FIELD_REASON, MESSAGE_HEADER_BYTES);
  head.writeUInt32BE(bytes.length, MESSAGE_HEADER_BYTES + 4);
  return Buffer.concat([head, bytes]);
}
