import { describe, expect, it } from 'vitest';
import { completeOptions, DEFAULTS } from '../../src/setup/options.js';

describe('the options of initialisationComplete', () => {
  it('are all optional', () => {
    expect(completeOptions()).toEqual(DEFAULTS);
    expect(completeOptions({})).toEqual(DEFAULTS);
  });

  it('take undefined as not given', () => {
    expect(completeOptions({ maxServers: undefined } as object)).toEqual(DEFAULTS);
  });

  it('keep what is given', () => {
    const numbers = { maxServers: -1, idleTimeoutSeconds: -1, maxErrors: 0, maxMemoryMb: 0, minAvailableMb: -1 };
    const given = { ...numbers, logFacility: 'local3' as const };
    expect(completeOptions(given)).toEqual(given);
    expect(completeOptions({ logFacility: '' }).logFacility).toBe('');
  });

  it.each([
    [{ maxServer: 1 }, 'maxServer '],
    [{ maxServers: 0 }, 'maxServers'],
    [{ maxServers: 1.5 }, 'maxServers'],
    [{ maxServers: '4' }, 'maxServers'],
    [{ idleTimeoutSeconds: Number.NaN }, 'idleTimeoutSeconds'],
    [{ idleTimeoutSeconds: '5' }, 'idleTimeoutSeconds'],
    [{ maxErrors: -1 }, 'maxErrors'],
    [{ maxErrors: null }, 'maxErrors'],
    [{ maxMemoryMb: Number.NaN }, 'maxMemoryMb'],
    [{ minAvailableMb: '1' }, 'minAvailableMb'],
    [{ logFacility: 'nowhere' }, 'logFacility'],
    [{ logFacility: 'toString' }, 'logFacility'],
  ])('refuse %j by name', (given, name) => {
    expect(() => completeOptions(given as object)).toThrowError(
      expect.objectContaining({ code: 'ERR_PREFORK_OPTION', message: expect.stringContaining(name) }),
    );
  });
});
