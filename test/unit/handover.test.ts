import { describe, expect, it } from 'vitest';
import { parseHandover } from '../../src/setup/handover.js';

describe('the value of PREFORK_INTERP', () => {
  it.each([
    ['as released', 'v1,1700000000.123456789 3,4,5,6', 1700000000123456789n],
    ['with leading zeros in the nanoseconds', 'v1,1700000000.000000009 3,4,5,6', 1700000000000000009n],
    ['in the first design, without a time stamp', 'v1 3,4,5,6', undefined],
    ['with more items and words than are known', 'v1,1.000000000,v2,x 3,4,5,6,77 more words', 1000000000n],
  ])('%s', (_, value, stampNs) => {
    expect(parseHandover(value)).toEqual({ listener: 3, call: 4, watcherInput: 5, watcherErrors: 6, stampNs });
  });

  it.each([
    ['', 'version'],
    ['v2,1.000000000 3,4,5,6', 'version'],
    ['v1', 'four descriptors'],
    ['v1 3,4,5', 'four descriptors'],
    ['v1 3,4,5,x', 'four descriptors'],
    ['v1 3,4,-5,6', 'four descriptors'],
    ['v1 3,4,5,99999999999999999999', 'four descriptors'],
    ['v1,17.5 3,4,5,6', 'time stamp'],
    ['v1,now 3,4,5,6', 'time stamp'],
  ])('refuses %j and says that it is the %s', (value, why) => {
    expect(() => parseHandover(value)).toThrowError(
      expect.objectContaining({ code: 'ERR_PREFORK_HANDOVER', message: expect.stringContaining(why) }),
    );
  });
});
