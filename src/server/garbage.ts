import { getHeapStatistics, setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';

/** Up to this size a full collection takes some ten milliseconds; beyond it, too long for somebody who calls meanwhile. */
const SMALL_HEAP_BYTES = 200 * 2 ** 20;
/** A quarter of the least that V8 lets accumulate before it collects what is young (1 MB). */
const GARBAGE_BYTES = 2 ** 18;

type Collect = (options: { type: 'minor' | 'major'; execution: 'sync' }) => void;

/** V8 gives this function to contexts that are made while the flag is set. */
function collector(): Collect {
  setFlagsFromString('--expose-gc');
  const collect = runInNewContext('gc') as Collect;
  setFlagsFromString('--no-expose-gc');
  return collect;
}

/**
 * The garbage of a server is the garbage of each process that is forked from it, and V8 would collect it in each of them. So it is collected here, where that is
 * done once, and while nobody waits.
 */
export class Garbage {
  #collect: Collect | undefined;
  #usedBytes = 0;

  /** All of it, if that can be had in short time. */
  collectAll(): void {
    this.#run(getHeapStatistics().used_heap_size <= SMALL_HEAP_BYTES ? 'major' : 'minor');
  }

  /** What has come since, if it is worth it. */
  collectYoung(): void {
    if (getHeapStatistics().used_heap_size - this.#usedBytes > GARBAGE_BYTES) this.#run('minor');
  }

  /** In one thread: there is little to do, and others would have to be woken. */
  #run(type: 'minor' | 'major'): void {
    setFlagsFromString('--no-parallel-scavenge');
    this.#collect ??= collector();
    this.#collect({ type, execution: 'sync' });
    setFlagsFromString('--parallel-scavenge');
    this.#usedBytes = getHeapStatistics().used_heap_size;
  }
}
