import { describe, expect, it } from 'vitest';
import { parseHandover } from '../../src/setup/handover.js';

describe('the value of PREFORK_INTERP', () => {
  it.each([
    ['as released', 'v1,1700000000.123456789 3,4,5,6', 1700000000123456789n, 1],
    ['with leading zeros in the nanoseconds', 'v1,1700000000.000000009 3,4,5,6', 1700000000000000009n, 1],
    ['in the first design, without a time stamp', 'v1 3,4,5,6', undefined, 1],
    ['for version 2', 'v1,1.000000000,v2 3,4,5,6', 1000000000n, 2],
    ['with more items and words than are known', 'v1,1.000000000,x,v2,y 3,4,5,6,77 more words', 1000000000n, 2],
    ['for a version that is not known', 'v1,1.000000000,v20 3,4,5,6', 1000000000n, 1],
    ['with the path of the socket', 'v1,1.000000000,v2 3,4,5,6 /run/a b/s2.x', 1000000000n, 2, '/run/a b/s2.x'],
    ['for version 1, with more words', 'v1,1.000000000 3,4,5,6 /run', 1000000000n, 1],
    [
      'with options of the server',
      'v1,1.000000000,v2,max-servers=8,=x,log-facility= 3,4,5,6',
      1000000000n,
      2,
      undefined,
      [
        ['max-servers', '8'],
        ['log-facility', ''],
      ],
    ],
  ] as const)('%s', (_, value, stampNs, protocol, socket = undefined, options: readonly unknown[] = []) => {
    expect(parseHandover(value)).toEqual({
      listener: 3,
      call: 4,
      watcherInput: 5,
      watcherErrors: 6,
      protocol,
      stampNs,
      options,
      socket,
    });
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
