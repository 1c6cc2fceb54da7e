/** What the recorder has seen of initialisation: the layout is that of native/recorder/recorder.h. */
import * as native from '../native.js';
import type { FileIdentity } from '../server/dependency.js';

/** By their numbers, from 1. */
const KINDS = ['read', 'absent', 'made', 'found', 'foundItself', 'links', 'resolved', 'refused', 'temporary'] as const;
type Kind = Exclude<(typeof KINDS)[number], 'read'>;
const READ = KINDS.indexOf('read');
/** Behind it comes the path. */
const HEADER_BYTES = 56;

/** Which file was read, and when. */
export interface ReadFile {
  readonly identity: FileIdentity;
  /** By the clock of file systems, in nanoseconds. */
  readonly readNs: bigint;
}

/** Paths, absolute, of what a process did in the file system. */
export interface Recording extends Readonly<Record<Kind, ReadonlySet<string>>> {
  /** Regular files that were opened to be read, and which they were then, at the first time; undefined where that could not be told. */
  readonly read: ReadonlyMap<string, ReadFile | undefined>;
}

/** Ends it; a string says why nothing was recorded, or not all. */
export function endRecording(): Recording | string {
  const records = native.endRecording();
  if (typeof records !== 'string') return decodeRecording(records);
  return records === 'full'
    ? 'initialisation has done more than there is room to record'
    : 'there is no recorder in this process';
}

/** Throws for what no recorder writes. */
export function decodeRecording(records: ArrayBuffer): Recording {
  const view = new DataView(records);
  const bytes = Buffer.from(records);
  const read = new Map<string, ReadFile | undefined>();
  const sets = KINDS.map(() => new Set<string>());
  for (let at = 0; at < view.byteLength; ) {
    const length = word(view, at);
    const index = word(view, at + 4) - 1;
    const paths = sets[index];
    if (length <= HEADER_BYTES || at + length > view.byteLength || !paths) throw malformed(at);
    const path = decodePath(bytes, at + HEADER_BYTES);
    if (path !== undefined && index !== READ) paths.add(path);
    else if (path !== undefined && !read.has(path)) read.set(path, decodeFile(view, at));
    at += length;
  }
  const others = Object.fromEntries(KINDS.map((kind, n) => [kind, sets[n]]));
  return { ...(others as Record<Kind, Set<string>>), read };
}

/** Undefined for a path that is no UTF-8: as a string it would be another one. */
function decodePath(bytes: Buffer, at: number): string | undefined {
  const end = bytes.indexOf(0, at);
  const path = bytes.toString('utf8', at, end);
  return path.includes('\ufffd') && !bytes.subarray(at, end).equals(Buffer.from(path)) ? undefined : path;
}

function decodeFile(view: DataView, at: number): ReadFile | undefined {
  const [dev, ino, size, mtimeNs, ctimeNs, readNs] = [0, 1, 2, 3, 4, 5].map((n) => number(view, at + 8 + 8 * n));
  if (ino === 0n) return undefined;
  return { identity: { dev, ino, size, mtimeNs, ctimeNs } as FileIdentity, readNs: readNs as bigint };
}

const LITTLE_ENDIAN = new Uint8Array(Uint16Array.of(1).buffer)[0] === 1;
const word = (view: DataView, at: number) => view.getUint32(at, LITTLE_ENDIAN);
const number = (view: DataView, at: number) => view.getBigInt64(at, LITTLE_ENDIAN);

function malformed(at: number): Error {
  return new Error(`the recorder's record at ${at} is none that this version knows; install one version of everything`);
}
