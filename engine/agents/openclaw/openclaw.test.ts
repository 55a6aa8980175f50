// The contract of the openclaw adapter, against a gateway that is strict about who connects and speaks recorded frames.
import { chmodSync, existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { deadUrl, startServer } from '../a2a/a2a.testserver.ts';
import { adapterContract, type AdapterFixture } from '../adapter.testsuite.ts';
import { openclawAt, startGateway, targetAt } from './openclaw.testserver.ts';

const PROGRAM = fileURLToPath(new URL('./openclaw.testprogram.ts', import.meta.url));
const TOKEN = 'the-gateway-token-0123456789';

const open = async (): Promise<AdapterFixture> => {
  const folder = mkdtempSync(join(tmpdir(), 'agentmesh-openclaw-'));
  const dataDir = join(folder, 'data');
  process.env['OPENCLAW_TEST_DATA'] = dataDir;
  const [gateway, other, third] = await Promise.all([
    startGateway(folder, { token: TOKEN }),
    startGateway(folder, { token: TOKEN }),
    startGateway(folder, { token: TOKEN }),
  ]);
  const plain = await startServer((_, response) => response.end('<html>hello</html>'));
  const adapter = openclawAt(dataDir);
  const state = join(folder, 'state');
  mkdirSync(state);
  const gatewayConfig = { port: third.port, auth: { mode: 'token', token: TOKEN } };
  writeFileSync(join(state, 'openclaw.json'), JSON.stringify({ gateway: gatewayConfig }));
  writeFileSync(join(state, 'openclaw'), `#!/bin/sh\nexec '${process.execPath}' '${PROGRAM}' "$@"\n`);
  chmodSync(join(state, 'openclaw'), 0o755);
  const file = (key: string, kind: string): string => join(folder, `${encodeURIComponent(key)}.${kind}`);
  return {
    adapter,
    module: new URL('./openclaw.testserver.ts', import.meta.url).href,
    factory: 'createOpenclawOfTest',
    target: targetAt(gateway.url, { token: TOKEN }),
    gone: targetAt(await deadUrl()),
    wrongCredential: targetAt(other.url, { token: 'a-wrong-token' }),
    broken: [
      { name: 'no gateway', target: targetAt(plain.url), code: 'agent_unreachable' },
      { name: 'no credential', target: targetAt(other.url), code: 'auth' },
      {
        name: 'no such agent',
        target: targetAt(gateway.url, {
          entry: { kind: 'openclaw', url: gateway.url, settings: { agent: 'nobody' } },
        }),
        code: 'agent_unreachable',
      },
    ],
    installation: {
      env: { PATH: state, HOME: folder, OPENCLAW_STATE_DIR: state },
      settings: { a2a: true },
      receipts: [],
    },
    streams: true,
    dedupes: true,
    effects: (key) =>
      Promise.resolve(
        existsSync(file(key, 'effects')) ? readFileSync(file(key, 'effects'), 'utf8').length : 0,
      ),
    isWorking: (key) => Promise.resolve(existsSync(file(key, 'working'))),
    async close() {
      await adapter.close?.();
      await Promise.all([gateway.close(), other.close(), third.close(), plain.close()]);
      rmSync(folder, { recursive: true, force: true });
    },
  };
};

adapterContract('openclaw', open);
