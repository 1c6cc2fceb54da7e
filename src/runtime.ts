/** All that is bundled as dist/runtime.cjs: what a script imports, and what the adapter needs of the same copy. */
export * from './index.js';
export { adapt } from './interpreters/node/adapter.js';
