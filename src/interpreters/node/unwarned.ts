/** Uses what Node deprecates: under NODE_PENDING_DEPRECATION it would say so to the caller. */
export function unwarned<T>(use: () => T): T {
  const { noDeprecation } = process;
  // With --no-deprecation it cannot be assigned to, and need not be.
  if (noDeprecation) return use();
  process.noDeprecation = true;
  try {
    return use();
  } finally {
    if (noDeprecation === undefined) Reflect.deleteProperty(process, 'noDeprecation');
    else process.noDeprecation = noDeprecation;
  }
}
