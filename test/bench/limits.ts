/** What has to hold, as data: each is looked at in every run that has measured what it is about. */
import type { IdleProcess } from './idle.js';

export interface Limit {
  readonly what: string;
  readonly atMost: number;
  readonly is: Figure;
}

export type Figure =
  /** Medians of two cases, in the mode where it is worse. With `musl` only where the client's C library is that. */
  | { readonly of: 'medians'; readonly over: string; readonly under: string; readonly musl?: true }
  /** 99th percentile to median of one case. */
  | { readonly of: 'tail'; readonly name: string }
  /** Calls per second of two cases. */
  | { readonly of: 'throughput'; readonly over: string; readonly under: string }
  /** What idle processes of these kinds do, or have: the largest. */
  | {
      readonly of: 'idle';
      readonly what: readonly IdleProcess['what'][];
      readonly figure: keyof Omit<IdleProcess, 'what'>;
    };

const medians = (over: string, under: string): Figure => ({ of: 'medians', over, under });

export const LIMITS: readonly Limit[] = [
  { what: 'our client alone / empty program', atMost: 1.6, is: medians('client-alone', 'empty') },
  { what: 'our client --help / released client --help', atMost: 0.3, is: medians('help', 'released-help') },
  {
    what: 'warm trivial Node call / empty program (musl)',
    atMost: 8,
    is: { of: 'medians', over: 'node-warm', under: 'empty', musl: true },
  },
  {
    what: 'warm trivial Node call / warm Perl call, released',
    atMost: 0.25,
    is: medians('node-warm', 'perl-released'),
  },
  { what: 'warm trivial Node call / bun -e 0', atMost: 0.3, is: medians('node-warm', 'bun') },
  { what: 'warm trivial Node call / node -e 0', atMost: 0.02, is: medians('node-warm', 'node') },
  { what: 'warm Perl: our client / released client', atMost: 0.9, is: medians('perl-ours', 'perl-released') },
  { what: 'warm outline of one file / plain', atMost: 0.1, is: medians('demo-warm', 'demo') },
  { what: 'first call of the trivial script / plain', atMost: 1.15, is: medians('node-first', 'node-script') },
  { what: 'first outline of one file / plain', atMost: 1.15, is: medians('demo-first', 'demo') },
  { what: 'warm call with 1000 modules / with 10', atMost: 1.2, is: medians('modules-1000', 'modules-10') },
  { what: 'p99 / median, one call after the other', atMost: 4, is: { of: 'tail', name: 'steady' } },
  {
    what: 'calls per second of 8 callers: released Perl / ours',
    atMost: 0.4,
    is: { of: 'throughput', over: 'perl-released-8', under: 'node-8' },
  },
  {
    what: 'wake-ups of an idle server',
    atMost: 0,
    is: { of: 'idle', what: ['server', 'spare', 'watcher'], figure: 'wakeUps' },
  },
  { what: 'PSS of a watcher, kB', atMost: 300, is: { of: 'idle', what: ['watcher'], figure: 'pssKb' } },
  { what: 'memory that one spare adds, kB', atMost: 6000, is: { of: 'idle', what: ['spare'], figure: 'privateKb' } },
];
