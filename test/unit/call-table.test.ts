import { describe, expect, it } from 'vitest';
import { Call, type CallState } from '../../src/server/call.js';
import { CallTable } from '../../src/server/call-table.js';

/** A table with a call in each of these states. None has real descriptors: the table only counts. */
function table(maxExecuting: number, ...states: CallState[]): CallTable {
  const calls = new CallTable(maxExecuting);
  for (const state of states) {
    const call = new Call(-1, 0, false, Number.POSITIVE_INFINITY);
    call.state = state;
    if (state === 'running' || state === 'receiving') call.pidfd = 1;
    calls.add(call);
  }
  return calls;
}

describe('the table of calls', () => {
  it.each<[number, CallState[], boolean, boolean]>([
    [1, [], true, true],
    [1, ['silent', 'silent'], true, true],
    [1, ['waiting'], true, false],
    [1, ['running'], false, false],
    [1, ['deserted'], true, true],
    [2, ['running', 'waiting'], true, false],
    [2, ['running', 'silent'], true, true],
    [2, ['running', 'running'], false, false],
    [2, ['running', 'receiving'], false, false],
    [1, ['attending'], true, true],
    [-1, ['running', 'running', 'waiting'], true, true],
  ])('with a limit of %i and %j lets one start: %s, be accepted: %s', (max, states, mayStart, mayAccept) => {
    const calls = table(max, ...states);
    expect(calls.mayStart).toBe(mayStart);
    expect(calls.mayAccept).toBe(mayAccept);
  });

  it('does not count an executor that has been receiving for too long, until it runs', () => {
    const calls = table(1, 'receiving');
    const [call] = [...calls] as [Call];
    call.slow = true;
    expect(calls.mayStart).toBe(true);
    expect(calls.slow).toEqual([call]);
    call.state = 'running';
    expect(calls.mayStart).toBe(false);
    expect(calls.slow).toEqual([]);
  });

  it.each<[CallState[], boolean]>([
    [[], true],
    [['attending'], true],
    [['attending', 'deserted'], false],
    [['silent'], false],
  ])('with %j is empty: %s', (states, empty) => {
    expect(table(1, ...states).isEmpty).toBe(empty);
  });

  it('finds the call of a process, as long as that lives', () => {
    const calls = table(4, 'running', 'running');
    const [first, second] = [...calls] as [Call, Call];
    first.pid = 11;
    second.pid = 12;
    expect(calls.ofProcess(12)).toBe(second);
    second.pidfd = -1;
    expect(calls.ofProcess(12)).toBeUndefined();
  });

  it('gives the first call in a state, in the order in which they came', () => {
    const calls = table(4, 'running', 'silent', 'silent');
    const [, first] = [...calls];
    expect(calls.first('silent')).toBe(first);
    expect(calls.first('deserted')).toBeUndefined();
    expect(calls.count('silent')).toBe(2);
  });

  it('knows the earliest deadline', () => {
    const calls = table(4, 'silent', 'silent');
    expect(calls.deadline).toBe(Number.POSITIVE_INFINITY);
    const [first, second] = [...calls] as [Call, Call];
    first.deadline = 20;
    second.deadline = 10;
    expect(calls.deadline).toBe(10);
    calls.delete(second);
    expect(calls.deadline).toBe(20);
    first.lookAt = 15;
    expect(calls.deadline).toBe(15);
  });
});
