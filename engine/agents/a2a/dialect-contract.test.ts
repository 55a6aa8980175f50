// The contract of the a2a adapter against agents of 0.3 that write in an odd dialect, and in an odder one.
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { testPorts } from '../adapter.testports.ts';
import { adapterContract, type AdapterFixture } from '../adapter.testsuite.ts';
import { deadUrl, DIALECT_AGENT, startAgent, targetAt } from './a2a.testserver.ts';
import { createA2aAdapter } from './adapter.ts';

const TOKEN = 'test-token';

const open = async (options: Record<string, unknown>): Promise<AdapterFixture> => {
  const folder = mkdtempSync(join(tmpdir(), 'agentmesh-dialect-'));
  const agent = await startAgent(folder, { token: TOKEN, ...options }, DIALECT_AGENT);
  const file = (key: string, kind: string): string => join(folder, `${encodeURIComponent(key)}.${kind}`);
  return {
    adapter: createA2aAdapter(testPorts),
    module: new URL('./adapter.ts', import.meta.url).href,
    factory: 'createA2aAdapter',
    target: targetAt(agent.url, { token: TOKEN }),
    gone: targetAt(await deadUrl()),
    wrongCredential: targetAt(agent.url, { token: 'a-wrong-token' }),
    broken: [],
    // Its pieces come as messages that are whole each.
    streams: false,
    dedupes: false,
    tellsToolInputs: false,
    effects: (key) =>
      Promise.resolve(
        existsSync(file(key, 'effects')) ? readFileSync(file(key, 'effects'), 'utf8').length : 0,
      ),
    isWorking: (key) => Promise.resolve(existsSync(file(key, 'working'))),
    async close() {
      await agent.close();
      rmSync(folder, { recursive: true, force: true });
    },
  };
};

adapterContract('a2a', () => open({}), '0.3 in a dialect');
adapterContract('a2a', () => open({ isOdder: true }), '0.3 in a dialect without ids');
