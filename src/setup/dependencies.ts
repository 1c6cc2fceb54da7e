/** What a server is made from, so that it is stale when one of it changes. */
import { readFileSync } from 'node:fs';
import { dirname } from 'node:path';
import { loadedFiles } from '../interpreters/node/loaded-files.js';
import { Dependency } from '../server/dependency.js';
import { Ways } from '../server/ways.js';
import { declaredDependencies } from './depends-on.js';
import { OwnPaths, type Standing } from './own-paths.js';
import { endRecording, type Recording } from './recording.js';

export interface Dependencies {
  readonly all: readonly Dependency[];
  /** Why only modules are known, where that is so. */
  readonly gap: string | undefined;
}

/**
 * All that initialisation was made from: what the interpreter knows to be modules; and, where there is a recorder, whatever else it has read, and
 * what it has found or not; and what the script says. Ends the recording. What is in `runDirectory` is this library's own.
 */
export function takeDependencies(runDirectory: string | undefined): Dependencies {
  const recording = endRecording();
  const { files, links } = loadedFiles();
  for (const path of mappedFiles()) files.add(path);
  const declared = [...declaredDependencies()];
  if (typeof recording === 'string') {
    return {
      all: [...[...files].map(Dependency.onFile), ...[...links].map(Dependency.onLink), ...declared],
      gap: recording,
    };
  }
  const own = new OwnPaths(recording, [runDirectory]);
  const read = [...new Set([...files, ...recording.read.keys()])].map((path) =>
    // Node knows modules by their real paths.
    dependencyOnRead(path, recording, own.standing(path, !files.has(path))),
  );
  const whole = [...read, ...dependenciesOnLinks(recording, links, own), ...dependenciesOnRefused(recording, own)];
  const present = [...whole.filter(isDependency), ...declared];
  const all = [
    ...present,
    ...dependenciesOnAbsence(recording, own),
    ...dependenciesOnPresence(recording, own, present),
  ];
  return { all: all.filter(isDependency), gap: undefined };
}

type Possibly = Dependency | undefined;
const isDependency = (dependency: Possibly): dependency is Dependency => dependency !== undefined;

/** On the file that was read, where it is known; else on what is there by now. What this process has had its hands in is taken as it left it. */
function dependencyOnRead(path: string, { read }: Recording, standing: Standing): Possibly {
  if (standing === 'never') return undefined;
  if (standing !== 'foreign') {
    const left = Dependency.onOwnFile(path);
    return left.isAbsence && standing !== 'touched' ? undefined : left;
  }
  const file = read.get(path);
  return file ? Dependency.onRead(path, file.identity, file.readNs) : Dependency.onFile(path);
}

function dependenciesOnAbsence({ absent }: Recording, own: OwnPaths): Possibly[] {
  return [...absent].map((path) => {
    const standing = own.standing(path, false);
    if (standing === 'foreign') return Dependency.onAbsence(path);
    return standing === 'touched' ? Dependency.onOwnFile(path) : undefined;
  });
}

function dependenciesOnRefused({ refused }: Recording, own: OwnPaths): Possibly[] {
  return [...refused].map((path) => {
    const standing = own.standing(path, false);
    if (standing === 'foreign') return Dependency.onFile(path);
    return standing === 'touched' ? Dependency.onOwnFile(path) : undefined;
  });
}

/** On each link that was read, by its path as that of a link, and on those that paths were found to lead through. */
function dependenciesOnLinks({ links, resolved }: Recording, others: Iterable<string>, own: OwnPaths): Possibly[] {
  const paths = new Set([...others, ...links]);
  const ways = new Ways((place) => {
    if (place.stats.isSymbolicLink()) paths.add(place.path);
    return place;
  });
  for (const path of resolved) ways.end(path, true);
  return [...paths].map((path) => {
    const standing = own.standing(path, false);
    if (standing === 'foreign') return Dependency.onLink(path);
    return standing === 'touched' ? Dependency.onOwnLink(path) : undefined;
  });
}

/** On what was found and not read. Where another dependency is there, all that its path leads through is. */
function dependenciesOnPresence(recording: Recording, own: OwnPaths, others: readonly Dependency[]): Dependency[] {
  const covered = new Set<string>();
  const cover = (path: string) => {
    for (let at = path; !covered.has(at); at = dirname(at)) covered.add(at);
  };
  for (const { path, follow, isAbsence } of others) if (!isAbsence) cover(follow ? path : dirname(path));
  const { found, foundItself, resolved } = recording;
  const uncovered = (paths: Iterable<string>, follow: boolean) =>
    [...paths].filter((path) => !covered.has(path)).map((path) => ({ path, follow }));
  const all = [...uncovered(found, true), ...uncovered(resolved, true), ...uncovered(foundItself, false)];
  // The longest first: they cover others.
  all.sort((a, b) => b.path.length - a.path.length);
  const dependencies: Dependency[] = [];
  for (const { path, follow } of all) {
    if (covered.has(path)) continue;
    const standing = own.standing(path, follow);
    if (standing !== 'foreign' && standing !== 'touched') continue;
    if (follow) cover(path);
    dependencies.push(Dependency.onPresence(path, follow));
  }
  return dependencies;
}

/** Where a line of proc(5), /proc/pid/maps, is of code in a file that has a name. */
const MAPPED_CODE = /^\S+ ..x. .*? (\/.*)$/gm;

/** The libraries that are in this process, those of addons too: the dynamic linker opens them by system calls of its own. */
function mappedFiles(): string[] {
  const maps = readFileSync('/proc/self/maps', 'utf8');
  const paths = new Set([...maps.matchAll(MAPPED_CODE)].map(([, path]) => path as string));
  // An addon may unpack its library, load it and remove it.
  return [...paths].filter((path) => !path.endsWith(' (deleted)'));
}
