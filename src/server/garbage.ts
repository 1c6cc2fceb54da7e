import { getHeapSpaceStatistics, getHeapStatistics } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { withFlags } from '../v8-flags.js';

/** Up to this size a full collection takes some ten milliseconds; beyond it, too long for somebody who calls meanwhile. */
const SMALL_HEAP_BYTES = 200 * 2 ** 20;
/**
 * Before V8 itself collects what is young, which it does at 1 MB: a process that is forked then has room left for its own. Not much before: whatever is in use
 * at two collections is taken for old, and V8 gives those that survive more room each time.
 */
const GARBAGE_BYTES = 640 * 2 ** 10;

/** What is old and garbage may be so much, or a quarter of a larger heap; V8 itself would let 8 MB come together. */
const OLD_GARBAGE_BYTES = 1.5 * 2 ** 20;

type Collect = (options?: { type: 'minor'; execution: 'sync' }) => void;

/** V8 gives this function to contexts that are made while the flag is set. */
function collector(): Collect {
  return withFlags(['--expose-gc'], () => runInNewContext('gc') as Collect);
}

/**
 * The garbage of a server is the garbage of each process that is forked from it, and V8 would collect it in each of them. So it is collected here, where that is
 * done once, and while nobody waits.
 */
export class Garbage {
  #collect: Collect | undefined;
  /** In use after the last collection of all. */
  #bytes = Number.POSITIVE_INFINITY;

  /**
   * What initialisation has left, however long it takes: V8 lets a heap grow to a limit before it collects it, and each process that is forked while little is missing
   * would do all of that for itself (measured: 0.4 s of each call with 200 MB).
   */
  collectInitial(): void {
    this.#run('major');
    this.#bytes = heapBytes();
  }

  /** All of it, if that can be had in short time. */
  collectAll(): void {
    this.#run(heapBytes() <= SMALL_HEAP_BYTES ? 'major' : 'minor');
    this.#bytes = heapBytes();
  }

  /** What has come since, if it is worth it. */
  collectNew(): void {
    if (heapBytes() - this.#bytes > Math.max(OLD_GARBAGE_BYTES, this.#bytes / 4)) {
      this.collectAll();
      return;
    }
    const young = getHeapSpaceStatistics().find(({ space_name }) => space_name === 'new_space');
    if (young && young.space_used_size > GARBAGE_BYTES) this.#run('minor');
  }

  /**
   * In one thread: there is little to do, and others would have to be woken. Without forgetting the code of functions that have not been called for some
   * collections: those that only executors call never are.
   */
  #run(type: 'minor' | 'major'): void {
    this.#collect ??= collector();
    const collect = this.#collect;
    withFlags(['--no-parallel-scavenge', '--no-flush-bytecode'], () => {
      // Without options: of V8 11, `type: 'major'` makes a minor one, too.
      if (type === 'major') collect();
      else collect({ type, execution: 'sync' });
    });
  }
}

function heapBytes(): number {
  return getHeapStatistics().used_heap_size;
}
