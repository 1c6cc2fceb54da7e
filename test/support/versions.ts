/** The versions of the protocol, for tests of what is to be the same in both. */
import type { Workspace } from './workspace.js';

/** Each by the interpreter that makes a client speak it: docs/protocol.md says where version 2 is spoken. */
export const VERSIONS: [version: string, interpreter: (w: Workspace) => string][] = [
  ['version 2', () => 'node'],
  ['version 1', (w) => w.versionOneNode()],
];
