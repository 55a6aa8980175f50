// The contract of the a2a adapter, against the SDK’s own server on each transport and version.
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import type { ServerResponse } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { testPorts } from '../adapter.testports.ts';
import { adapterContract, type AdapterFixture } from '../adapter.testsuite.ts';
import { deadUrl, startAgent, startServer, targetAt } from './a2a.testserver.ts';
import { createA2aAdapter } from './adapter.ts';

const TOKEN = 'the-right-token';

const json = (response: ServerResponse, value: unknown): void => {
  response.setHeader('content-type', 'application/json');
  response.end(JSON.stringify(value));
};

const open = async (options: Record<string, unknown>): Promise<AdapterFixture> => {
  const folder = mkdtempSync(join(tmpdir(), 'agentmesh-a2a-'));
  const agent = await startAgent(folder, { token: TOKEN, ...options });
  const broken = await startServer((request, response) => {
    const path = request.url ?? '';
    if (path.startsWith('/loop')) response.writeHead(302, { location: path }).end();
    else if (path.startsWith('/html'))
      response.setHeader('content-type', 'text/html').end('<html>hello</html>');
    else if (path.startsWith('/text')) response.end('{"name":"cut o');
    else if (path.startsWith('/error')) response.writeHead(500).end('oops');
    else if (path.startsWith('/nameless')) json(response, { url: 'http://127.0.0.1/' });
    else if (path.startsWith('/list')) json(response, [1, 2]);
    else if (path.startsWith('/slow')) response.writeHead(200).write('{');
    else if (path.startsWith('/elsewhere')) {
      json(response, {
        name: 'elsewhere',
        supportedInterfaces: [
          { url: 'http://127.0.0.2:1/', protocolBinding: 'JSONRPC', protocolVersion: '1.0' },
        ],
      });
    } else if (path.startsWith('/huge')) {
      const chunk = Buffer.alloc(64 * 1024, 32);
      let left = 160;
      const more = (): void => {
        while (left > 0 && !response.destroyed) {
          left -= 1;
          if (!response.write(chunk)) {
            response.once('drain', more);
            return;
          }
        }
        response.end('{}');
      };
      more();
    } else response.writeHead(404).end();
  });
  const gone = await deadUrl();
  const target = targetAt(agent.url, { token: TOKEN });
  const file = (key: string, kind: string): string => join(folder, `${encodeURIComponent(key)}.${kind}`);
  return {
    adapter: createA2aAdapter(testPorts),
    module: new URL('./adapter.ts', import.meta.url).href,
    factory: 'createA2aAdapter',
    target,
    gone: targetAt(gone),
    wrongCredential: targetAt(agent.url, { token: 'a-wrong-token' }),
    broken: [
      { name: 'redirect loop', target: targetAt(`${broken.url}/loop`), code: 'invalid_card' },
      { name: 'HTML', target: targetAt(`${broken.url}/html`), code: 'invalid_card' },
      { name: 'not JSON', target: targetAt(`${broken.url}/text`), code: 'invalid_card' },
      { name: 'HTTP 500', target: targetAt(`${broken.url}/error`), code: 'agent_unreachable' },
      { name: 'no name', target: targetAt(`${broken.url}/nameless`), code: 'invalid_card' },
      { name: 'a list', target: targetAt(`${broken.url}/list`), code: 'invalid_card' },
      { name: 'no card', target: targetAt(`${broken.url}/nothing`), code: 'invalid_card' },
      { name: '10 MB', target: targetAt(`${broken.url}/huge`), code: 'invalid_card' },
      { name: 'slow', target: targetAt(`${broken.url}/slow`), code: 'agent_unreachable' },
      { name: 'interface elsewhere', target: targetAt(`${broken.url}/elsewhere`), code: 'invalid_card' },
      {
        name: 'interface elsewhere, with a credential',
        target: targetAt(`${broken.url}/elsewhere`, { token: TOKEN }),
        code: 'auth',
      },
    ],
    streams: options['streaming'] !== false,
    dedupes: true,
    cancels: options['bare'] !== true,
    findsByKey: options['bare'] !== true && options['version'] !== '0.3',
    effects: (key) =>
      Promise.resolve(
        existsSync(file(key, 'effects')) ? readFileSync(file(key, 'effects'), 'utf8').length : 0,
      ),
    isWorking: (key) => Promise.resolve(existsSync(file(key, 'working'))),
    async close() {
      await agent.close();
      await broken.close();
      rmSync(folder, { recursive: true, force: true });
    },
  };
};

adapterContract('a2a', () => open({ binding: 'JSONRPC' }), 'JSON-RPC');
adapterContract('a2a', () => open({ binding: 'HTTP+JSON' }), 'HTTP+JSON');
adapterContract('a2a', () => open({ streaming: false }), 'JSON-RPC without streaming');
adapterContract('a2a', () => open({ streaming: false, bare: true }), 'without streaming, cancel and list');
adapterContract('a2a', () => open({ version: '0.3' }), '0.3 by JSON-RPC');
adapterContract('a2a', () => open({ version: '0.3', binding: 'HTTP+JSON' }), '0.3 by HTTP+JSON');
