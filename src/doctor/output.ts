/** What was written and has not left the process: every call would write it. */
import type { Writable } from 'node:stream';
import { usedStreams } from './context-reads.js';
import { nodesOwn, replaceFunction } from './nodes-own.js';
import { Origins, scriptsStack } from './origins.js';
import type { Finding } from './report.js';

interface Written {
  readonly stream: WeakRef<Writable>;
  readonly stack: readonly string[] | undefined;
}

const files: Written[] = [];

export function watchOutput(): void {
  const fs = nodesOwn('node:fs');
  replaceFunction<typeof fs.createWriteStream>(fs, 'createWriteStream', (create) => (...args) => {
    const stream = create(...args);
    files.push({ stream: new WeakRef(stream), stack: scriptsStack() });
    return stream;
  });
}

export function outputFindings(): Finding[] {
  const standard = [...usedStreams()].flatMap(([name, stream]) => findingOf(name, stream, undefined));
  const others = files.flatMap(({ stream, stack }) => {
    const there = stream.deref() as (Writable & { path?: unknown }) | undefined;
    return there ? findingOf(String(there.path), there, stack) : [];
  });
  return [...standard, ...others];
}

function findingOf(subject: string, stream: Writable, stack: readonly string[] | undefined): Finding[] {
  const bytes = stream.writableLength;
  // Undefined for standard input.
  if (!(bytes > 0)) return [];
  const origins = new Origins();
  if (stack) origins.add(stack);
  return [
    {
      kind: 'output',
      severity: 'caution',
      subject,
      what: `${bytes} bytes for ${subject} are written and not out yet: every call writes them`,
      advice: 'have them out (uncork, or wait for the callback of write) before initialisationComplete()',
      origins: origins.list(),
    },
  ];
}
