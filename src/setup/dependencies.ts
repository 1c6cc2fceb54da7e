/** What a server is made from, so that it is stale when one of it changes. */
import module from 'node:module';
import { dirname } from 'node:path';
import { loadedFiles } from '../interpreters/node/loaded-files.js';
import { Dependency } from '../server/dependency.js';
import { declaredDependencies } from './depends-on.js';
import { endRecording, type Recording } from './recording.js';

/** Not files but views of the kernel's, different whenever they are read. */
const KERNELS = /^\/(proc|sys|dev)\//;

/**
 * All that initialisation was made from: what the interpreter knows to be modules; and, where there is a recorder, whatever else was read, and
 * whatever was looked for and not there; and what the script says. Ends the recording.
 */
export function takeDependencies(): Dependency[] {
  const recording = endRecording();
  const { files, links } = loadedFiles();
  const known = [...files].map((path) => dependencyOn(path, recording));
  const others = recording ? otherDependencies(recording, files) : [];
  return [...known, ...[...links].map(Dependency.onLink), ...others, ...declaredDependencies()];
}

/** On the file that was read, where it is known; else on what is there by now. */
function dependencyOn(path: string, recording: Recording | undefined): Dependency {
  const identity = recording?.read.get(path);
  return identity ? Dependency.onRead(path, identity) : Dependency.onFile(path);
}

function otherDependencies(recording: Recording, files: ReadonlySet<string>): Dependency[] {
  const own = ownPaths(recording);
  const read = [...recording.read.keys()].filter((path) => !files.has(path) && !own(path));
  const absent = [...recording.absent].filter((path) => !own(path));
  return [...read.map((path) => dependencyOn(path, recording)), ...absent.map(Dependency.onAbsence)];
}

/** Tells what is nobody else's: what initialisation itself has made or written, and all below that; and caches whose content follows from the program. */
function ownPaths({ made }: Recording): (path: string) => boolean {
  const own = new Map<string, boolean>([...made].map((path) => [path, true]));
  const { getCompileCacheDir } = module as { getCompileCacheDir?: () => string | undefined };
  const cache = getCompileCacheDir?.();
  if (cache !== undefined) own.set(cache, true);
  const isOwn = (path: string): boolean => {
    let known = own.get(path);
    if (known === undefined) {
      const above = dirname(path);
      known = above !== path && isOwn(above);
      own.set(path, known);
    }
    return known;
  };
  return (path) => KERNELS.test(path) || isOwn(path);
}
