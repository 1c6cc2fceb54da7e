/** From a path to a syntax tree, or an error that says in one line what is wrong with the file. */
import { readFileSync } from 'node:fs';

const EXTENSION = /\.[cm]?[jt]sx?$/;

const PROBLEMS = {
  ENOENT: 'no such file',
  EISDIR: 'is a directory, not a file',
  EACCES: 'may not be read',
};

export function readText(file) {
  try {
    // The decoder drops a byte order mark.
    return new TextDecoder().decode(readFileSync(file));
  } catch (error) {
    throw new Error(`${file}: ${PROBLEMS[error.code] ?? error.message}`);
  }
}

/** @returns {import('typescript').SourceFile} */
export function parseSource(ts, file, text) {
  if (!EXTENSION.test(file)) throw new Error(`${file}: its name is not that of a TypeScript or JavaScript file`);
  const source = ts.createSourceFile(file, text, ts.ScriptTarget.Latest, true);
  refuseBrokenSyntax(ts, source);
  return source;
}

/** The parser goes on after an error as well as it can; an outline of what it made of it would be misleading. */
function refuseBrokenSyntax(ts, source) {
  const host = {
    getSourceFile: (name) => (name === source.fileName ? source : undefined),
    getDefaultLibFileName: () => 'lib.d.ts',
    getCurrentDirectory: () => '',
    getCanonicalFileName: (name) => name,
    getNewLine: () => '\n',
    useCaseSensitiveFileNames: () => true,
    fileExists: (name) => name === source.fileName,
    readFile: () => undefined,
    writeFile() {},
  };
  const options = { noResolve: true, noLib: true, types: [], allowJs: true, jsx: ts.JsxEmit.Preserve };
  const [first] = ts.createProgram([source.fileName], options, host).getSyntacticDiagnostics(source);
  if (!first) return;
  const { line, character } = source.getLineAndCharacterOfPosition(first.start ?? 0);
  const message = ts.flattenDiagnosticMessageText(first.messageText, ' ');
  throw new Error(`${source.fileName}:${line + 1}:${character + 1}: ${message}`);
}
