import { resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { PreforkError } from '../errors.js';
import { Dependency } from '../server/dependency.js';
import { setupHasBegun } from './setup.js';

const declared = new Map<string, Dependency>();

/** What dependsOn() of the library's face does. */
export function declareDependencies(paths: readonly (string | URL)[]): void {
  const absolute = paths.map(absolutePath);
  if (!setupHasBegun()) return;
  for (const path of absolute) {
    if (!declared.has(path)) declared.set(path, Dependency.onFile(path));
  }
}

/** All that was declared in this process. */
export function declaredDependencies(): Iterable<Dependency> {
  return declared.values();
}

function absolutePath(path: unknown): string {
  if (path instanceof URL) {
    if (path.protocol !== 'file:') throw invalid(path.href, 'is a URL of no file');
    return fileURLToPath(path);
  }
  if (typeof path !== 'string') throw invalid(String(path), 'is neither a string nor a URL');
  if (path === '' || path.includes('\0')) throw invalid(JSON.stringify(path), 'can be the path of no file');
  return resolve(path);
}

function invalid(path: string, what: string): PreforkError {
  return new PreforkError('ERR_PREFORK_PATH', `dependsOn: ${path} ${what}`);
}
