/** Where things are that tests use. */
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

export const ROOT = join(dirname(fileURLToPath(import.meta.url)), '../..');
export const FIXTURES = join(ROOT, 'test/fixtures');
/** The program under test. Another build of it can be named: build/sanitize/prefork-interp. */
export const CLIENT = process.env['PREFORK_TEST_CLIENT'] ?? join(ROOT, 'build/client/prefork-interp');
/** The program of the Debian package chiark-utils-bin. */
export const RELEASED_CLIENT = '/usr/bin/prefork-interp';
/** The Node that scripts run under. Another one than the tests' own can be named, to test with another version. */
export const NODE = process.env['PREFORK_TEST_NODE'] ?? process.execPath;
