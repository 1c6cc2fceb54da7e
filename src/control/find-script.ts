import { accessSync, closeSync, constants, openSync, readSync, statSync } from 'node:fs';
import { delimiter, join } from 'node:path';
import { ControlError } from './control-error.js';

/** As much as the kernel looks at (BINPRM_BUF_SIZE, linux/binfmts.h). */
const FIRST_LINE_BYTES = 256;
const CLIENT = 'prefork-interp';

/** Why a script is none that prefork-interp could serve; nothing was run. */
export class ScriptError extends ControlError {}

/**
 * The file that a shell would run: the word itself if it has a slash, otherwise what PATH has by that name. Throws {@link ScriptError} where there is none, or
 * it is no script whose `#!` line names the client: then tracing it would only run it.
 */
export function findScript(word: string, path: string): string {
  const found = word.includes('/') ? word : onPath(word, path);
  if (found === undefined) throw new ScriptError(`${word}: not on PATH; for a file in this directory say ./${word}`);
  const line = firstLineOf(found);
  if (!line.startsWith('#!')) throw new ScriptError(`${found}: no script: it does not begin with a #! line`);
  if (!line.includes(CLIENT)) throw new ScriptError(`${found}: its #! line does not name ${CLIENT}: ${line}`);
  try {
    accessSync(found, constants.X_OK);
  } catch {
    throw new ScriptError(`${found}: may not be executed (chmod +x)`);
  }
  return found;
}

function onPath(name: string, path: string): string | undefined {
  const candidates = path.split(delimiter).map((directory) => join(directory === '' ? '.' : directory, name));
  return candidates.map((each) => (each.includes('/') ? each : `./${each}`)).find(isExecutable);
}

function isExecutable(file: string): boolean {
  try {
    accessSync(file, constants.X_OK);
    return statSync(file).isFile();
  } catch {
    return false;
  }
}

/** As much of it as the kernel looks at. Throws {@link ScriptError}. */
export function firstLineOf(file: string): string {
  try {
    const descriptor = openSync(file, constants.O_RDONLY | constants.O_NONBLOCK);
    try {
      const bytes = Buffer.alloc(FIRST_LINE_BYTES);
      return bytes.toString('utf8', 0, readSync(descriptor, bytes)).split('\n', 1)[0] as string;
    } finally {
      closeSync(descriptor);
    }
  } catch (error) {
    throw new ScriptError(`${file}: ${reasonOf(error as NodeJS.ErrnoException)}`);
  }
}

function reasonOf({ code, message }: NodeJS.ErrnoException): string {
  if (code === 'ENOENT') return 'no such file';
  return code === 'EISDIR' ? 'is a directory' : message;
}
