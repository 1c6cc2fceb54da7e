/** A command line that makes no sense: what is wrong with it, and what would be right. */
export class UsageError extends Error {
  constructor(
    what: string,
    readonly usage: string,
  ) {
    super(what);
  }
}
