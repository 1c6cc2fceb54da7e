#!/usr/bin/env -S prefork-interp -U,node
/**
 * Prints an outline of TypeScript files: functions, classes with their methods, types, and what is exported.
 *
 * An ordinary command-line tool, slow to start because it loads the TypeScript compiler. All that makes it a warm one is
 * its first line and the call of initialisationComplete(): what comes before it is done once, what comes after it for each call.
 */
import process from 'node:process';
import ts from 'typescript';
import { parseArguments, USAGE, USAGE_STATUS } from './outline/arguments.mjs';
import { collect } from './outline/collect.mjs';
import { asJson, asText } from './outline/print.mjs';
import { parseSource, readText } from './outline/read.mjs';

/** Exit status where a file could not be outlined; the others were. */
const FILE_STATUS = 1;

/**
 * Goes through the whole work once, on a small text. Functions that have run are compiled and their data is in place,
 * and every call begins with them so.
 */
function rehearse() {
  const text =
    'export class A<T> { constructor(readonly a: T) {} get b() { return 1; } }\nexport const c = (d = 2) => d;';
  const outlines = [{ file: 'rehearsal.ts', outline: collect(ts, parseSource(ts, 'rehearsal.ts', text)) }];
  asText(outlines);
  asJson(outlines);
  parseArguments(['--json', 'rehearsal.ts']);
}

if (process.preforkInterp) {
  rehearse();
  process.preforkInterp.initialisationComplete();
}
main(process.argv.slice(2));

function main(words) {
  const { help, json, files, problem } = parseArguments(words);
  if (problem) return complain(`${problem}; see outline --help`, USAGE_STATUS);
  if (help) return write(USAGE);

  const outlines = [];
  for (const file of files) {
    try {
      outlines.push({ file, outline: collect(ts, parseSource(ts, file, readText(file))) });
    } catch (error) {
      complain(error.message, FILE_STATUS);
    }
  }
  write(json ? asJson(outlines) : asText(outlines));
}

function write(text) {
  // A reader that has seen enough (head) closes the pipe: that is no failure of ours.
  process.stdout.on('error', (error) => {
    if (error.code !== 'EPIPE') throw error;
  });
  process.stdout.write(text);
}

function complain(message, status) {
  process.stderr.write(`outline: ${message}\n`);
  process.exitCode = status;
}
