import { findRunDirectory } from './explanation.js';
import { readRendezvous } from './rendezvous.js';
import { UsageError } from './usage.js';
import { readWords } from './words.js';

const USAGE = `usage: preforkctl completion bash|zsh|fish

Prints what has a shell complete the words of preforkctl: commands, options, files and idents.

  bash   eval "$(preforkctl completion bash)"          in ~/.bashrc
  zsh    eval "$(preforkctl completion zsh)"           in ~/.zshrc, behind compinit
  fish   preforkctl completion fish | source           in ~/.config/fish/config.fish

exit status: 0; 2 the command line makes no sense
`;

/** What may come behind each command, besides files. */
interface Completed {
  readonly options: readonly string[];
  readonly idents?: boolean;
  readonly words?: readonly string[];
}

const COMPLETED: Readonly<Record<string, Completed>> = {
  completion: { options: ['--help'], words: ['bash', 'zsh', 'fish'] },
  doctor: { options: ['--limit', '--json', '--help'] },
  list: { options: ['--no-memory', '--json', '--help'] },
  logs: { options: ['--json', '--help'], idents: true },
  status: { options: ['--json', '--help'], idents: true },
  stop: { options: ['--all', '--wait', '--json', '--help'], idents: true },
  trace: { options: ['--calls', '--json', '--out', '--help'] },
  why: { options: ['--json', '--help'] },
};

/** What the scripts below ask with: the words so far, of which the last is to be completed. No help of its own. */
const ASK = '--words';

const SCRIPTS: Readonly<Record<string, string>> = {
  bash: `_preforkctl() {
  local IFS=$'\\n'
  COMPREPLY=($(compgen -W "$(preforkctl completion ${ASK} "\${COMP_WORDS[@]:1:COMP_CWORD}" 2>/dev/null)" -- "\${COMP_WORDS[COMP_CWORD]}"))
}
complete -o default -F _preforkctl preforkctl
`,
  zsh: `_preforkctl() {
  local -a found
  found=("\${(@f)$(preforkctl completion ${ASK} "\${(@)words[2,CURRENT]}" 2>/dev/null)}")
  compadd -a found
  _files
}
compdef _preforkctl preforkctl
`,
  fish: `complete -c preforkctl -a '(preforkctl completion ${ASK} (commandline -opc)[2..-1] (commandline -ct) 2>/dev/null)'
`,
};

/** The command: its words in, its exit status out. */
export async function completion(words: readonly string[]): Promise<number> {
  if (words[0] === ASK) {
    for (const word of await candidates(words.slice(1))) process.stdout.write(`${word}\n`);
    return 0;
  }
  const read = readWords(words, USAGE, { least: 1, most: 1, what: 'shell' });
  if (!read) return 0;
  const [shell] = read.rest as [string];
  const script = Object.hasOwn(SCRIPTS, shell) ? SCRIPTS[shell] : undefined;
  if (script === undefined)
    throw new UsageError(`no completion for ${shell}; there are ${Object.keys(SCRIPTS).join(', ')}`, USAGE);
  process.stdout.write(script);
  return 0;
}

/** What the last of the words could become. Files are the shell's own to find. */
async function candidates(words: readonly string[]): Promise<string[]> {
  const [command = '', ...rest] = words;
  if (rest.length === 0)
    return Object.keys(COMPLETED)
      .concat('--help', '--version')
      .filter((word) => word.startsWith(command));
  const known = Object.hasOwn(COMPLETED, command) ? COMPLETED[command] : undefined;
  if (!known) return [];
  const { options, words: fixed = [], idents = false } = known;
  const found = [...options, ...fixed, ...(idents ? await identsThere() : [])];
  return found.filter((word) => word.startsWith(rest.at(-1) ?? ''));
}

async function identsThere(): Promise<string[]> {
  return readRendezvous(await findRunDirectory()).map(({ ident }) => ident);
}
