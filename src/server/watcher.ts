import { readSync } from 'node:fs';

/** More than the watcher says in one line; the rest of a longer message is not worth a bigger buffer. */
const MAX_MESSAGE_BYTES = 1024;

/**
 * What the watcher has said on its standard error: its message; `''` when it has closed it, which is how it says that the
 * socket is gone or replaced; undefined where there was nothing to read after all.
 */
export function readWatcher(descriptor: number): string | undefined {
  const buffer = Buffer.alloc(MAX_MESSAGE_BYTES);
  try {
    const bytes = readSync(descriptor, buffer);
    return bytes === 0 ? '' : buffer.toString('utf8', 0, bytes).trim() || 'an empty message';
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException;
    return code === 'EAGAIN' || code === 'EINTR' ? undefined : message;
  }
}
