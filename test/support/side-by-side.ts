/** What `work` makes of each, in their order; so many at the same time, so that one waits while another computes. */
export async function sideBySide<T, R>(atOnce: number, all: readonly T[], work: (one: T) => Promise<R>): Promise<R[]> {
  const results = new Array<R>(all.length);
  const queue = all.entries();
  const serve = async () => {
    for (const [at, one] of queue) results[at] = await work(one);
  };
  await Promise.all(Array.from({ length: atOnce }, serve));
  return results;
}
