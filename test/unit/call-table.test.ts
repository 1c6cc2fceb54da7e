import { describe, expect, it } from 'vitest';
import { Call, type CallState } from '../../src/server/call.js';
import { CallTable } from '../../src/server/call-table.js';

/** A table with a call in each of these states. None has real descriptors: the table only counts. */
function table(maxExecuting: number, ...states: CallState[]): CallTable {
  const calls = new CallTable(maxExecuting);
  for (const state of states) {
    const call = new Call(-1, false, Number.POSITIVE_INFINITY);
    call.state = state;
    if (state === 'running') call.pidfd = 1;
    calls.add(call);
  }
  return calls;
}

describe('the table of calls', () => {
  it.each<[number, CallState[], boolean, boolean]>([
    [1, [], true, true],
    [1, ['greeted', 'greeted'], true, true],
    [1, ['waiting'], true, false],
    [1, ['running'], false, false],
    [1, ['deserted'], true, true],
    [2, ['running', 'waiting'], true, false],
    [2, ['running', 'greeted'], true, true],
    [2, ['running', 'running'], false, false],
    [-1, ['running', 'running', 'waiting'], true, true],
  ])('with a limit of %i and %j lets one start: %s, be accepted: %s', (max, states, mayStart, mayAccept) => {
    const calls = table(max, ...states);
    expect(calls.mayStart).toBe(mayStart);
    expect(calls.mayAccept).toBe(mayAccept);
  });

  it('gives the first call in a state, in the order in which they came', () => {
    const calls = table(4, 'running', 'greeted', 'greeted');
    const [, first] = [...calls];
    expect(calls.first('greeted')).toBe(first);
    expect(calls.first('deserted')).toBeUndefined();
    expect(calls.count('greeted')).toBe(2);
  });

  it('knows the earliest deadline', () => {
    const calls = table(4, 'greeted', 'greeted');
    expect(calls.deadline).toBe(Number.POSITIVE_INFINITY);
    const [first, second] = [...calls] as [Call, Call];
    first.deadline = 20;
    second.deadline = 10;
    expect(calls.deadline).toBe(10);
    calls.delete(second);
    expect(calls.deadline).toBe(20);
  });
});
