/** The command line over core.wasm. */
import {
  E_NONE,
  FLAG_DIRECT_ON_TTY,
  FLAG_STRICT,
  MEDIATION_LAUNDERED,
  MEDIATION_UNLAUNDERED,
  MODE_EXAMINE,
  MODE_EXPLAIN,
  MODE_FRESH,
  MODE_HELP,
  MODE_KILL,
  MODE_RUN,
  NEED_DATA,
  ROLE_IDENT,
  ROLE_INTERPRETER,
  ROLE_INTERPRETER_ARGUMENT,
  ROLE_SETTING,
  ROLE_STRING,
  ROLE_VARIABLE,
} from '../../assembly/constants.js';
import { codecError } from './errors.js';
import type { CoreExports } from './exports.js';
import type { Mode, Options } from './face.js';
import type { CoreMemory } from './memory.js';

const MODES: Record<number, Mode> = {
  [MODE_RUN]: 'run',
  [MODE_FRESH]: 'fresh',
  [MODE_KILL]: 'kill',
  [MODE_HELP]: 'help',
  [MODE_EXPLAIN]: 'explain',
  [MODE_EXAMINE]: 'examine',
};

const MEDIATIONS: Record<number, Options['mediation']> = {
  [MEDIATION_UNLAUNDERED]: 'unlaundered',
  [MEDIATION_LAUNDERED]: 'laundered',
};

export function parseOptions(core: CoreExports, memory: CoreMemory, argv: Uint8Array[]): Options {
  let code = core.options_begin(argv.length);
  for (let at = 1; at < argv.length && code === NEED_DATA; at++) {
    code = core.options_argument(memory.put(core.options_space(), core.options_room(), argv[at] as Uint8Array));
  }
  if (code === NEED_DATA) code = core.options_end();
  if (code !== E_NONE) throw codecError(code, memory.text(core.options_subject()));
  return result(core, memory);
}

function result(core: CoreExports, memory: CoreMemory): Options {
  const script = core.options_script();
  const options: Options = {
    mode: MODES[core.options_mode()] as Mode,
    mediation: MEDIATIONS[core.options_mediation()] ?? null,
    strict: (core.options_flags() & FLAG_STRICT) !== 0,
    directOnTty: (core.options_flags() & FLAG_DIRECT_ON_TTY) !== 0,
    ident: null,
    fields: [],
    interpreter: new Uint8Array(),
    interpreterArguments: [],
    scriptIndex: script < 0 ? null : script,
    firstArgument: core.options_first_argument(),
  };
  for (let word = 0; word < core.options_word_count(); word++) {
    const text = memory.copyOut(core.options_word_text(word), core.options_word_length(word));
    takeWord(options, core.options_word_role(word), text);
  }
  return options;
}

function takeWord(options: Options, role: number, text: Uint8Array): void {
  if (role === ROLE_IDENT) options.ident = text;
  else if (role === ROLE_STRING) options.fields.push({ tag: 'G', string: text });
  else if (role === ROLE_VARIABLE) options.fields.push({ tag: 'E', string: text });
  else if (role === ROLE_SETTING) options.fields.push({ tag: 'o', string: text });
  else if (role === ROLE_INTERPRETER) options.interpreter = text;
  else if (role === ROLE_INTERPRETER_ARGUMENT) options.interpreterArguments.push(text);
}
