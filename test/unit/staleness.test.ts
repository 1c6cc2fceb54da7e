/**
 * Every kind of change, to every kind of dependency, on the real file system; seen by looking at every file, and by watching them. Each case says what
 * happens between two calls.
 */
import {
  chmodSync,
  linkSync,
  lutimesSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  symlinkSync,
  truncateSync,
  unlinkSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { Dependency } from '../../src/server/dependency.js';
import { Staleness } from '../../src/server/staleness.js';

const STAMP_NS = 2_000n * 1_000_000_000n;
const OLD = 1_000;

let directory: string;
let file: string;
let staleness: Staleness | undefined;

const at = (name: string) => join(directory, name);

function dependencies(files: string[], links: string[] = []): Dependency[] {
  return [...files.map(Dependency.onFile), ...links.map(Dependency.onLink)];
}

/** A file of one content, size and time, whichever it is. */
function lay(name: string): string {
  mkdirSync(dirname(at(name)), { recursive: true });
  writeFileSync(at(name), 'export default 1;');
  utimesSync(at(name), OLD, OLD);
  return at(name);
}

function link(target: string, name: string): void {
  symlinkSync(target, at(name));
  lutimesSync(at(name), OLD, OLD);
}

/** Puts another in its place: a link, if `target` is given, else a file. */
function replace(name: string, target?: string): void {
  if (target === undefined) lay('next');
  else link(target, 'next');
  renameSync(at('next'), at(name));
}

beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'prefork-staleness-'));
  file = lay('module.mjs');
});
afterEach(() => {
  staleness?.close();
  staleness = undefined;
  rmSync(directory, { recursive: true });
});

/** How the server comes to know: it has just looked; it has set its watches; it sets them afterwards. */
const MEANS: Record<string, (change: () => void) => void> = {
  'by looking': (change) => change(),
  'by watching': (change) => {
    while (staleness?.watch());
    expect(staleness?.findChange(), 'nothing has changed').toBeUndefined();
    change();
  },
  'by looking once more when watches are set': (change) => {
    change();
    while (staleness?.watch());
  },
};

interface Case {
  readonly files?: string[];
  readonly links?: string[];
  readonly before?: () => void;
  readonly change: () => void;
}

/** What makes a server stale. The file is `module.mjs` where nothing else is said. */
const CHANGES: Record<string, Case> = {
  'other content of the same size, with the old time put back': {
    change: () => {
      writeFileSync(file, 'export default 2;');
      utimesSync(file, OLD, OLD);
    },
  },
  'a file that is cut off': { change: () => truncateSync(file, 3) },
  'an older time': { change: () => utimesSync(file, 500, 500) },
  'another mode': { change: () => chmodSync(file, 0o600) },
  'one more name': { change: () => linkSync(file, at('other')) },
  'what is written under another name': {
    before: () => linkSync(file, at('other')),
    change: () => writeFileSync(at('other'), 'export default 2;'),
  },
  'another file of the same content, size and time in its place': { change: () => replace('module.mjs') },
  'a file that goes': { change: () => rmSync(file) },
  'a file that goes and comes back as another': {
    change: () => {
      rmSync(file);
      lay('module.mjs');
    },
  },
  'a file that is renamed': { change: () => renameSync(file, at('other')) },
  'two files that change places': {
    before: () => lay('other'),
    change: () => {
      renameSync(file, at('third'));
      renameSync(at('other'), file);
      renameSync(at('third'), at('other'));
    },
  },
  'a file that comes': { files: ['missing'], change: () => lay('missing') },
  'a file that comes with its directory': { files: ['a/b/missing'], change: () => lay('a/b/missing') },
  ...comings(),
  'a directory in place of another': {
    files: ['a/m.mjs'],
    before: () => {
      lay('a/m.mjs');
      lay('next/m.mjs');
    },
    change: () => {
      renameSync(at('a'), at('old'));
      renameSync(at('next'), at('a'));
    },
  },
  'a directory further up in place of another': {
    files: ['a/b/c/m.mjs'],
    before: () => {
      lay('a/b/c/m.mjs');
      lay('next/b/c/m.mjs');
    },
    change: () => {
      renameSync(at('a'), at('old'));
      renameSync(at('next'), at('a'));
    },
  },
  'a directory that is removed and made again': {
    files: ['a/m.mjs'],
    before: () => lay('a/m.mjs'),
    change: () => {
      rmSync(at('a'), { recursive: true });
      lay('a/m.mjs');
    },
  },
  'a link in place of a directory': {
    files: ['a/m.mjs'],
    before: () => {
      lay('a/m.mjs');
      lay('b/m.mjs');
    },
    change: () => {
      renameSync(at('a'), at('old'));
      replace('a', 'b');
    },
  },
  ...links('relative', (name) => name),
  ...links('absolute', (name) => at(name)),
};

/** How something comes to be where nothing was. */
function comings(): Record<string, Case> {
  const gone = (name: string) => rmSync(at(name), { recursive: true });
  return {
    'a file that is moved to where none was': {
      files: ['sub/missing'],
      before: () => lay('sub/other'),
      change: () => renameSync(at('sub/other'), at('sub/missing')),
    },
    'a file that is linked to where none was': { files: ['missing'], change: () => linkSync(file, at('missing')) },
    'a link to where none was': { files: ['missing'], change: () => link('module.mjs', 'missing') },
    'a directory that comes with what was missing in it': {
      files: ['a/b/missing'],
      before: () => lay('next/b/missing'),
      change: () => renameSync(at('next'), at('a')),
    },
    'a file that comes with the second of two directories': {
      files: ['a/b/missing'],
      before: () => mkdirSync(at('a')),
      change: () => lay('a/b/missing'),
    },
    'a file that comes in a directory that went and came back': {
      files: ['a/missing'],
      before: () => mkdirSync(at('a')),
      change: () => {
        gone('a');
        lay('a/missing');
      },
    },
    'a directory with what was missing, in place of one without': {
      files: ['a/b/missing'],
      before: () => {
        lay('a/b/other');
        lay('next/b/missing');
      },
      change: () => {
        renameSync(at('a'), at('old'));
        renameSync(at('next'), at('a'));
      },
    },
    'a link switched to where what was missing is': {
      files: ['current/missing'],
      before: () => {
        lay('v1/other');
        lay('v2/missing');
        link('v1', 'current');
      },
      change: () => replace('current', 'v2'),
    },
    'what a link led to in vain': {
      files: ['current/missing'],
      before: () => link('v1/../v2', 'current'),
      change: () => {
        mkdirSync(at('v1'));
        lay('v2/missing');
      },
    },
    'a directory where a file was': {
      files: ['module.mjs/missing'],
      change: () => {
        rmSync(file);
        lay('module.mjs/missing');
      },
    },
  };
}

/** The changes of symbolic links, which lead to a `name` by what `target` makes of it. */
function links(kind: string, target: (name: string) => string): Record<string, Case> {
  const versions = () => {
    lay('v1/m.mjs');
    lay('v2/m.mjs');
  };
  const current: Case = {
    files: ['current/m.mjs'],
    before: () => {
      versions();
      link(target('v1'), 'current');
    },
    change: () => replace('current', target('v2')),
  };
  return {
    [`a ${kind} link to a directory that is switched`]: current,
    [`a ${kind} link to a directory that is removed and made again`]: {
      ...current,
      change: () => {
        unlinkSync(at('current'));
        link(target('v2'), 'current');
      },
    },
    [`a ${kind} link that matters as one`]: {
      ...current,
      files: [],
      links: ['current'],
      change: () => replace('current', target('v1')),
    },
    [`a ${kind} link to the file that is switched`]: {
      files: ['tool'],
      before: () => {
        versions();
        link(target('v1/m.mjs'), 'tool');
      },
      change: () => replace('tool', target('v2/m.mjs')),
    },
    [`the middle one of a chain of ${kind} links that is switched`]: {
      files: ['first/m.mjs'],
      before: () => {
        versions();
        link(target('v1'), 'third');
        link(target('third'), 'second');
        link(target('second'), 'first');
      },
      change: () => replace('second', target('v2')),
    },
    [`a ${kind} link behind another that passes through a directory above`]: {
      files: ['a/b/link/m.mjs'],
      before: () => {
        versions();
        link(target('v1'), 'current');
        mkdirSync(at('a/b'), { recursive: true });
        link('../../x/./../current', 'a/b/link');
        mkdirSync(at('x'));
      },
      change: () => replace('current', target('v2')),
    },
  };
}

describe.each(Object.entries(MEANS))('%s, a server finds', (_, find) => {
  it.each(Object.entries(CHANGES))('%s', (_what, { files = ['module.mjs'], links = [], before, change }) => {
    before?.();
    staleness = new Staleness(dependencies(files.map(at), links.map(at)), STAMP_NS);
    expect(staleness.findChange(), 'before anything changes').toBeUndefined();
    find(change);
    expect(staleness.findChange()).toContain(directory);
    expect(staleness.findChange(), 'asked again').toContain(directory);
  });
});

/** What makes none: neither that, nor what follows from it for the watches. */
const HARMLESS: Record<string, () => void> = {
  'that it is read': () => readFileSync(file),
  'other files that come, change and go beside it': () => {
    writeFileSync(at('log'), 'one');
    writeFileSync(at('log'), 'two');
    chmodSync(at('log'), 0o600);
    rmSync(at('log'));
  },
  'a directory that goes and comes back': () => {
    renameSync(at('sub'), at('gone'));
    renameSync(at('gone'), at('sub'));
  },
  'what comes, but not where it was missed': () => {
    lay('sub/other/file');
    lay('missing.mjs');
    rmSync(at('missing.mjs'));
  },
  'what was missed, and comes and goes': () => {
    lay('missed/other');
    rmSync(at('missed'), { recursive: true });
  },
  'a directory that is touched': () => utimesSync(at('sub'), OLD, OLD),
  'a link that is replaced by an equal one': () => replace('link', 'sub'),
  'a link that leads to the same by a further one': () => {
    link('sub', 'further');
    replace('link', 'further');
  },
};

describe.each(Object.entries(MEANS))('%s, a server goes on in spite of', (_, find) => {
  it.each(Object.entries(HARMLESS))('%s', (_what, happening) => {
    lay('sub/m.mjs');
    link('sub', 'link');
    let now = 0;
    staleness = new Staleness(
      dependencies([file, at('sub/m.mjs'), at('link/m.mjs'), at('missed/one')]),
      STAMP_NS,
      () => now,
    );
    expect(staleness.findChange()).toBeUndefined();
    find(happening);
    expect(staleness.findChange()).toBeUndefined();
    // And it is as watchful as before.
    now += 1_000;
    while (staleness.watch());
    expect(staleness.findChange()).toBeUndefined();
    rmSync(at(statSync(at('further'), { throwIfNoEntry: false }) ? 'further' : 'link'));
    expect(staleness.findChange()).toBe(`${at('link/m.mjs')} is gone`);
  });
});

describe('the stamp', () => {
  it('is what a file must not be newer than, even before it was first looked at', () => {
    utimesSync(file, 2_001, 2_001);
    expect(new Staleness(dependencies([file]), STAMP_NS).findChange()).toContain(`${file} is newer`);
    utimesSync(file, 2_000, 2_000);
    expect(new Staleness(dependencies([file]), STAMP_NS).findChange()).toBeUndefined();
  });

  it('may be missing, for the first design', () => {
    utimesSync(file, 5_000_000, 5_000_000);
    const found = new Staleness(dependencies([file]), undefined);
    expect(found.findChange()).toBeUndefined();
    writeFileSync(file, 'export default 3;');
    expect(found.findChange()).toContain(file);
  });
});

it('says what has happened', () => {
  const goes = new Staleness(dependencies([file]), STAMP_NS);
  const comes = new Staleness(dependencies([at('missing')]), STAMP_NS);
  rmSync(file);
  lay('missing');
  expect(goes.findChange()).toBe(`${file} is gone`);
  expect(comes.findChange()).toBe(`${at('missing')} has appeared`);
});

describe('that something was there', () => {
  const presence = (name: string, follow = true) => new Staleness([Dependency.onPresence(at(name), follow)], STAMP_NS);

  it.each(Object.entries(MEANS))('%s: it is gone, or of another kind, or the link to it is', (_, seen) => {
    for (const change of [() => rmSync(file), () => renameSync(file, at('other')), () => replaceByDirectory()]) {
      file = lay('module.mjs');
      staleness = presence('module.mjs');
      seen(change);
      expect(staleness.findChange()).toMatch(/^.*module\.mjs is (gone|not the file that it was)$/);
      staleness.close();
      rmSync(file, { recursive: true, force: true });
    }
  });

  it.each(Object.entries(MEANS))('%s: not what is in it, nor which it is', (_, seen) => {
    staleness = presence('module.mjs');
    seen(() => {
      writeFileSync(file, 'other');
      chmodSync(file, 0o600);
      replace('module.mjs');
    });
    expect(staleness.findChange()).toBeUndefined();
  });

  it.each([
    [true, true],
    [false, false],
  ])('where links are followed (%s), what a link leads to counts', (follow, stale) => {
    link('module.mjs', 'link');
    staleness = presence('link', follow);
    rmSync(file);
    expect(staleness.findChange() !== undefined).toBe(stale);
  });
});

describe('a file newer than the server', () => {
  const TICK_NS = 20_000_000n;

  it.each([
    ['that was read just after it was changed', TICK_NS - 1n, true],
    ['that was at rest when it was read', TICK_NS, false],
  ])('%s', (_, restNs, stale) => {
    const identity = statSync(file, { bigint: true });
    const changedNs = identity.ctimeNs > identity.mtimeNs ? identity.ctimeNs : identity.mtimeNs;
    staleness = new Staleness([Dependency.onRead(file, identity, changedNs + restNs)], identity.mtimeNs - 1n);
    expect(staleness.findChange()).toBe(stale ? `${file} is newer than the server` : undefined);
  });

  it('that initialisation has made', () => {
    const { mtimeNs } = statSync(file, { bigint: true });
    staleness = new Staleness([Dependency.onOwnFile(file)], mtimeNs - 1n);
    expect(staleness.findChange()).toBeUndefined();
    writeFileSync(file, 'other');
    expect(staleness.findChange()).toBe(`${file} is newer than the server`);
  });
});

function replaceByDirectory(): void {
  rmSync(file);
  mkdirSync(file);
}
