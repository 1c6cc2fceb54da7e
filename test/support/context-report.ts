/** What test/fixtures/context-report.mjs says, of a plain process and of a warm one, and where the two differ. */

export type ContextReport = Record<string, unknown>;

/** What may differ from call to call, also under plain node, or has to when a process was not started for its call; and why. */
export const EXCEPTED: Record<string, string> = {
  pid: 'each process has its own',
  parent: 'a call is the child of its server',
  group: 'a call has a process group of its own, so that signals reach all that it starts',
  session: 'a call is in its server’s session: a terminal belongs to one only',
  terminal: 'the terminal of that session, which is none',
  inForeground: 'the same: only a process of the terminal’s session can be in its foreground',
  initialEnvironment: 'what execve(2) once laid out for the server; process.env and programs have the call’s',
  descriptors:
    'above 2 there are the event loop’s own, numbered as they were made; child.descriptors has what is passed on',
  child: 'compared by its own fields',
};

/** Each path whose values differ, with both, as `path: plain != warm`; none where the reports say the same. */
export function differences(plain: ContextReport, warm: ContextReport, excepted = Object.keys(EXCEPTED)): string[] {
  const kept = (report: ContextReport) =>
    Object.fromEntries(Object.entries(report).filter(([name]) => !excepted.includes(name)));
  return [...compare('', kept(plain), kept(warm)), ...compare('.child', plain['child'], warm['child'])].map((line) =>
    line.slice(1),
  );
}

function compare(path: string, plain: unknown, warm: unknown): string[] {
  if (isRecord(plain) && isRecord(warm)) {
    const names = [...new Set([...Object.keys(plain), ...Object.keys(warm)])];
    return names.flatMap((name) => compare(`${path}.${name}`, plain[name], warm[name]));
  }
  const [one, two] = [JSON.stringify(plain), JSON.stringify(warm)];
  return one === two ? [] : [`${path}: ${one} != ${two}`];
}

function isRecord(value: unknown): value is ContextReport {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
