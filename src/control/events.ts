import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { EVENTS_FILE, type EventRecord, FORMER_EVENTS_FILE } from '../server/event-log.js';
import { ControlError } from './control-error.js';

/** The log of the servers of a run directory, oldest first. A line that is none, as a full disk leaves one, is passed over. */
export function readEvents(directory: string): EventRecord[] {
  return [FORMER_EVENTS_FILE, EVENTS_FILE].flatMap((name) =>
    textOf(join(directory, name)).split('\n').flatMap(recordOf),
  );
}

function textOf(file: string): string {
  try {
    return readFileSync(file, 'utf8');
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException;
    if (code === 'ENOENT') return '';
    throw new ControlError(message);
  }
}

function recordOf(line: string): EventRecord[] {
  try {
    const record = JSON.parse(line) as EventRecord;
    const texts = [record.time, record.level, record.ident, record.script, record.message];
    return texts.every((text) => typeof text === 'string') && typeof record.pid === 'number' ? [record] : [];
  } catch {
    return [];
  }
}
