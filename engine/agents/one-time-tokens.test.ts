// The token of a kind that pairs: it reaches the adapter, and no file of the data folder ever holds it.
import assert from 'node:assert/strict';
import { mkdtempSync, readdirSync, readFileSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, it } from 'node:test';
import { testPorts } from '../events/arbitraries.ts';
import { socketCaller } from '../identity/caller.ts';
import { createEngine, type Engine } from '../index.ts';
import { startGateway, type TestGateway } from './openclaw/openclaw.testserver.ts';

const TOKEN = 'the-gateway-token-0123456789';
const caller = socketCaller('uid:1000');
let folder = '';
let dataDir = '';
let gateway: TestGateway;

before(async () => {
  folder = mkdtempSync(join(tmpdir(), 'one-time-'));
  dataDir = join(folder, 'data');
  gateway = await startGateway(folder, { token: TOKEN, isPairingByHand: true });
});
after(async () => {
  await gateway.close();
  rmSync(folder, { recursive: true, force: true });
});

const open = (): Promise<Engine> =>
  createEngine(
    { dataDir, templateDirs: [], bootstrapFile: null, synchronous: 'NORMAL', concurrency: 4, version: '0' },
    testPorts(),
  );

const holdsToken = (): string[] =>
  readdirSync(dataDir, { recursive: true, encoding: 'utf8' })
    .map((name) => join(dataDir, name))
    .filter((file) => statSync(file).isFile() && readFileSync(file).includes(TOKEN));

it('is held until the pairing is done, and written nowhere', async () => {
  const engine = await open();
  const entry = { kind: 'openclaw', name: 'claw', url: gateway.url, token: TOKEN };
  const added = await engine.agents.add(caller, entry, 'url', 'cli');
  assert.match(added.problem ?? '', /openclaw devices approve/);
  assert.equal(added.has_credential, false);
  await gateway.control('approve');
  // Nobody gives the token again: the next look has it.
  const { agents } = await engine.discovery.sweep(caller, { waitMs: 5_000 });
  assert.deepEqual(
    agents.map(({ name, presence, problem }) => [name, presence, problem]),
    [['claw', 'reachable', null]],
  );
  await engine.close({ drainMs: 0 });
  assert.deepEqual(holdsToken(), []);

  const next = await open();
  const later = await next.discovery.sweep(caller, { waitMs: 5_000 });
  assert.equal(later.agents[0]?.presence, 'reachable', 'our device has a token of its own');
  await next.close({ drainMs: 0 });
});
