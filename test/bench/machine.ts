/** On what the figures were taken: without that they say little. */
import { cpus, loadavg, release, totalmem } from 'node:os';
import { clientLibc } from './programs.js';

export interface Machine {
  readonly date: string;
  readonly processors: number;
  readonly model: string;
  readonly memoryMb: number;
  /** Of the last minute before the bench: what else the machine did. */
  readonly load: number;
  readonly kernel: string;
  readonly node: string;
  readonly clientLibc: string;
}

export function machine(): Machine {
  const processors = cpus();
  return {
    date: new Date().toISOString(),
    processors: processors.length,
    model: processors[0]?.model ?? 'unknown',
    memoryMb: Math.round(totalmem() / 2 ** 20),
    load: loadavg()[0] as number,
    kernel: release(),
    node: process.version,
    clientLibc: clientLibc(),
  };
}
