// The only door of the engine: what api and daemon may know of it.
export type * from './engine.ts';
export type { Log, Ports } from './ports.ts';
export { nodePorts } from './ports-node.ts';
export { loopbackCaller, socketCaller, type Caller } from './identity/caller.ts';
