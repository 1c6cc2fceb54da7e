/** A setup that is examined: what `preforkctl doctor` has started. */
import { createRequire } from 'node:module';
import { loadCore } from '../core-bytes.js';
import type { Examination } from '../doctor/examination.js';
import { exhaustCachedEntropy } from '../executor/random.js';
import * as native from '../native.js';
import { takeDependencies } from './dependencies.js';
import { findUnsafe } from './fork-point.js';

export type { Examination };

/** Begins it; the report will go to the descriptor `report`. */
export function beginExamination(report: number): Examination {
  // Beside the bundle in which this is; a bundle of its own, since hardly any setup needs it.
  const { Examination: Begun } = createRequire(__filename)('./doctor.cjs') as typeof import('../doctor/examination.js');
  return new Begun(report, { exit: native.exitNow, findUnsafe, tryRest });
}

/** What is done once the fork point is found to be safe (complete.ts), as far as it can fail, and a fork. Throws what a server's setup would throw. */
function tryRest(): { present: number; absent: number } {
  exhaustCachedEntropy();
  loadCore();
  const { all } = takeDependencies(undefined);
  const child = native.fork();
  if (child === 0) native.exitNow(0);
  native.wait(child, false);
  const absent = all.filter(({ isAbsence }) => isAbsence).length;
  return { present: all.length - absent, absent };
}
