// A task that waits for somebody: what is asked, what the agent hears, and what it never hears.
import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { testPorts } from '../adapter.testports.ts';
import { dropAt, nobody, recorder, request, type Person, type Recorder } from '../adapter.testkit.ts';
import type {
  AgentAdapter,
  ApprovalAnswer,
  ApprovalAsk,
  InvokeRequest,
  Outcome,
  Target,
} from '../adapter.ts';
import { startAgent, startLine, targetAt, type Line, type TestAgent } from './a2a.testserver.ts';
import { createA2aAdapter } from './adapter.ts';

const BY = 'socket uid:1000';
const adapter: AgentAdapter = createA2aAdapter(testPorts);
const FIXTURE = {
  module: new URL('./adapter.ts', import.meta.url).href,
  factory: 'createA2aAdapter',
};

const allow = (text: string | null): ApprovalAnswer => ({ decision: 'allow', text, by: BY });

describe('a2a: an agent that waits for somebody', () => {
  const folder = mkdtempSync(join(tmpdir(), 'agentmesh-questions-'));
  const agents: TestAgent[] = [];
  let streaming: Target;
  let polled: Target;
  before(async () => {
    for (const options of [{}, { streaming: false }]) agents.push(await startAgent(folder, options));
    [streaming, polled] = agents.map(({ url }) => targetAt(url)) as [Target, Target];
  });
  after(async () => {
    for (const agent of agents) await agent.close();
    rmSync(folder, { recursive: true, force: true });
  });

  const run = async (
    target: Target,
    prompt: string,
    person: Person,
    more: Partial<InvokeRequest> = {},
  ): Promise<{ outcome: Outcome; sink: Recorder }> => {
    const ask = request(target, prompt, more);
    const sink = recorder(undefined, person, ask.signal);
    return { outcome: await adapter.invoke(ask, sink), sink };
  };

  it('a question is put whole, and the answer is the next message of the same task', async () => {
    for (const target of [streaming, polled]) {
      const { outcome, sink } = await run(target, 'question Which branch?\nmain or next', () =>
        allow('next, please'),
      );
      assert.deepEqual([outcome.status, outcome.text], ['completed', 'heard next, please']);
      const [asked, ...others] = sink.asked;
      assert.equal(others.length, 0);
      assert.equal(asked?.kind, 'question');
      assert.equal(asked.title, 'Which branch?');
      assert.equal(asked.expiresAt, null);
      assert.ok(JSON.stringify(asked.operation).includes('main or next'));
      assert.ok(asked.nativeId.startsWith(String(sink.saved?.['taskId'])));
      assert.equal(sink.calls.filter((call) => call === 'handle').length, 1);
    }
  });

  it('no is an answer too: with its reason, or that nobody was there', async () => {
    const denied = await run(streaming, 'question Go on?', () => ({
      decision: 'deny',
      reason: 'not on a Friday',
      by: BY,
    }));
    assert.equal(denied.outcome.text, 'heard Denied by a person. not on a Friday');
    const expired = await run(streaming, 'question Go on?', () => ({ decision: 'expired' }));
    assert.equal(expired.outcome.text, 'heard Nobody answered in time.');
  });

  it('an authorization: what is asked and where is shown, and nothing that is typed reaches the agent', async () => {
    const { outcome, sink } = await run(
      streaming,
      'login Sign in at https://login.example/device?code=AB-12 then come back',
      () => allow('my-password-1234'),
    );
    assert.deepEqual(
      [outcome.status, outcome.text],
      ['completed', 'heard The authorization was given. Please go on.'],
    );
    const [asked] = sink.asked;
    const operation = asked?.operation as { state: string; addresses: string[] };
    assert.equal(operation.state, 'auth-required');
    assert.deepEqual(operation.addresses, ['https://login.example/device?code=AB-12']);
    assert.ok(
      sink.events.some((event) => event.kind === 'status' && event.payload.state === 'auth-required'),
    );
  });

  it('an agent that goes on by itself withdraws what it asked', async () => {
    const withdrawn: ApprovalAsk[] = [];
    const waiting: Person = (ask) =>
      new Promise((resolve) => {
        ask.withdrawn.addEventListener('abort', () => {
          withdrawn.push(ask);
          resolve({ decision: 'withdrawn' });
        });
      });
    const { outcome } = await run(streaming, 'login-elsewhere 1500', waiting);
    assert.deepEqual([outcome.status, outcome.text], ['completed', 'signed in']);
    assert.equal(withdrawn.length, 1);
  });

  it('a cancel while a person thinks ends the task at the agent', async () => {
    const stop = new AbortController();
    const ended = run(
      streaming,
      'question Well?',
      (ask) => {
        stop.abort();
        return nobody(ask);
      },
      { signal: stop.signal },
    );
    const { outcome } = await ended;
    assert.deepEqual([outcome.status, outcome.cancelConfirmed], ['cancelled', true]);
  });

  it('nobody can be asked at all: the question is how it ended', async () => {
    const { outcome } = await run(streaming, 'question Which one?', () => ({ decision: 'withdrawn' }));
    assert.deepEqual(
      [outcome.status, outcome.error?.code, outcome.text],
      ['input-required', 'agent_needs_input', 'Which one?'],
    );
  });

  it('the setting input_required says what such an end is', async () => {
    const target = (value: string): Target => ({
      ...streaming,
      entry: { ...streaming.entry, settings: { input_required: value } },
    });
    const finished = await run(target('completed'), 'question Here it is.', nobody);
    assert.deepEqual([finished.outcome.status, finished.outcome.text], ['completed', 'Here it is.']);
    const asked = await run(target('ask'), 'question Here it is.', () => allow('fine'));
    assert.equal(asked.outcome.text, 'heard fine');
    // A tool that waits for a yes is a question in any case.
    const tool = await run(target('completed'), 'ask deploy', () => allow(null));
    assert.equal(tool.outcome.text, 'allowed deploy');
    const wrong = await run(target('perhaps'), 'question x', nobody);
    assert.equal(wrong.outcome.error?.code, 'bad_request');
    const probe = await adapter.probe(target('perhaps'), { signal: AbortSignal.timeout(5_000) });
    assert.match(probe.problem?.message ?? '', /input_required .* is perhaps/);
  });

  it('our process is killed while a person thinks: the same question again, and one answer', async () => {
    for (const target of [streaming, polled]) {
      const ask = request(target, 'question Still there?');
      const { handle, said } = await dropAt(FIXTURE, ask, 'approval', false);
      const sink = recorder(undefined, () => allow('yes'));
      const outcome = await adapter.reattach(ask, handle, sink);
      assert.equal('text' in outcome && outcome.text, 'heard yes');
      assert.equal(sink.asked[0]?.nativeId, (said as { nativeId: string }).nativeId);
    }
  });

  it('the line breaks as the answer leaves: the agent hears it once', async () => {
    const [agent] = agents;
    assert.ok(agent !== undefined);
    const line: Line = await startLine(agent.port);
    const { card } = await adapter.probe(streaming, { signal: AbortSignal.timeout(5_000) });
    const seen = JSON.parse(JSON.stringify(card).replaceAll(agent.url, line.url)) as unknown;
    const { outcome, sink } = await run(targetAt(line.url, { card: seen }), 'question Again?', () => {
      line.refuse(true);
      line.cut();
      setTimeout(() => {
        line.refuse(false);
      }, 700);
      return allow('once');
    });
    await line.close();
    assert.deepEqual([outcome.status, outcome.text], ['completed', 'heard once'], JSON.stringify(outcome));
    assert.equal(sink.asked.length, 1);
  });
});
