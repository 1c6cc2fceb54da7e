/** Text and runs of bytes, by what every host of WebAssembly has: this folder is also the codec's, which runs where there is no Node. */

/** UTF-8; half a pair of surrogates becomes U+FFFD. */
export function encodeText(text: string): Uint8Array {
  return new TextEncoder().encode(text);
}

/** Whatever is no UTF-8 becomes U+FFFD, and nothing is left out. */
export function decodeText(bytes: Uint8Array): string {
  return new TextDecoder('utf-8', { ignoreBOM: true }).decode(bytes);
}

/** A string that stands for the bytes, one to one. For short ones: each byte becomes an argument. */
export function byteString(bytes: Uint8Array): string {
  return String.fromCharCode(...bytes);
}

export function concatenate(...parts: readonly Uint8Array[]): Uint8Array {
  const all = new Uint8Array(parts.reduce((length, part) => length + part.length, 0));
  let end = 0;
  for (const part of parts) {
    all.set(part, end);
    end += part.length;
  }
  return all;
}
