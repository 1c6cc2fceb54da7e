/** The selection of rendezvous that are to be removed, over core.wasm. */
import { E_PRECLEAN_FULL } from '../../assembly/constants.js';
import type { CoreExports } from './exports.js';
import type { PrecleanEntry } from './face.js';
import { type CoreMemory, check } from './memory.js';
import { byteString } from './text.js';

export function preclean(
  core: CoreExports,
  memory: CoreMemory,
  entries: PrecleanEntry[],
  identInUse: Uint8Array,
  kept: number,
): Uint8Array[] {
  check(core.preclean_begin(memory.input(identInUse), kept));
  const lastUse = new Map<string, bigint>();
  for (const entry of entries) {
    const code = core.preclean_name(memory.input(entry.name));
    if (code === E_PRECLEAN_FULL) break;
    check(code);
    const ident = byteString(entry.name.subarray(1));
    const other = lastUse.get(ident);
    if (other === undefined || other < entry.lastUse) lastUse.set(ident, entry.lastUse);
  }
  const count = core.preclean_collect();
  for (let place = 0; place < count; place++) {
    const use = lastUse.get(byteString(memory.text(core.preclean_ident(place))));
    if (use !== undefined) check(core.preclean_last_use(place, use));
  }
  return Array.from({ length: core.preclean_select() }, (_, order) =>
    memory.text(core.preclean_ident(core.preclean_victim(order))),
  );
}
