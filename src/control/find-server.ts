import { ControlError } from './control-error.js';
import { type Explanation, explainScript, findRunDirectory } from './explanation.js';
import { type Rendezvous, readRendezvous, rendezvousOf } from './rendezvous.js';
import { serversOf } from './replaced.js';

/** Fewer characters of an ident are more likely the name of a program. */
const FEWEST_CHARACTERS = 4;

/** What a word SCRIPT|IDENT means. */
export interface Meant {
  readonly directory: string;
  readonly rendezvous: Rendezvous;
  /** Where it was a script. */
  readonly explanation: Explanation | undefined;
}

/**
 * Finds the rendezvous that is meant: by an ident in the run directory, or any beginning of one that no other has, with or without its mark `2.`;
 * otherwise by a script, for which it is the one that running it now would use. Throws {@link ControlError}.
 */
export async function findServer(word: string): Promise<Meant> {
  if (!word.includes('/')) {
    const directory = await findRunDirectory();
    // A server that was ended, and still has calls, has left its ident behind.
    const idents = [...readRendezvous(directory), ...serversOf(directory)].map(({ ident }) => ident);
    const ident = meantBy(word, [...new Set(idents)]);
    if (ident !== undefined) return { directory, rendezvous: rendezvousOf(directory, ident), explanation: undefined };
  }
  const explanation = await explainScript(word);
  const { directory, ident } = explanation;
  return { directory, rendezvous: rendezvousOf(directory, ident), explanation };
}

function meantBy(word: string, idents: readonly string[]): string | undefined {
  const exact = idents.find((ident) => ident === word);
  if (exact !== undefined || word.length < FEWEST_CHARACTERS) return exact;
  const found = idents.filter((ident) => ident.startsWith(word) || ident.replace(/^2\./, '').startsWith(word));
  if (found.length <= 1) return found[0];
  throw new ControlError(`${word}: ${found.length} idents begin with that: ${found.join(', ')}`);
}
