// OpenClaw by its program alone: the contract, against a program that plays what the real one printed, and its manners.
import assert from 'node:assert/strict';
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, describe, it } from 'node:test';
import { fileURLToPath } from 'node:url';
import { groupAlive } from '../../processes/process-group.ts';
import { adapterContract, type AdapterFixture } from '../adapter.testsuite.ts';
import { programBench } from '../adapter.testprogram.ts';
import { recorder, request, until } from '../adapter.testkit.ts';
import { isWithoutGateway, outcomeOf, parseAnswer } from './cli-answer.ts';
import { openclawAt } from './openclaw.testserver.ts';

const dataDir = mkdtempSync(join(tmpdir(), 'agentmesh-openclaw-cli-'));
after(() => {
  rmSync(dataDir, { recursive: true, force: true });
});
const adapter = openclawAt(dataDir);
const bench = programBench(adapter, fileURLToPath(new URL('./cli.testagent.ts', import.meta.url)), {
  module: new URL('./openclaw.testserver.ts', import.meta.url).href,
  factory: 'createOpenclawOfTest',
});
const GATEWAY = { OPENCLAW_TEST_GATEWAY: 'on' };
const starts = (): string[] => readFileSync(join(bench.folder, 'starts'), 'utf8').trim().split('\n');

const state = join(dataDir, 'state');
const PROGRAM = fileURLToPath(new URL('./openclaw.testprogram.ts', import.meta.url));

/** An OpenClaw whose gateway does not run. */
const installation = (): NonNullable<AdapterFixture['installation']> => {
  mkdirSync(state, { recursive: true });
  writeFileSync(join(state, 'openclaw.json'), JSON.stringify({ gateway: { port: 1 } }));
  writeFileSync(join(state, 'openclaw'), `#!/bin/sh\nexec '${process.execPath}' '${PROGRAM}' "$@"\n`, {
    mode: 0o755,
  });
  return {
    env: { PATH: `${state}:/usr/bin:/bin`, HOME: dataDir, OPENCLAW_STATE_DIR: state },
    settings: { without_gateway: true },
    receipts: [],
  };
};

adapterContract(
  'openclaw',
  () => Promise.resolve({ ...bench.fixture(), installation: installation() }),
  'by its program',
);

describe('openclaw by its program', () => {
  it('says what it cannot: no pieces, no questions, nothing found again', () => {
    const { stream, tools, approvals, resume, cancel } = adapter.capabilities(bench.targetOf().entry);
    assert.deepEqual([stream, tools, approvals, resume, cancel], [false, false, false, false, 'process']);
    assert.equal(adapter.capabilities().approvals, true);
  });

  it('goes through the gateway when one listens, else without, once each; the prompt is in no list of processes', async () => {
    const before = starts().length;
    const { outcome, sink } = await bench.run('echo a secret word');
    assert.equal(outcome.text, 'a secret word');
    const tried = starts().slice(before);
    assert.deepEqual(
      tried.map((line) => line.includes('--local')),
      [false, true],
    );
    assert.equal(tried.join().includes('secret'), false);
    assert.equal(JSON.stringify(sink.events).includes('Gateway not reachable'), false);
    const through = await bench.run('echo hi', { env: GATEWAY });
    assert.deepEqual([through.outcome.text, starts().length], ['hi', before + 3]);
    assert.ok(through.sink.events.some(({ metadata }) => metadata?.['usage'] !== undefined));
  });

  it('the setting via chooses one way alone', async () => {
    const gateway = await bench.run('echo x', { settings: { via: 'gateway' } });
    assert.deepEqual(
      [gateway.outcome.error?.code, gateway.outcome.error?.retryable],
      ['agent_unreachable', true],
    );
    assert.match(gateway.outcome.error?.message ?? '', /openclaw gateway run/);
    const local = await bench.run('echo x', { settings: { via: 'local' }, env: GATEWAY });
    assert.equal(local.outcome.error?.code, 'agent_unreachable');
    assert.match(local.outcome.error?.message ?? '', /A Gateway is running/);
  });

  it('its words become codes: who may be asked again, and who must log in', async () => {
    for (const [name, code, retryable] of [
      ['local-fail', 'agent_failed', true],
      ['local-login', 'auth', false],
      ['local-timeout', 'agent_failed', true],
      ['gateway-timeout', 'agent_failed', true],
      ['gateway-late', 'outcome_unknown', true],
      ['unknown-agent', 'agent_unreachable', false],
    ] as const) {
      const { outcome } = await bench.run(`play ${name}`, { env: name.startsWith('gateway') ? GATEWAY : {} });
      assert.deepEqual(
        [outcome.status, outcome.error?.code, outcome.error?.retryable],
        ['failed', code, retryable],
        name,
      );
    }
    const nobody = await bench.run('echo x', { settings: { agent: 'nobody' } });
    assert.match(nobody.outcome.error?.message ?? '', /Unknown agent id/);
  });

  it('a tool that was used is told with the end, with its failures', async () => {
    const { outcome, sink } = await bench.run('tool');
    assert.equal(outcome.status, 'completed');
    assert.ok(JSON.stringify(sink.events).includes('used exec (calls 1, failed 1)'));
  });

  it('a cancel through the gateway is confirmed by OpenClaw’s own word, and not when it says otherwise', async () => {
    for (const [prompt, confirmed] of [
      ['hang', true],
      ['stubborn', false],
      ['deaf', false],
    ] as const) {
      const abort = new AbortController();
      const asked = request(bench.targetOf({ env: GATEWAY }), prompt, { signal: abort.signal });
      const sink = recorder();
      const ended = adapter.invoke(asked, sink);
      await until('the work', () => existsSync(join(bench.folder, `${asked.key}.working`)));
      abort.abort();
      const outcome = await ended;
      assert.deepEqual([outcome.status, outcome.cancelConfirmed], ['cancelled', confirmed], prompt);
      assert.equal(groupAlive(Number(sink.saved?.['pid'])), false);
    }
  });

  it('one run at a time without a gateway: the others wait, say so, and can be cancelled', async () => {
    const first = bench.run('wait 1200 first');
    const abort = new AbortController();
    const late = recorder();
    await until('the first', () => starts().at(-1)?.includes('--local') === true);
    const waits = adapter.invoke(request(bench.targetOf(), 'echo never', { signal: abort.signal }), late);
    await until('the word', () => JSON.stringify(late.events).includes('waits for another'));
    assert.deepEqual(late.saved, { waiting: true });
    const found = await adapter.reattach(request(bench.targetOf(), 'echo never'), late.saved, recorder());
    assert.equal(found.status, 'never-received');
    abort.abort();
    assert.deepEqual([(await waits).status, (await first).outcome.text], ['cancelled', 'first']);
    assert.equal(existsSync(join(bench.folder, 'occupied')), false, 'none of ours met another of ours');
  });

  it('somebody else’s run holds the state: asked again until it is free', async () => {
    const others = openclawAt(dataDir);
    const first = others.invoke(request(bench.targetOf(), 'wait 900 theirs'), recorder());
    await until('theirs', () => starts().at(-1)?.includes('--local') === true);
    const { outcome } = await bench.run('echo mine');
    assert.deepEqual([outcome.text, (await first).text], ['mine', 'theirs']);
  });

  it('what is no answer, too much, or a prompt that is too large fails with a word', async () => {
    const { outcome: dead } = await bench.run('die 3');
    assert.match(dead.error?.message ?? '', /exited with 3 without an answer/);
    assert.equal((await bench.run('flood')).outcome.error?.code, 'invalid_agent_response');
    const { outcome, sink } = await bench.run('x'.repeat(5 * 1024 * 1024));
    assert.deepEqual([outcome.error?.code, sink.calls], ['invalid_input', []]);
    const gone = await bench.run('echo x', { command: ['agentmesh-no-such-program'] });
    assert.match(gone.outcome.error?.message ?? '', /install it \(npm install -g openclaw\)/);
  });

  it('goes on without a gateway only when none listens on this machine', () => {
    const refused = (message: string): boolean =>
      isWithoutGateway(parseAnswer(JSON.stringify({ ok: false, error: { type: 'cli_error', message } })));
    assert.equal(refused('Gateway not reachable at ws://127.0.0.1:18789 (ECONNREFUSED).\nStart it'), true);
    assert.equal(refused('Gateway not reachable at wss://claw.example:443 (ECONNREFUSED).'), false);
    assert.equal(refused('Gateway not reachable at ws://127.0.0.1:18789 (ETIMEDOUT).'), false);
  });

  it('reads an answer with anything in it', () => {
    assert.equal(parseAnswer('nothing'), null);
    assert.equal(parseAnswer('{"hello":1}'), null);
    const media = parseAnswer('{"payloads":[{"text":"see"},{"mediaUrl":"/tmp/a.png"}],"meta":{}}');
    assert.ok(media !== null);
    assert.equal(outcomeOf(media, 0).text, 'see\n\nAttachment: /tmp/a.png');
  });
});
