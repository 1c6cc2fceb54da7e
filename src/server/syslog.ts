import * as native from '../native.js';

/** Facility and level codes: RFC 3164, section 4.1.1; the names are those of syslog(3). */
export const FACILITIES = {
  kern: 0,
  user: 1,
  mail: 2,
  daemon: 3,
  auth: 4,
  syslog: 5,
  lpr: 6,
  news: 7,
  uucp: 8,
  cron: 9,
  authpriv: 10,
  ftp: 11,
  local0: 16,
  local1: 17,
  local2: 18,
  local3: 19,
  local4: 20,
  local5: 21,
  local6: 22,
  local7: 23,
} as const;

export type Facility = keyof typeof FACILITIES;

const LEVELS = { error: 3, warning: 4, info: 6 } as const;
export type Level = keyof typeof LEVELS;

/** RFC 3164, section 4.1: a packet is at most 1024 bytes. */
const MAX_PACKET_BYTES = 1024;

/** Where syslog(3) sends to. `PREFORK_INTERP_LOG_SOCKET` names another place, for containers and tests. */
const DEFAULT_SOCKET = '/dev/log';
export const LOG_SOCKET_VARIABLE = 'PREFORK_INTERP_LOG_SOCKET';

const MONTHS = ['Jan', 'Feb', 'Mar', 'Apr', 'May', 'Jun', 'Jul', 'Aug', 'Sep', 'Oct', 'Nov', 'Dec'];

/** One packet as syslog(3) of the C library makes it: priority, local time, tag with the process number, message. */
export function formatPacket(facility: Facility, level: Level, pid: number, message: string, now: Date): Buffer {
  const two = (n: number) => String(n).padStart(2, '0');
  const date = `${MONTHS[now.getMonth()]} ${String(now.getDate()).padStart(2, ' ')}`;
  const time = `${two(now.getHours())}:${two(now.getMinutes())}:${two(now.getSeconds())}`;
  const priority = FACILITIES[facility] * 8 + LEVELS[level];
  // A control character could end the record early, or forge another one.
  const text = message.replaceAll(/\p{Cc}+/gu, ' ');
  return Buffer.from(`<${priority}>${date} ${time} prefork-interp[${pid}]: ${text}`).subarray(0, MAX_PACKET_BYTES);
}

export type Log = (level: Level, message: string) => void;

/**
 * A log that goes to the machine's syslog, a datagram a message. Where nobody listens there, messages are dropped: a
 * server that cannot log still has calls to serve.
 */
export function openSyslog(facility: Facility | '', script: string): Log {
  if (facility === '') return () => {};
  const path = process.env[LOG_SOCKET_VARIABLE] ?? DEFAULT_SOCKET;
  return (level, message) => {
    try {
      native.sendDatagram(path, formatPacket(facility, level, process.pid, `${script}: ${message}`, new Date()));
    } catch {
      // No daemon (ENOENT, ECONNREFUSED), or one that is too busy to listen (EAGAIN): see above.
    }
  };
}
