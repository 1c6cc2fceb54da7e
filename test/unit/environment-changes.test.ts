import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { applyChanges, environmentChanges } from '../../src/setup/environment-changes.js';

/** What a call's environment becomes, where initialisation found `before` and left `now`. */
function applied(before: NodeJS.ProcessEnv, now: NodeJS.ProcessEnv, call: NodeJS.ProcessEnv): NodeJS.ProcessEnv {
  const env = { ...call };
  applyChanges(environmentChanges(before, now), env);
  return env;
}

describe('what initialisation has done to process.env', () => {
  it.each<[string, NodeJS.ProcessEnv, NodeJS.ProcessEnv, NodeJS.ProcessEnv, NodeJS.ProcessEnv]>([
    ['a variable that it added is there', {}, { A: '1' }, { B: '2' }, { A: '1', B: '2' }],
    ['a variable that it added does not replace the call’s own', {}, { A: '1' }, { A: '7' }, { A: '7' }],
    ['a variable that it changed is changed', { A: '1' }, { A: '2' }, { A: '1' }, { A: '2' }],
    ['another value than it found is left alone', { A: '1' }, { A: '2' }, { A: '3' }, { A: '3' }],
    ['a variable that it changed stays absent in a call without it', { A: '1' }, { A: '2' }, {}, {}],
    ['a variable that it deleted is deleted', { A: '1' }, {}, { A: '1' }, {}],
    ['a variable that it deleted stays where it has another value', { A: '1' }, {}, { A: '2' }, { A: '2' }],
    ['an empty value is one', { A: '' }, { A: '1' }, { A: '' }, { A: '1' }],
  ])('%s', (_, before, now, call, expected) => {
    expect(applied(before, now, call)).toEqual(expected);
  });

  const environment = fc.dictionary(fc.constantFrom('A', 'B', 'C', 'D'), fc.constantFrom('', '1', '2'));

  it('is the same again for a call that comes with what initialisation found', () => {
    fc.assert(
      fc.property(environment, environment, (before, now) => {
        expect(applied(before, now, before)).toEqual(now);
      }),
    );
  });

  it('is nothing where it has changed nothing', () => {
    fc.assert(
      fc.property(environment, environment, (before, call) => {
        expect(applied(before, before, call)).toEqual(call);
      }),
    );
  });
});
