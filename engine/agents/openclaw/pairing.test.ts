// Our device at a gateway: paired once, known by its own token ever after, and what a person must do when it is not.
import assert from 'node:assert/strict';
import { chmodSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, it } from 'node:test';
import type { AgentAdapter, Probe, Target } from '../adapter.ts';
import type { GatewayOptions } from './openclaw.testagent.ts';
import { openclawAt, startGateway, targetAt, type TestGateway } from './openclaw.testserver.ts';

const TOKEN = 'the-gateway-token-0123456789';
let folder = '';
let dataDir = '';
const closing: (() => Promise<void> | undefined)[] = [];

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'openclaw-pairing-'));
  dataDir = join(folder, 'data');
});
afterEach(async () => {
  for (const close of closing.splice(0)) await close();
  rmSync(folder, { recursive: true, force: true });
});

const gatewayWith = async (options: Partial<GatewayOptions> = {}): Promise<TestGateway> => {
  const gateway = await startGateway(folder, { token: TOKEN, ...options });
  closing.push(() => gateway.close());
  return gateway;
};

/** A daemon’s adapter; another one on the same folder is the daemon after a restart. */
const daemon = (): AgentAdapter => {
  const adapter = openclawAt(dataDir);
  closing.push(() => adapter.close?.());
  return adapter;
};

const look = (adapter: AgentAdapter, target: Target): Promise<Probe> =>
  adapter.probe(target, { signal: AbortSignal.timeout(5_000) });

const keyFolder = (): string => join(dataDir, 'agent-keys', 'openclaw');
const keyFiles = (): string[] => readdirSync(keyFolder()).map((name) => join(keyFolder(), name));

describe('openclaw: pairing', () => {
  it('spends the gateway’s token once; our own lies in a file of 0600 and is enough after a restart', async () => {
    const gateway = await gatewayWith();
    const first = await look(daemon(), targetAt(gateway.url, { token: TOKEN }));
    assert.deepEqual([first.problem, first.isCredentialSpent, first.version], [null, true, '2026.9.6']);
    for (const file of keyFiles()) assert.equal(statSync(file).mode & 0o777, 0o600, file);
    assert.equal(statSync(keyFolder()).mode & 0o777, 0o700);
    assert.equal(keyFiles().length, 2);
    for (const file of keyFiles()) assert.equal(readFileSync(file, 'utf8').includes(TOKEN), false, file);

    const again = await look(daemon(), targetAt(gateway.url));
    assert.equal(again.problem, null);
    assert.equal((await gateway.state()).paired, 1);
  });

  it('on another host: the exact command to type, then it works by itself', async () => {
    const gateway = await gatewayWith({ isPairingByHand: true });
    const adapter = daemon();
    const target = targetAt(gateway.url, { token: TOKEN });
    const waiting = await look(adapter, target);
    const [requestId] = (await gateway.state()).pending;
    assert.equal(waiting.problem?.code, 'auth');
    assert.ok(waiting.problem.message.endsWith(`openclaw devices approve ${String(requestId)}`));
    await gateway.control('approve');
    assert.equal((await look(adapter, target)).problem, null);
    assert.equal((await look(adapter, targetAt(gateway.url))).problem, null);
  });

  it('a gateway that is just starting is waited for', async () => {
    const gateway = await gatewayWith({ startingConnects: 3 });
    assert.equal((await look(daemon(), targetAt(gateway.url, { token: TOKEN }))).problem, null);
  });

  it('a token that was taken back says what to do, and the gateway’s own pairs anew', async () => {
    const gateway = await gatewayWith();
    await look(daemon(), targetAt(gateway.url, { token: TOKEN }));
    await gateway.control('revoke');
    const refused = await look(daemon(), targetAt(gateway.url));
    assert.equal(refused.problem?.code, 'auth');
    assert.match(refused.problem.cause ?? '', /agentmesh openclaw install/);
    assert.equal((await look(daemon(), targetAt(gateway.url, { token: TOKEN }))).problem, null);
    assert.equal((await look(daemon(), targetAt(gateway.url))).problem, null);
  });

  it('a key file that others can read, or that is damaged, is neither used nor replaced', async () => {
    const gateway = await gatewayWith();
    await look(daemon(), targetAt(gateway.url, { token: TOKEN }));
    const file = join(keyFolder(), 'device.json');
    const key = readFileSync(file, 'utf8');
    chmodSync(file, 0o644);
    const loose = await look(daemon(), targetAt(gateway.url));
    assert.deepEqual([loose.problem?.code, loose.problem?.cause], ['auth', `Close it: chmod 600 ${file}`]);
    for (const text of ['', '{}', key.slice(0, 20), '{"version":1,"private_key":"AAAA"}']) {
      rmSync(file);
      writeFileSync(file, text, { mode: 0o600 });
      const damaged = await look(daemon(), targetAt(gateway.url));
      assert.equal(damaged.problem?.code, 'auth', text);
      assert.equal(readFileSync(file, 'utf8'), text);
    }
  });
});
