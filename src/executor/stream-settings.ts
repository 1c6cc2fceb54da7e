/** A stream as far as its settings are of interest. */
export interface Settable extends NodeJS.EventEmitter {
  readonly destroyed?: boolean;
  readonly _maxListeners?: number;
  readonly _handle?: { hasRef?(): boolean } | null;
  readonly _readableState?: { readonly encoding?: BufferEncoding | null };
  readonly _writableState?: { readonly defaultEncoding?: BufferEncoding };
  setEncoding?(encoding: BufferEncoding): unknown;
  setDefaultEncoding?(encoding: BufferEncoding): unknown;
  destroy?(): unknown;
  unref?(): unknown;
}

type Own = ReadonlyMap<PropertyKey, PropertyDescriptor>;

export function ownProperties(of: object): Own {
  return new Map(
    Reflect.ownKeys(of).map((key) => [key, Object.getOwnPropertyDescriptor(of, key) as PropertyDescriptor]),
  );
}

/**
 * What initialisation has set on a standard stream, besides its listeners, and puts on another one: what a script does to `process.stdout`
 * before its calls begin (a `write` of its own, say) is meant for their output.
 */
export function settingsOf(stream: Settable, made: Own): (renewed: Settable) => void {
  const own = [...ownProperties(stream)].filter(([key, now]) => isOfScript(key, made.get(key), now));
  const { destroyed, _maxListeners: listeners } = stream;
  const reading = stream._readableState;
  const encoding = stream._writableState?.defaultEncoding;
  const unreferenced = stream._handle?.hasRef?.() === false;
  return (renewed) => {
    if (reading?.encoding) renewed.setEncoding?.(reading.encoding);
    if (encoding && encoding !== renewed._writableState?.defaultEncoding) renewed.setDefaultEncoding?.(encoding);
    if (listeners !== undefined) renewed.setMaxListeners(listeners);
    if (unreferenced) renewed.unref?.();
    if (destroyed) renewed.destroy?.();
    for (const [key, descriptor] of own) Object.defineProperty(renewed, key, descriptor);
  };
}

/** Of what Node has made, only functions are no state of its own; and later it adds but this: what it counts, and a `write` where nothing can be written any more. */
function isOfScript(key: PropertyKey, made: PropertyDescriptor | undefined, now: PropertyDescriptor): boolean {
  if (made) return typeof now.value === 'function' && now.value !== made.value;
  return !(typeof key === 'string' && key.startsWith('_')) && now.value?.name !== 'writeAfterFIN';
}
