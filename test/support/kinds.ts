/** The kinds of thing that a standard stream can be, and how a shell makes a command's one of each. */

/** `$1` is the script's command, one word that holds no blanks; what it prints is to end up in the file `$OUT`. */
export const OUTPUTS: Readonly<Record<string, string>> = {
  pipe: '"$@" | cat >"$OUT"',
  file: '"$@" >"$OUT"',
  'file that is appended to': 'echo before >"$OUT"; "$@" >>"$OUT"',
  'the null device': '"$@" >/dev/null',
  closed: '"$@" >&-',
  'a terminal': `script -qec "stty cols 93 rows 31; $*" /dev/null >"$OUT"`,
};

/** What is to be read is in the file `$IN`. */
export const INPUTS: Readonly<Record<string, string>> = {
  pipe: 'cat "$IN" | "$@"',
  // sh(1) writes a short one into the pipe before it starts the command.
  'a pipe that holds all of it': '"$@" <<END\n$(head -n 100 "$IN")\nEND',
  file: '"$@" <"$IN"',
  'the null device': '"$@" </dev/null',
  closed: '"$@" <&-',
};
