import { dirname, join } from 'node:path';
import { NODE } from './paths.js';

/** The environment of whatever is started in `directory`: nothing of the machine's but its programs. */
export function cleanEnvironment(directory: string, runDirectory: string): NodeJS.ProcessEnv {
  return {
    PATH: `${dirname(NODE)}:/usr/local/bin:/usr/bin:/bin`,
    HOME: directory,
    LC_ALL: 'C.UTF-8',
    PREFORK_INTERP_RUN_DIR: runDirectory,
    // So that no call is run directly only because the machine is slow. Tests of that set another.
    PREFORK_INTERP_START_LIMIT_MS: '20000',
    // Nobody listens there unless a test does: the machine's log is not to fill with servers that start and end.
    PREFORK_INTERP_LOG_SOCKET: join(directory, 'log'),
  };
}
