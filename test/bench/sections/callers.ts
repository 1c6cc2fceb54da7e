/** Many callers at once, and many calls one after the other. */
import type { Absent, Case, Section } from '../case.js';
import { released } from '../released.js';
import { trivial, warm } from '../servers.js';

/** Each server has its own default limit of calls that run at once. */
export const callers = (absent: Absent): Section => ({
  name: 'callers',
  title: 'Callers at once',
  rounds: { full: 5, quick: 1 },
  async cases(place, quick) {
    const script = place.script('trivial.cjs', trivial());
    const ours = warm(place, { name: 'node', title: 'warm Node script', command: [script], calls: {} });
    const counts = quick ? [1, 8] : [1, 2, 4, 8, 16, 32, 64];
    return [...counts.map((count) => many(ours, count)), ...(await released(place, absent)).map((c) => many(c, 8))];
  },
});

function many(c: Case, callers: number): Case {
  const calls = { 'back to back': 40 + 20 * callers };
  return { ...c, name: `${c.name}-${callers}`, title: `${c.title}, ${callers}`, callers, calls };
}

/** How evenly calls are served. */
export const steady: Section = {
  name: 'steady',
  title: 'Calls one after the other',
  rounds: { full: 1, quick: 1 },
  cases(place, quick) {
    const script = place.script('trivial.cjs', trivial());
    const count = quick ? 1000 : 5000;
    return [
      warm(place, {
        name: 'steady',
        title: `${count} warm calls`,
        command: [script],
        calls: { 'back to back': count },
      }),
    ];
  },
};
