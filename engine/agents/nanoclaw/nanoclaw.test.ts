// The NanoClaw adapter: the contract, against hosts of both versions.
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer, type Server } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { adapterContract, type AdapterFixture } from '../adapter.testsuite.ts';
import { createNanoclawAdapter } from './adapter.ts';
import { FakeHost } from './nanoclaw.testhost.ts';
import type { HostVersion } from './nanoclaw.testschema.ts';
import { ports, targetOf, wire } from './nanoclaw.testkit.ts';

/** Something that listens where NanoClaw should, and answers with `line`. */
const listen = async (dir: string, line: string): Promise<Server> => {
  mkdirSync(join(dir, 'data'), { recursive: true });
  writeFileSync(join(dir, 'package.json'), '{"name":"nanoclaw","version":"2.4.0"}');
  const server = createServer((socket) => {
    socket.on('error', () => undefined);
    socket.once('data', () => socket.end(line));
  });
  await new Promise<void>((resolve) => server.listen(join(dir, 'data', 'ncl.sock'), resolve));
  return server;
};

const open = async (version: HostVersion): Promise<AdapterFixture> => {
  const root = mkdtempSync(join(tmpdir(), 'nanoclaw-'));
  const host = await FakeHost.start(join(root, 'here'), { version, groups: ['main', 'unwired'] });
  await wire(host, 'main');
  const other = await listen(join(root, 'other'), '{"hello":"world"}\n');
  const silent = await listen(join(root, 'silent'), '');
  mkdirSync(join(root, 'stopped', 'data'), { recursive: true });
  writeFileSync(join(root, 'stopped', 'package.json'), '{"name":"nanoclaw","version":"2.4.0"}');
  mkdirSync(join(root, 'something'));
  writeFileSync(join(root, 'something', 'package.json'), '{"name":"else","version":"1.0.0"}');
  return {
    adapter: createNanoclawAdapter(ports),
    module: new URL('./adapter.ts', import.meta.url).href,
    factory: 'createNanoclawAdapter',
    target: targetOf(host.dir),
    gone: targetOf(join(root, 'gone')),
    wrongCredential: null,
    broken: [
      { name: 'not running', target: targetOf(join(root, 'stopped')), code: 'agent_unreachable' },
      { name: 'another program', target: targetOf(join(root, 'something')), code: 'agent_unreachable' },
      { name: 'another listener', target: targetOf(join(root, 'other')), code: 'invalid_agent_response' },
      { name: 'no answer', target: targetOf(join(root, 'silent')), code: 'agent_unreachable' },
      { name: 'no such group', target: targetOf(host.dir, 'nobody'), code: 'agent_unreachable' },
      { name: 'not wired', target: targetOf(host.dir, 'unwired'), code: 'agent_unreachable' },
    ],
    streams: false,
    dedupes: true,
    tellsToolInputs: false,
    cancels: version === '2.4.0',
    installation: { dir: host.dir, env: {}, settings: { group: 'unwired' }, receipts: [] },
    effects: (key) => Promise.resolve(host.effects.get(key) ?? 0),
    isWorking: (key) => Promise.resolve(host.working.has(key)),
    async close() {
      await host.stop();
      other.close();
      silent.close();
      rmSync(root, { recursive: true, force: true });
    },
  };
};

adapterContract('nanoclaw', () => open('2.4.0'), '2.4.0');
adapterContract('nanoclaw', () => open('2.0.64'), '2.0.64');
