/** dist/runtime.cjs: runtime.ts with all that it needs, bundled as CommonJS. */
declare const runtime: typeof import('./runtime.js', { with: { 'resolution-mode': 'import' }});
export = runtime;
