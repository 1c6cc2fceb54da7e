/** The report that plain and warm calls are compared by: the same twice, and another where the context is another. */
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { type ContextReport, differences } from '../support/context-report.js';
import { canMake, inContext, LAST_PROCESSOR, PROCESSORS } from '../support/in-context.js';
import { FIXTURES, NODE } from '../support/paths.js';
import { Terminal } from '../support/terminal.js';
import { type Workspace, workspace } from '../support/workspace.js';

const REPORT = join(FIXTURES, 'context-report.mjs');

async function reported(w: Workspace, options: string[] = [], args: string[] = [], start = {}): Promise<ContextReport> {
  const [tool, ...rest] = inContext(options, [NODE, REPORT, ...args]);
  const outcome = await w.run(tool, rest, start);
  expect(outcome).toMatchObject({ status: 0, stderr: '' });
  return JSON.parse(outcome.stdout) as ContextReport;
}

const IS_ROOT = process.getuid?.() === 0;

/** The paths that differ, each up to its second name. */
const paths = (found: string[]) => [...new Set(found.map((line) => /^\w+(?:\.[^.:]+)?/.exec(line)?.[0]))].sort();

test('the same context twice makes the same report', async () => {
  const w = workspace();
  expect(differences(await reported(w), await reported(w))).toEqual([]);
});

const changes: [string, string[], string[]][] = [
  [
    'soft limits',
    ['--soft-limit', 'core=0', '--hard-limit', 'fsize=123456789'],
    ['limits.Max file size', 'child.limits'],
  ],
  ['nice value', ['--nice', '7'], ['nice', 'child.nice']],
  ['processors', ['--affinity', LAST_PROCESSOR], ['status.Cpus_allowed', 'child.status']],
  ['no new privileges', ['--no-new-privs'], ['status.NoNewPrivs', 'child.status']],
  ['filter of system calls', ['--no-new-privs', '--seccomp-allow-all'], ['status.Seccomp', 'status.Seccomp_filters']],
  ['capabilities', ['--drop-capabilities'], ['status.CapEff', 'child.status']],
  ['user', ['--groups', '7', '--gid', '65534', '--uid', '65534'], ['ids', 'user.uid', 'status.Uid', 'status.Groups']],
  ['namespaces', ['--unshare', 'uts'], ['namespaces']],
  ['argv0', ['--argv0', 'other'], ['argv0', 'commandLine', 'title']],
  ['input', ['--closed', '0'], ['flags']],
];
for (const [name, options, changed] of changes) {
  // With one processor there is no other set of them, and who is not root has no capability to lose.
  const same = (name === 'processors' && PROCESSORS === LAST_PROCESSOR) || (name === 'capabilities' && !IS_ROOT);
  test.skipIf(same || !canMake(...options))(`it shows another ${name}`, async () => {
    const w = workspace();
    const found = paths(differences(await reported(w), await reported(w, options)));
    expect(found).toEqual(expect.arrayContaining(changed));
  });
}

test('it shows another environment, directory, umask and other arguments', async () => {
  const w = workspace();
  const before = await reported(w);
  mkdirSync(w.path('elsewhere'));
  writeFileSync(w.path('elsewhere/relative.txt'), 'found');
  const after = await reported(w, [], ['one', ''], {
    cwd: w.path('elsewhere'),
    env: { TZ: 'Asia/Tokyo', ADDED: 'yes', PWD: '/nowhere' },
  });
  expect(paths(differences(before, after))).toEqual(
    expect.arrayContaining([
      ...[
        'argv',
        'commandLine',
        'cwd',
        'PWD',
        'realpath',
        'kernelDirectory',
        'relativeFile',
        'environment',
        'timeZone',
      ],
      ...['child.environment', 'child.directory'],
    ]),
  );
  expect(after['relativeFile']).toBe('found');
  const masked = await w.shell(`umask 027; exec "$@"`, [NODE, REPORT]);
  expect(JSON.parse(masked.stdout)).toMatchObject({ umask: 0o027, child: { status: { Umask: '0027' } } });
});

test('it shows a terminal', async () => {
  const w = workspace();
  const terminal = await Terminal.open(w, { columns: 111, rows: 33, env: { TERM: 'xterm-256color' } });
  const report = JSON.parse(await terminal.command(`${NODE} ${REPORT}`)) as ContextReport;
  const stream = { isTTY: true, columns: 111, rows: 33, colourDepth: 8, type: 'WriteStream' };
  expect(report).toMatchObject({ isatty: [true, true, true], stdout: stream, stderr: stream, inForeground: true });
  expect(report).toMatchObject({ kinds: Array(3).fill(expect.stringMatching('^/dev/pts/')), stdin: { isTTY: true } });
});
