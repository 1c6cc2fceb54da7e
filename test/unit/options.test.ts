import { describe, expect, it } from 'vitest';
import { completeOptions, DEFAULTS, onTheLine, optionsOfLine } from '../../src/setup/options.js';

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

describe('the options of the #! line', () => {
  it('are those of the script, by another spelling', () => {
    expect(Object.keys(DEFAULTS).map(onTheLine)).toEqual([
      '--max-servers',
      '--idle-timeout-seconds',
      '--max-errors',
      '--max-memory-mb',
      '--min-available-mb',
      '--log-facility',
    ]);
  });

  it('are numbers where the script has numbers', () => {
    const given = [
      ['max-servers', '-1'],
      ['idle-timeout-seconds', '0.125'],
      ['log-facility', ''],
    ] as const;
    expect(optionsOfLine(given)).toEqual({ maxServers: -1, idleTimeoutSeconds: 0.125, logFacility: '' });
  });

  it('may be those of a later client', () => {
    expect(optionsOfLine([['colour', 'blue']])).toEqual({});
  });

  it.each([
    ['max-servers', '1.5'],
    ['max-servers', ''],
    ['idle-timeout-seconds', '1e3'],
    ['idle-timeout-seconds', 'Infinity'],
    ['max-errors', '-1'],
    ['max-memory-mb', '1.2345'],
    ['min-available-mb', '1234567890'],
    ['log-facility', 'toString'],
  ])('refuse --%s=%s by name', (name, value) => {
    expect(() => optionsOfLine([[name, value]])).toThrowError(
      expect.objectContaining({
        code: 'ERR_PREFORK_OPTION',
        message: expect.stringMatching(`^option --${name}=${value} must be `),
      }),
    );
  });
});
