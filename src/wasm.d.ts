/** esbuild puts a WebAssembly file into the bundle as its bytes (loader `binary`). */
declare module '*.wasm' {
  const bytes: Uint8Array;
  export default bytes;
}

/** The part of WebAssembly that core/ uses: TypeScript has it only in the library for browsers. */
declare namespace WebAssembly {
  class Module {
    constructor(bytes: Uint8Array);
  }
  class Instance {
    constructor(module: Module);
    readonly exports: object;
  }
}
