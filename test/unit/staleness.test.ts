import { chmodSync, mkdtempSync, readFileSync, renameSync, rmSync, statSync, utimesSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { Staleness } from '../../src/server/staleness.js';

let directory: string;
let file: string;

beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'prefork-staleness-'));
  file = join(directory, 'module.mjs');
  writeFileSync(file, 'export default 1;');
  setTime(file, 1_000);
});
afterEach(() => rmSync(directory, { recursive: true }));

function setTime(path: string, seconds: number): void {
  utimesSync(path, seconds, seconds);
}

const STAMP_NS = 2_000n * 1_000_000_000n;

describe('staleness', () => {
  it('finds nothing where nothing changed, also after the file was read', () => {
    const staleness = new Staleness([file], STAMP_NS);
    readFileSync(file);
    expect(staleness.findChange()).toBeUndefined();
  });

  it('says what the stamp says: modified later, even before it was first looked at', () => {
    setTime(file, 2_001);
    expect(new Staleness([file], STAMP_NS).findChange()).toContain(`${file} is newer`);
    setTime(file, 2_000);
    expect(new Staleness([file], STAMP_NS).findChange()).toBeUndefined();
  });

  it.each<[string, () => void]>([
    [
      'other content, with the old time put back',
      () => {
        writeFileSync(file, 'export default 2;');
        setTime(file, 1_000);
      },
    ],
    ['an older time', () => setTime(file, 500)],
    ['another mode', () => chmodSync(file, 0o600)],
    [
      'a replacement with the same content, size and time',
      () => {
        const other = join(directory, 'other');
        writeFileSync(other, readFileSync(file));
        setTime(other, statSync(file).mtimeMs / 1000);
        renameSync(other, file);
      },
    ],
  ])('notices %s', (_, change) => {
    const staleness = new Staleness([file], STAMP_NS);
    change();
    expect(staleness.findChange()).toContain(file);
  });

  it('notices a file that goes, and one that comes', () => {
    const missing = join(directory, 'missing.mjs');
    const goes = new Staleness([file], STAMP_NS);
    const comes = new Staleness([missing], STAMP_NS);
    expect(comes.findChange()).toBeUndefined();
    rmSync(file);
    writeFileSync(missing, '');
    expect(goes.findChange()).toBe(`${file} is gone`);
    expect(comes.findChange()).toBe(`${missing} has appeared`);
  });

  it('does without a stamp, for the first design', () => {
    setTime(file, 5_000_000);
    const staleness = new Staleness([file], undefined);
    expect(staleness.findChange()).toBeUndefined();
    writeFileSync(file, 'export default 3;');
    expect(staleness.findChange()).toContain(file);
  });
});
