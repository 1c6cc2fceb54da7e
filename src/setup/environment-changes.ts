/** What initialisation has done to `process.env`: for each name the value that it found, and the value that it left; undefined: none. */
export type EnvironmentChanges = ReadonlyMap<
  string,
  { readonly found: string | undefined; readonly left: string | undefined }
>;

/** `before` and `now`: copies of `process.env`. */
export function environmentChanges(before: NodeJS.ProcessEnv, now: NodeJS.ProcessEnv): EnvironmentChanges {
  const names = new Set([...Object.keys(before), ...Object.keys(now)]);
  const changed = [...names].filter((name) => before[name] !== now[name]);
  return new Map(changed.map((name) => [name, { found: before[name], left: now[name] }]));
}

/**
 * Does the same to a call's environment, which is `env` now, where the call came with what initialisation had found. Where it came with something
 * else it is left alone: what initialisation would have made of that is not known, and a program that reads its settings
 * from a file (dotenv) lets what the caller says go before it.
 */
export function applyChanges(changes: EnvironmentChanges, env: NodeJS.ProcessEnv): void {
  for (const [name, { found, left }] of changes) {
    if (env[name] !== found) continue;
    if (left === undefined) delete env[name];
    else env[name] = left;
  }
}
