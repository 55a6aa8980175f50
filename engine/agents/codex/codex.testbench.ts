// The Codex adapter with its test agent.
import { fileURLToPath } from 'node:url';
import { testPorts } from '../adapter.testports.ts';
import { programBench } from '../adapter.testprogram.ts';
import { createCodexAdapter } from './adapter.ts';

export const adapter = createCodexAdapter(testPorts);
export const bench = programBench(adapter, fileURLToPath(new URL('./codex.testagent.ts', import.meta.url)), {
  module: new URL('./adapter.ts', import.meta.url).href,
  factory: 'createCodexAdapter',
});
