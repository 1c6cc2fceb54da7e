import { readFileSync } from 'node:fs';
import { expect, it } from 'vitest';
import { instantiate } from '../../src/core.js';
import { encodeRefusal } from '../../src/setup/refusal.js';
import { ROOT } from '../support/paths.js';

const LIMIT = 512;
const core = instantiate(readFileSync(`${ROOT}/dist/core.wasm`));

it.each([
  ['a reason', 'Node v99 cannot be forked: it has no fork', 'Node v99 cannot be forked: it has no fork'],
  ['the longest reason', 'x'.repeat(LIMIT), 'x'.repeat(LIMIT)],
  ['a reason that is too long', 'x'.repeat(LIMIT + 1), 'x'.repeat(LIMIT)],
  ['a reason to be cut within a character', `${'x'.repeat(LIMIT - 1)}ü`, 'x'.repeat(LIMIT - 1)],
  ['a reason to be cut behind a character', `${'x'.repeat(LIMIT - 2)}üx`, `${'x'.repeat(LIMIT - 2)}ü`],
])('%s is what the core reads out of a refusal', (_, given, reason) => {
  expect(core.messageDecoder().push(encodeRefusal(given))).toEqual([{ kind: 'refused', reason }]);
});
