// The ACP adapter: the contract, against a program that speaks the protocol.
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after } from 'node:test';
import { fileURLToPath } from 'node:url';
import type { AgentEntry } from '#machines/nouns/agent';
import { processStart } from '../../processes/process-group.ts';
import type { Target } from '../adapter.ts';
import { testPorts } from '../adapter.testports.ts';
import { adapterContract } from '../adapter.testsuite.ts';
import { createAcpAdapter } from './adapter.ts';

const AGENT = fileURLToPath(new URL('./acp.testagent.ts', import.meta.url));
const folder = mkdtempSync(join(tmpdir(), 'agentmesh-acp-'));
after(() => {
  rmSync(folder, { recursive: true, force: true });
});

const targetOf = (entry: Partial<AgentEntry> & { command: string[] }): Target => ({
  name: 'agent',
  kind: 'acp',
  entry: { name: 'agent', kind: 'acp', ...entry },
  card: null,
  token: null,
});

const read = (path: string): string => {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return '';
  }
};

adapterContract('acp', () => {
  const file = join(folder, 'not-executable');
  writeFileSync(file, 'x', { mode: 0o600 });
  return Promise.resolve({
    adapter: createAcpAdapter(testPorts),
    module: new URL('./adapter.ts', import.meta.url).href,
    factory: 'createAcpAdapter',
    target: targetOf({ command: [process.execPath, AGENT, folder] }),
    gone: targetOf({ command: ['agentmesh-no-such-program', 'acp'] }),
    wrongCredential: null,
    broken: [
      { name: 'not executable', target: targetOf({ command: [file, 'x'] }), code: 'agent_unreachable' },
      { name: 'a folder', target: targetOf({ command: [folder, 'x'] }), code: 'agent_unreachable' },
      {
        name: 'no cwd',
        target: targetOf({ command: ['true', 'x'], cwd: join(folder, 'no') }),
        code: 'agent_unreachable',
      },
      { name: 'ends', target: targetOf({ command: ['false', 'x'] }), code: 'invalid_agent_response' },
      {
        name: 'another version',
        target: targetOf({ command: [process.execPath, AGENT, folder], env: { ACP_MODE: 'old' } }),
        code: 'invalid_agent_response',
      },
    ],
    streams: true,
    dedupes: false,
    effects: (key) => Promise.resolve(read(join(folder, `${key}.effects`)).length),
    isWorking: (key) => {
      const pid = Number(read(join(folder, `${key}.working`)));
      return Promise.resolve(pid > 0 && processStart(pid) !== null);
    },
    close: () => Promise.resolve(),
  });
});
