import type { Finding, Memory } from './report.js';

/** What a server of Node's takes with some thousand modules is less. With more, forks and collections are felt (docs/performance.md). */
const LARGE_KB = 256 * 1024;

export function measureMemory(): Memory {
  const { rss, heapUsed, external } = process.memoryUsage();
  const [residentKb, heapKb, externalKb] = [rss, heapUsed, external].map((bytes) => Math.round(bytes / 1024));
  return { residentKb, heapKb, externalKb } as Memory;
}

export function memoryFindings({ residentKb, heapKb, externalKb }: Memory): Finding[] {
  if (residentKb < LARGE_KB) return [];
  const mb = (kb: number) => `${Math.round(kb / 1024)} MB`;
  return [
    {
      kind: 'memory',
      severity: 'caution',
      subject: null,
      what: `the process is large: ${mb(residentKb)} resident, of it ${mb(heapKb)} of objects and ${mb(externalKb)} of buffers; each fork has its share of that to do`,
      advice: 'drop what calls do not need before initialisationComplete(); maxMemoryMb bounds the server',
      origins: [],
    },
  ];
}
