/** dist/codec.cjs: what codec.ts exports, for `require()`. Names of types are had by `import type`. */
declare const codec: typeof import('./codec.js', { with: { 'resolution-mode': 'import' }});
export = codec;
