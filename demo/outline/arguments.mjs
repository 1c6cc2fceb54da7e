/** The command line of the outline tool. */

export const USAGE_STATUS = 2;

export const USAGE = `usage: outline [--json] FILE ..

Prints the outline of TypeScript files: functions, classes with their methods, types, and what is exported,
each with the line where it begins.

  --json   as JSON: [{"file", "outline": [{"kind", "name", "line", "exported", "parameters"?, "members"?}]}]
  --help   this text
  --       what follows are files, whatever they begin with

Exit status: 0 all files were outlined, 1 some could not be (each is named on standard error), 2 wrong usage.
`;

/** @returns {{ help: boolean, json: boolean, files: string[], problem?: string }} `problem` says what is wrong, if anything is. */
export function parseArguments(words) {
  const result = { help: false, json: false, files: [] };
  let options = true;
  for (const word of words) {
    if (!options || !word.startsWith('-')) result.files.push(word);
    else if (word === '--') options = false;
    else if (word === '--json') result.json = true;
    else if (word === '--help' || word === '-h') result.help = true;
    else return { ...result, problem: `unknown option ${word}` };
  }
  if (!result.help && result.files.length === 0) return { ...result, problem: 'no file is given' };
  return result;
}
