// The Claude Code adapter with its test agent.
import { fileURLToPath } from 'node:url';
import { testPorts } from '../adapter.testports.ts';
import { programBench } from '../adapter.testprogram.ts';
import { createClaudeAdapter } from './adapter.ts';

export const adapter = createClaudeAdapter(testPorts);
export const bench = programBench(adapter, fileURLToPath(new URL('./claude.testagent.ts', import.meta.url)), {
  module: new URL('./adapter.ts', import.meta.url).href,
  factory: 'createClaudeAdapter',
});
