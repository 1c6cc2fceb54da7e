import { expect, test } from 'vitest';
import { commandWith } from '../../src/control/shebang.js';

test.each([
  ['#!/usr/bin/prefork-interp -U,node', ['/usr/bin/prefork-interp', '--explain,-U,node', 's']],
  ['#! /usr/bin/prefork-interp\t-U node -x ', ['/usr/bin/prefork-interp', '--explain -U node -x', 's']],
  ['#!/usr/bin/prefork-interp -Unode', ['/usr/bin/prefork-interp', '--explain', '-Unode', 's']],
  ['#!/usr/bin/prefork-interp', ['/usr/bin/prefork-interp', '--explain', 's']],
  ['#!/usr/bin/env -S prefork-interp -U,node', ['/usr/bin/env', '-S prefork-interp --explain,-U,node', 's']],
  ['#!/usr/bin/env -S prefork-interp -U node', ['/usr/bin/env', '-S prefork-interp --explain -U node', 's']],
  [
    '#!/usr/bin/env -S A="x y" /opt/prefork-interp  -L,node',
    ['/usr/bin/env', '-S A="x y" /opt/prefork-interp  --explain,-L,node', 's'],
  ],
  ['#!/bin/sh', undefined],
  ['#!/usr/bin/env prefork-interp', undefined],
  ['#!/usr/bin/prefork-interp-wrapper -U,node', undefined],
  ['#!/usr/bin/env -S my-prefork-interp -U,node', undefined],
  ['echo prefork-interp', undefined],
])('%s', (line, expected) => {
  expect(commandWith('--explain', line, 's')).toEqual(expected);
});
