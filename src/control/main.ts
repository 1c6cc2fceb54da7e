#!/usr/bin/env node
/** preforkctl: what there is to know of prefork-interp and its servers. One file a command. */
import { completion } from './completion.js';
import { ControlError } from './control-error.js';
import { doctor } from './doctor.js';
import { list } from './list.js';
import { logs } from './logs.js';
import { status } from './status.js';
import { stop } from './stop.js';
import { trace } from './trace.js';
import { UsageError } from './usage.js';
import { packageVersion } from './version.js';
import { why } from './why.js';

const USAGE = `usage: preforkctl COMMAND [..]

  list                    the servers that there are
  status SCRIPT|IDENT     one of them
  stop SCRIPT|IDENT       ends one of them, and with --all all
  why SCRIPT              which server running it would use, and why
  logs [SCRIPT|IDENT]     what servers have told
  doctor SCRIPT [ARG ..]  runs its initialisation alone, and says what calls would not find as a run of the script does
  trace SCRIPT [ARG ..]   runs a script that prefork-interp serves, and says where the time of the call went
  completion SHELL        what has a shell complete all this: bash, zsh or fish

preforkctl COMMAND --help says more; preforkctl --version which version this is.
`;
const EXIT_FAILED = 1;
const EXIT_USAGE = 2;

const COMMANDS: Readonly<Record<string, (words: readonly string[]) => Promise<number>>> = {
  completion,
  doctor,
  list,
  logs,
  status,
  stop,
  trace,
  why,
};

async function main([word, ...words]: readonly string[]): Promise<number> {
  if (word === '--help') {
    process.stdout.write(USAGE);
    return 0;
  }
  if (word === '--version') {
    process.stdout.write(`preforkctl ${packageVersion()}\n`);
    return 0;
  }
  try {
    if (word === undefined) throw new UsageError('which command?', USAGE);
    const command = Object.hasOwn(COMMANDS, word) ? COMMANDS[word] : undefined;
    if (!command) throw new UsageError(`no command ${word}`, USAGE);
    return await command(words);
  } catch (error) {
    if (error instanceof ControlError) {
      process.stderr.write(`preforkctl: ${error.message}\n`);
      return EXIT_FAILED;
    }
    if (!(error instanceof UsageError)) throw error;
    process.stderr.write(`preforkctl: ${error.message}\n\n${error.usage}`);
    return EXIT_USAGE;
  }
}

// Whoever reads no further has what he wanted.
process.stdout.on('error', ({ code }: NodeJS.ErrnoException) => process.exit(code === 'EPIPE' ? 0 : EXIT_FAILED));

// Not process.exit(): what was written to a pipe may still be on its way.
main(process.argv.slice(2)).then((status) => {
  process.exitCode = status;
});
