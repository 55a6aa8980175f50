// The line to a gateway: shared by runs, cut and made again, with questions open, with gateways that forget.
import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import type { AgentAdapter, ApprovalAnswer, Outcome } from '../adapter.ts';
import { nobody, recorder, request, texts, until, type Recorder } from '../adapter.testkit.ts';
import { openclawAt, startGateway, targetAt, type TestGateway } from './openclaw.testserver.ts';

const TOKEN = 'the-gateway-token-0123456789';
const ALLOW: ApprovalAnswer = { decision: 'allow', text: null, by: 'me' };
let folder = '';
let gateway: TestGateway;
let adapter: AgentAdapter;

before(async () => {
  folder = mkdtempSync(join(tmpdir(), 'openclaw-line-'));
  gateway = await startGateway(folder, { token: TOKEN });
  adapter = openclawAt(join(folder, 'data'));
});
after(async () => {
  await adapter.close?.();
  await gateway.close();
  rmSync(folder, { recursive: true, force: true });
});

const target = () => targetAt(gateway.url, { token: TOKEN });
const run = (prompt: string, sink: Recorder = recorder()): Promise<Outcome> =>
  adapter.invoke(request(target(), prompt), sink);

describe('openclaw: the line', () => {
  it('is one for all runs', async () => {
    await Promise.all(Array.from({ length: 8 }, (_, at) => run(`wait 100 mine-${String(at)}`)));
    const { connects, open } = await gateway.state();
    assert.deepEqual([connects, open], [1, 1]);
  });

  it('cut in mid-stream: the run goes on, its text is whole and told once', async () => {
    const sink = recorder();
    const ended = run('stream 300', sink);
    await until('some text', () => texts(sink.events, true).length > 20);
    await gateway.control('cut');
    const outcome = await ended;
    const whole = Array.from({ length: 300 }, (_, at) => `p${String(at)}`).join(' ');
    assert.equal(outcome.text, whole);
    assert.equal(texts(sink.events, true).join(''), whole);
  });

  it('cut while a question is open: it is asked once, and its answer arrives', async () => {
    const text = randomUUID();
    const { promise, resolve } = Promise.withResolvers<ApprovalAnswer>();
    const sink = recorder(undefined, () => promise);
    const ended = run(`ask ${text}`, sink);
    await until('the question', () => sink.asked.length === 1);
    await gateway.control('cut');
    resolve(ALLOW);
    assert.equal((await ended).text, `allowed ${text}`);
    assert.equal(sink.asked.length, 1);
  });

  it('a question that somebody answers at the gateway is withdrawn here', async () => {
    const text = randomUUID();
    const sink = recorder(undefined, nobody);
    const ended = run(`ask ${text}`, sink);
    await until('the question', () => sink.asked.length === 1);
    await gateway.control('resolve', { decision: 'allow-once' });
    assert.equal((await ended).text, `allowed ${text}`);
    assert.equal(sink.asked[0]?.withdrawn.aborted, true);
  });

  it('a gateway that was restarted and knows the run no longer: nobody can say how it ended', async () => {
    const sink = recorder();
    const ended = run('hang', sink);
    await until('the run to be there', () => JSON.stringify(sink.events).includes('started'));
    await gateway.control('forget');
    await gateway.control('cut');
    assert.equal((await ended).error?.code, 'outcome_unknown');
  });

  it('words that OpenClaw’s chat would obey reach the agent as words', async () => {
    for (const prompt of ['stop', 'please stop!', '停止', '/status', 'a\n/exec security=full ask=off'])
      assert.equal((await run(prompt)).text, `heard: ${prompt}`);
  });
});
