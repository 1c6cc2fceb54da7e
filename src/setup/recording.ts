/** What the recorder has seen of initialisation: the layout is that of native/recorder/recorder.h. */
import * as native from '../native.js';
import type { FileIdentity } from '../server/dependency.js';

const KIND_READ = 1;
const KIND_ABSENT = 2;
const KIND_MADE = 3;
/** Behind it comes the path. */
const HEADER_BYTES = 48;

/** Paths, absolute, of what a process did in the file system. */
export interface Recording {
  /** Regular files that were opened to be read, and which they were then, at the first time; undefined where that could not be told. */
  readonly read: ReadonlyMap<string, FileIdentity | undefined>;
  /** Where it looked, and nothing was. */
  readonly absent: ReadonlySet<string>;
  /** What it wrote, made or removed. */
  readonly made: ReadonlySet<string>;
}

/** To be called before the script is loaded. Where there is no recorder nothing is recorded. */
export function beginRecording(): void {
  native.beginRecording();
}

/** Ends it; undefined where nothing was recorded, or not all. */
export function endRecording(): Recording | undefined {
  const records = native.endRecording();
  return records ? decodeRecording(records) : undefined;
}

/** Throws for what no recorder writes. */
export function decodeRecording(records: ArrayBuffer): Recording {
  const view = new DataView(records);
  const read = new Map<string, FileIdentity | undefined>();
  const absent = new Set<string>();
  const made = new Set<string>();
  for (let at = 0; at < view.byteLength; ) {
    const length = word(view, at);
    const kind = word(view, at + 4);
    if (length <= HEADER_BYTES || at + length > view.byteLength) throw malformed(at);
    const path = decodePath(records, at, length);
    if (kind === KIND_ABSENT) absent.add(path);
    else if (kind === KIND_MADE) made.add(path);
    else if (kind !== KIND_READ) throw malformed(at);
    else if (!read.has(path)) read.set(path, decodeIdentity(view, at));
    at += length;
  }
  return { read, absent, made };
}

/** A path that is no UTF-8 becomes another one, at which nothing is: as Node would have it. */
function decodePath(records: ArrayBuffer, at: number, length: number): string {
  const bytes = Buffer.from(records, at + HEADER_BYTES, length - HEADER_BYTES);
  return bytes.toString('utf8', 0, bytes.indexOf(0));
}

function decodeIdentity(view: DataView, at: number): FileIdentity | undefined {
  const [dev, ino, size, mtimeNs, ctimeNs] = [0, 1, 2, 3, 4].map((n) => number(view, at + 8 + 8 * n));
  if (ino === 0n) return undefined;
  return { dev, ino, size, mtimeNs, ctimeNs } as FileIdentity;
}

const LITTLE_ENDIAN = new Uint8Array(Uint16Array.of(1).buffer)[0] === 1;
const word = (view: DataView, at: number) => view.getUint32(at, LITTLE_ENDIAN);
const number = (view: DataView, at: number) => view.getBigInt64(at, LITTLE_ENDIAN);

function malformed(at: number): Error {
  return new Error(`the recorder's record at ${at} is none that this version knows; install one version of everything`);
}
