/** How a server comes to know of changes without looking at every file, and what it does where it cannot: never is it stale. */
import {
  chmodSync,
  linkSync,
  mkdirSync,
  mkdtempSync,
  openSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  renameSync,
  rmSync,
  type Stats,
  statSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import * as native from '../../src/native.js';
import { Dependency } from '../../src/server/dependency.js';
import { Staleness } from '../../src/server/staleness.js';

/** What a test has the system do otherwise. */
const system = vi.hoisted(() => ({
  /** What stat(2) goes on to say of a path. */
  frozen: new Map<string, unknown>(),
  looks: 0,
  fileSystem: undefined as number | undefined,
  openError: undefined as string | undefined,
  /** For which paths no watch can be had, and why. */
  addError: undefined as { of: RegExp; code: string } | undefined,
  added: 0,
  /** How many watches an instance seems to have had before. */
  addedBefore: 0,
  /** Events come without end. */
  flood: false,
}));

vi.mock('node:fs', async (original) => {
  const real = await original<typeof import('node:fs')>();
  const counting =
    (stat: (path: string, options: never) => unknown) =>
    (path: string, options: never): unknown => {
      system.looks += 1;
      return system.frozen.has(path) ? system.frozen.get(path) : stat(path, options);
    };
  return {
    ...real,
    statSync: counting(real.statSync as never),
    lstatSync: counting(real.lstatSync as never),
    statfsSync: (path: string) => {
      const { type, ...rest } = real.statfsSync(path);
      return { ...rest, type: system.fileSystem ?? type };
    },
  };
});

vi.mock('../../src/native.js', async (original) => {
  const real = await original<typeof native>();
  const fail = (code: string) => {
    throw Object.assign(new Error(code), { code });
  };
  return {
    ...real,
    openWatch: () => (system.openError ? fail(system.openError) : real.openWatch()),
    addWatch: (watch: number, path: string, events: number) => {
      if (system.addError?.of.test(path)) fail(system.addError.code);
      system.added += 1;
      return real.addWatch(watch, path, events) + system.addedBefore;
    },
    readWatch: (...args: Parameters<typeof native.readWatch>) => (system.flood ? 1 : real.readWatch(...args)),
  };
});

const OLD = 1_000;
let directory: string;
let files: string[];
let now: number;
let staleness: Staleness;

const at = (name: string) => join(directory, name);

function lay(name: string): string {
  writeFileSync(at(name), '1');
  utimesSync(at(name), OLD, OLD);
  return at(name);
}

beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'prefork-watches-'));
  mkdirSync(at('sub'));
  files = ['a.cjs', 'b.cjs', 'sub/c.cjs'].map(lay);
  now = 0;
});
afterEach(() => {
  staleness.close();
  rmSync(directory, { recursive: true });
  Object.assign(system, {
    frozen: new Map(),
    fileSystem: undefined,
    openError: undefined,
    addError: undefined,
    flood: false,
    addedBefore: 0,
  });
});

/** A server that has set its watches, as far as it could. */
function begin(paths = files): void {
  staleness = new Staleness(paths.map(Dependency.onFile), undefined, () => now);
  expect(staleness.findChange()).toBeUndefined();
  setWatches();
}

function setWatches(): void {
  while (staleness.watch());
}

/** How many files are looked at for one call that finds nothing. */
function looks(): number {
  system.looks = 0;
  expect(staleness.findChange()).toBeUndefined();
  return system.looks;
}

/** The descriptors of this process that are about watching. */
function descriptors(): string[] {
  return readdirSync('/proc/self/fd')
    .map((fd) => {
      try {
        return readlinkSync(`/proc/self/fd/${fd}`);
      } catch {
        // The one that the directory was read by.
        return '';
      }
    })
    .filter((target) => /inotify|mountinfo/.test(target));
}

describe('with watches', () => {
  it('looks at no file, whatever happens to others', () => {
    begin();
    expect(looks()).toBe(0);
    for (let i = 0; i < 100; i++) writeFileSync(lay(`log-${i % 10}`), 'more');
    for (let i = 0; i < 10; i++) rmSync(at(`log-${i}`));
    readFileSync(files[0] as string);
    expect(looks()).toBe(0);
  });

  it('looks for nothing that was missing, until a directory gets an entry of such a name', () => {
    const missing = ['missing', 'missing/deeper', 'sub/other/one', 'a.cjs/none'].map(at);
    begin([...files, ...missing]);
    expect(looks()).toBe(0);
    lay('other');
    mkdirSync(at('sub/one'));
    expect(looks()).toBe(0);
    mkdirSync(at('sub/other'));
    expect(looks(), 'and now it could be there').toBe(7);
    now += 1_000;
    setWatches();
    expect(looks()).toBe(0);
    lay('sub/other/one');
    expect(staleness.findChange()).toBe(`${at('sub/other/one')} has appeared`);
  });

  it('looks for nothing that was there, whatever is written to it, until it may be gone', () => {
    const found = lay('found');
    const both = files[0] as string;
    const all = [
      ...files.map(Dependency.onFile),
      Dependency.onPresence(found, true),
      Dependency.onPresence(both, true),
    ];
    staleness = new Staleness(all, undefined, () => now);
    expect(staleness.findChange()).toBeUndefined();
    setWatches();
    writeFileSync(found, 'more');
    expect(looks()).toBe(0);
    renameSync(lay('next'), found);
    expect(looks(), 'another is in its place').toBe(5);
    now += 1_000;
    setWatches();
    writeFileSync(both, '2');
    expect(staleness.findChange(), 'a file that is watched for more').toBe(`${both} is not the file that it was`);
  });

  it('looks at what was touched, and at that alone', () => {
    begin();
    const descriptor = openSync(files[0] as string, 'r+');
    expect(looks(), 'opened').toBe(0);
    native.close(descriptor);
    expect(looks(), 'could have been written to').toBe(1);
    expect(looks(), 'that was seen').toBe(0);
  });

  it('takes what was written for changed, where stat(2) shows nothing of it', () => {
    begin();
    const [file] = files as [string];
    system.frozen.set(file, statSync(file, { bigint: true }));
    writeFileSync(file, '2');
    expect(staleness.findChange()).toBe(`${file} was written to`);
  });

  it('takes what is another for changed, where it has the number and the times of the one before', () => {
    begin();
    const [file] = files as [string];
    system.frozen.set(file, statSync(file, { bigint: true }));
    rmSync(file);
    lay('a.cjs');
    expect(staleness.findChange()).toBe(`${file} was written to`);
  });

  it('sets them in pieces, looks at every file until then, and at each once when it has set it', () => {
    files = Array.from({ length: 200 }, (_, i) => lay(`m${i}.cjs`));
    staleness = new Staleness(files.map(Dependency.onFile), undefined, () => now);
    expect(staleness.watch(), 'no call had to wait yet').toBe(false);
    expect(looks()).toBe(200);
    let pieces = 1;
    while (staleness.watch()) {
      pieces += 1;
      expect(looks()).toBe(200);
    }
    expect(pieces).toBe(4);
    expect(looks()).toBe(0);
    system.added = 0;
    setWatches();
    expect(system.added, 'they are good').toBe(0);
  });

  it('finds what changes while it sets them', () => {
    files = Array.from({ length: 200 }, (_, i) => lay(`m${i}.cjs`));
    for (const changed of [0, 199]) {
      staleness = new Staleness(files.map(Dependency.onFile), undefined, () => now);
      staleness.findChange();
      staleness.watch();
      chmodSync(files[changed] as string, 0o600 + changed);
      setWatches();
      expect(staleness.findChange()).toContain(files[changed]);
      staleness.close();
    }
  });

  it('lets go of all descriptors', () => {
    begin();
    expect(descriptors()).toHaveLength(2);
    staleness.close();
    expect(descriptors()).toEqual([]);
  });
});

describe('where events were lost', () => {
  const limit = Number(readFileSync('/proc/sys/fs/inotify/max_queued_events', 'utf8'));

  /** Two in turn: the kernel makes one of equal ones that follow each other. */
  function overflow(): void {
    for (const name of ['x', 'y']) lay(name);
    for (let i = 0; i <= limit / 2; i++) for (const name of ['x', 'y']) chmodSync(at(name), 0o600 + (i % 2));
  }

  it.skipIf(limit > 100_000)('looks at everything, once', () => {
    begin();
    overflow();
    expect(looks()).toBe(3);
    setWatches();
    expect(looks(), 'not yet: it was just done').toBe(3);
    now += 1_000;
    setWatches();
    expect(looks()).toBe(0);
    expect(descriptors()).toHaveLength(2);
  });

  it.skipIf(limit > 100_000)('finds what has changed', () => {
    begin();
    overflow();
    utimesSync(files[1] as string, 5, 5);
    expect(staleness.findChange()).toContain(files[1]);
  });
});

it('looks at everything where events come faster than they can be read', () => {
  begin();
  system.flood = true;
  expect(looks()).toBe(3);
});

describe('without them', () => {
  it.each(['EMFILE', 'ENOSYS', 'ENOMEM'])('no instance (%s): looks at every file, and tries again later', (code) => {
    system.openError = code;
    begin();
    expect(looks()).toBe(3);
    system.openError = undefined;
    setWatches();
    expect(looks()).toBe(3);
    now += 1_000;
    setWatches();
    expect(looks()).toBe(0);
  });

  it.each(['ENOSPC', 'ENOMEM'])('no more watches (%s): looks at those files that have none', (code) => {
    system.addError = { of: /b\.cjs$/, code };
    begin();
    // What comes after it is not tried.
    expect(looks()).toBe(2);
    rmSync(files[2] as string);
    expect(staleness.findChange()).toBe(`${files[2]} is gone`);
  });

  it('as many watches as one server may have: looks at those files that have none', () => {
    // The last one is for the first file, behind all directories above it.
    system.addedBefore = 20_000 - (files[0] as string).split('/').length;
    begin();
    expect(looks()).toBe(2);
  });

  it('no watch at all: looks at every file, and keeps nothing open', () => {
    system.addError = { of: /./, code: 'ENOSPC' };
    begin();
    expect(looks()).toBe(3);
    expect(descriptors()).toEqual([]);
  });

  it('no watch for new names: looks for what was missing', () => {
    system.addError = { of: /\/sub$/, code: 'ENOSPC' };
    begin([at('sub/missing')]);
    expect(looks()).toBe(1);
    lay('sub/missing');
    expect(staleness.findChange()).toBe(`${at('sub/missing')} has appeared`);
  });

  it.each([
    ['nfs', 0x6969],
    ['smb', 0xfe534d42],
    ['fuse', 0x65735546],
    ['9p', 0x01021997],
    ['proc', 0x9fa0],
    ['something unknown', 0x12345678],
  ])('a file system of which events are not for sure, %s: looks at every file', (_, type) => {
    system.fileSystem = type;
    begin();
    expect(looks()).toBe(3);
  });

  it('overlayfs: looks at a file of several names', () => {
    system.fileSystem = 0x794c7630;
    const { nlink } = statSync(files[0] as string) as Stats;
    expect(nlink).toBe(1);
    begin();
    expect(looks()).toBe(0);
    staleness.close();
    renameSync(files[0] as string, at('one'));
    lay('a.cjs');
    begin([at('one'), files[1] as string, linked(at('one'))]);
    expect(looks()).toBe(2);
  });

  it('what is no regular file, and what has no whole path: looked at', () => {
    begin([directory, 'relative', files[0] as string]);
    expect(looks()).toBe(2);
  });
});

function linked(path: string): string {
  const name = `${path}.linked`;
  linkSync(path, name);
  return name;
}

describe('a directory that may not be read', () => {
  beforeEach(() => {
    system.addError = { of: /\/sub$/, code: 'EACCES' };
    begin();
  });

  it('is looked at itself, for all that is in it', () => {
    expect(looks()).toBe(1);
  });

  it('is found replaced', () => {
    renameSync(at('sub'), at('old'));
    mkdirSync(at('sub'));
    expect(staleness.findChange()).toBe(`${files[2]} is gone`);
  });

  it('does not hide what happens in it', () => {
    rmSync(files[2] as string);
    expect(staleness.findChange()).toBe(`${files[2]} is gone`);
  });

  it('is found closed', () => {
    system.frozen.set(files[2] as string, undefined);
    chmodSync(at('sub'), 0);
    expect(staleness.findChange()).toBe(`${files[2]} is gone`);
  });
});

it('finds a change behind a mount point', () => {
  begin();
  const place = mkdtempSync('/dev/shm/prefork-watches-');
  try {
    files = [join(place, 'm.cjs')];
    writeFileSync(files[0] as string, '1');
    staleness.close();
    begin();
    expect(looks(), 'the mount point').toBe(statSync('/dev/shm').dev === statSync('/').dev ? 0 : 2);
    writeFileSync(files[0] as string, '2');
    expect(staleness.findChange()).toContain(files[0]);
  } finally {
    rmSync(place, { recursive: true });
  }
});
