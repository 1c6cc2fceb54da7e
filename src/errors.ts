/**
 * What goes wrong in this library itself. One class, so that `instanceof` works; a stable `code`, so that a program can
 * tell the cases apart; a message that says what failed and what to do.
 *
 * System calls that fail throw `SystemError` (native.ts); bytes that do not fit the protocol, `CodecError` (core.ts).
 */
export class PreforkError extends Error {
  override readonly name = 'PreforkError';

  constructor(
    /** One of the codes in docs/exit-codes.md; never changes its meaning. */
    readonly code:
      | 'ERR_PREFORK_HANDOVER'
      | 'ERR_PREFORK_OPTION'
      | 'ERR_PREFORK_PATH'
      | 'ERR_PREFORK_UNSAFE_FORK_POINT'
      | 'ERR_PREFORK_NOT_MAIN_THREAD',
    message: string,
  ) {
    super(message);
  }
}
