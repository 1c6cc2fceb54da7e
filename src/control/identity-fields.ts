import * as c from '../../assembly/constants.js';
import type { Explanation } from './explanation.js';

/** A part of an identity, in words. */
export interface IdentityField {
  readonly name: string;
  readonly value: string;
}

/** As docs/protocol.md has them; the numbers of the limits are those of asm-generic/resource.h. */
const NAMESPACES = ['mnt', 'pid', 'net', 'user', 'ipc', 'uts', 'cgroup', 'time'];
const LIMITS = [
  ...['cpu', 'fsize', 'data', 'stack', 'core', 'rss', 'nproc', 'nofile'],
  ...['memlock', 'as', 'locks', 'sigpending', 'msgqueue', 'nice', 'rtprio', 'rttime'],
];
const NO_LIMIT = 2n ** 64n - 1n;
const SECCOMP = ['none', 'strict', 'filter'];

type Reader = (bytes: Buffer) => string;

const CONTEXT: Readonly<Record<number, readonly [name: string, value: Reader]>> = {
  [c.CONTEXT_USER]: ['user', userOf],
  [c.CONTEXT_ROOT]: ['root directory', (bytes) => named(['device', 'inode'], wide(bytes))],
  [c.CONTEXT_NAMESPACES]: ['namespaces', (bytes) => named(NAMESPACES, wide(bytes))],
  [c.CONTEXT_PRIVILEGES]: ['privileges', privilegesOf],
  [c.CONTEXT_CAPABILITIES]: [
    'capabilities',
    (bytes) =>
      narrow(bytes)
        .map((word) => word.toString(16))
        .join(' '),
  ],
  [c.CONTEXT_LABEL]: ['security label', String],
  [c.CONTEXT_HARD_LIMITS]: ['hard limits', (bytes) => named(LIMITS, wide(bytes).map(limitOf))],
  [c.CONTEXT_SCHEDULING]: ['scheduling', (bytes) => named(['policy', 'I/O priority'], narrow(bytes))],
  [c.CONTEXT_INTERPRETER]: ['interpreter file', String],
  [c.CONTEXT_ADAPTER]: ['adapter', String],
  [c.CONTEXT_VARIABLE]: ['variable', String],
  [c.CONTEXT_MEDIATION]: ['mediation', ([kind]) => (kind === c.MEDIATION_LAUNDERED ? '-L' : '-U')],
  [c.CONTEXT_NODE_NAME]: ['node name', String],
};

/** All that an identity was made of, in the order in which it is hashed. */
export function identityFields({
  chosen,
  prologue,
  context,
  strings,
  variables,
  options,
  ...rest
}: Explanation): IdentityField[] {
  const field = (name: string, value: string) => ({ name, value });
  if (chosen !== undefined) return [field('chosen with -g', chosen)];
  return [
    ...(prologue ? [field('kernel, directory, root', `${prologue.length} bytes of uname(2) and stat(2)`)] : []),
    ...context.map(({ tag, bytes }) => {
      const [name, value] = CONTEXT[tag] ?? [`context ${tag}`, (unknown: Buffer) => unknown.toString('hex')];
      return field(name, bytes.length === 0 ? 'not known' : value(bytes));
    }),
    ...strings.map((string) => field('-G', string)),
    ...variables.map(({ name, value }) => field(`-E ${name}`, value ?? 'not set')),
    ...options.map((option) => field('option of the server', `--${option}`)),
    field('interpreter', rest.interpreter),
    ...rest.args.map((arg) => field('its argument', arg)),
    ...(rest.script === undefined ? [] : [field('script', rest.script)]),
  ];
}

/** The hard limits of an identity as `NAME VALUE` each; none where it has no such field. */
export function hardLimits({ context }: Explanation): string[] {
  const field = context.find(({ tag }) => tag === c.CONTEXT_HARD_LIMITS);
  return field ? wide(field.bytes).map((limit, at) => `${LIMITS[at]} ${limitOf(limit)}`) : [];
}

function userOf(bytes: Buffer): string {
  const [uid, effectiveUid, gid, effectiveGid, ...groups] = narrow(bytes);
  return `uid ${uid}, effective ${effectiveUid}; gid ${gid}, effective ${effectiveGid}; groups ${groups.join(' ') || 'none'}`;
}

function privilegesOf(bytes: Buffer): string {
  const filters = bytes.toString('latin1', 2).trim();
  return `no_new_privs ${bytes[0]}, seccomp ${SECCOMP[bytes[1] as number] ?? bytes[1]}${filters && `, filters ${filters}`}`;
}

function limitOf(limit: bigint): string {
  return limit === NO_LIMIT ? 'unlimited' : String(limit);
}

function named(names: readonly string[], values: readonly unknown[]): string {
  return values.map((value, at) => `${names[at] ?? at} ${value}`).join(', ');
}

/** Numbers of four and of eight bytes, in the machine's byte order. (A copy, so that they begin where numbers may.) */
function narrow(bytes: Buffer): number[] {
  return [...new Uint32Array(Uint8Array.from(bytes).buffer)];
}

function wide(bytes: Buffer): bigint[] {
  return [...new BigUint64Array(Uint8Array.from(bytes).buffer)];
}
