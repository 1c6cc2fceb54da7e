import { describe, expect, it } from 'vitest';
import { formatPacket } from '../../src/server/syslog.js';

const AT = new Date(2026, 0, 5, 7, 8, 9);

describe('a syslog packet', () => {
  it('has priority, local time, tag and message', () => {
    const packet = formatPacket('user', 'error', 123, '/bin/x: trouble', AT).toString();
    expect(packet).toBe('<11>Jan  5 07:08:09 prefork-interp[123]: /bin/x: trouble');
  });

  it.each([
    ['kern', 'error', 3],
    ['user', 'info', 14],
    ['daemon', 'warning', 28],
    ['local7', 'info', 190],
  ] as const)('of %s.%s has priority %i', (facility, level, priority) => {
    expect(formatPacket(facility, level, 1, 'm', AT).toString()).toMatch(new RegExp(`^<${priority}>`));
  });

  it('is one record, whatever the message holds', () => {
    expect(formatPacket('user', 'info', 1, 'a\n<11>forged\0\x1b[2J', AT).toString()).toMatch(/: a <11>forged \[2J$/);
  });

  it('is at most 1024 bytes long', () => {
    expect(formatPacket('user', 'info', 1, 'ä'.repeat(2000), AT)).toHaveLength(1024);
  });
});
