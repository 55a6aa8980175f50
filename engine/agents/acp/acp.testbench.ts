// The ACP adapter with its test agent.
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after } from 'node:test';
import { fileURLToPath } from 'node:url';
import { programBench } from '../adapter.testprogram.ts';
import { createAcpOfTest, DATA_VARIABLE } from './acp.testadapter.ts';

/** Where the book of kept programs lies. */
export const dataDir = mkdtempSync(join(tmpdir(), 'agentmesh-acp-data-'));
process.env[DATA_VARIABLE] = dataDir;
export const AGENT = fileURLToPath(new URL('./acp.testagent.ts', import.meta.url));

export const adapter = createAcpOfTest();
export const bench = programBench(adapter, AGENT, {
  module: new URL('./acp.testadapter.ts', import.meta.url).href,
  factory: 'createAcpOfTest',
  keeps: true,
});
after(async () => {
  await adapter.close?.();
  rmSync(dataDir, { recursive: true, force: true });
});
