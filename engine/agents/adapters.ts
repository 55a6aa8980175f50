// Every adapter: to add one is to add its folder and one line here.
import type { Ports } from '../ports.ts';
import type { AgentAdapter } from './adapter.ts';
import { createA2aAdapter } from './a2a/adapter.ts';
import { createAcpAdapter } from './acp/adapter.ts';
import { createClaudeAdapter } from './claude/adapter.ts';
import { createCodexAdapter } from './codex/adapter.ts';
import { createCommandAdapter } from './command/adapter.ts';
import { createNanoclawAdapter } from './nanoclaw/adapter.ts';
import { createOpenclawAdapter } from './openclaw/adapter.ts';
import { withSettingsChecked } from './settings.ts';

/** The adapters by kind; `dataDir` is where they may keep keys and notes of their own. */
export const createAdapters = (ports: Ports, dataDir: string): ReadonlyMap<string, AgentAdapter> =>
  new Map(
    [
      createCommandAdapter(ports),
      createA2aAdapter(ports),
      createAcpAdapter(ports, dataDir),
      createClaudeAdapter(ports),
      createCodexAdapter(ports),
      createNanoclawAdapter(ports),
      createOpenclawAdapter(ports, dataDir),
    ].map((adapter) => [adapter.kind, withSettingsChecked(adapter)]),
  );
