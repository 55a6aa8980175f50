// A line to an agent that breaks: nothing is lost, nothing is doubled, and what cannot be known is said.
import assert from 'node:assert/strict';
import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import type { AdapterEvent, InvokeRequest, NativeHandle, Sink, Target } from '../adapter.ts';
import { testPorts } from '../adapter.testports.ts';
import { startAgent, startLine, targetAt, type Line, type TestAgent } from './a2a.testserver.ts';
import { createA2aAdapter } from './adapter.ts';

const adapter = createA2aAdapter(testPorts);
const folder = mkdtempSync(join(tmpdir(), 'agentmesh-a2a-line-'));
let keys = 0;

interface Heard extends Sink {
  readonly events: AdapterEvent[];
}

const hear = (onEvent: (event: AdapterEvent, count: number) => void = () => undefined): Heard => {
  const events: AdapterEvent[] = [];
  return {
    events,
    handle: () => Promise.resolve(),
    event(event) {
      events.push(event);
      onEvent(event, events.length);
      return Promise.resolve();
    },
    sent: () => undefined,
    approval: () => Promise.resolve({ decision: 'withdrawn' }),
  };
};

const ask = (target: Target, prompt: string, signal = new AbortController().signal): InvokeRequest => ({
  target,
  prompt,
  data: {},
  runId: 'r',
  key: `line-${String((keys += 1))}`,
  deadline: Date.now() + 60_000,
  signal,
});

const whole = (events: readonly AdapterEvent[]): string[] =>
  events.flatMap((event) => (event.kind === 'message' && event.delta !== true ? [event.payload.text] : []));

describe('a2a: a line that breaks', () => {
  let agent: TestAgent;
  let line: Line;
  let target: Target;
  before(async () => {
    agent = await startAgent(folder);
    line = await startLine(agent.port);
    const { card } = await adapter.probe(targetAt(agent.url), { signal: AbortSignal.timeout(5_000) });
    // The card names the agent’s port; seen through the line it is another one.
    const seen = JSON.parse(JSON.stringify(card).replaceAll(agent.url, line.url)) as unknown;
    target = targetAt(line.url, { card: seen });
  });
  after(async () => {
    await line.close();
    await agent.close();
    rmSync(folder, { recursive: true, force: true });
  });

  const isWorking = (key: string): boolean => existsSync(join(folder, `${key}.working`));

  it('cut in mid-stream three times: each message once, in order, and the text whole', async () => {
    const sink = hear((_, count) => {
      if (count === 5 || count === 20 || count === 33) line.cut();
    });
    const outcome = await adapter.invoke(ask(target, 'count'), sink);
    assert.equal(outcome.status, 'completed', JSON.stringify(outcome));
    assert.deepEqual(
      whole(sink.events),
      Array.from({ length: 30 }, (_, at) => `m${String(at)}`),
    );
    assert.equal(outcome.text, Array.from({ length: 30 }, (_, at) => `p${String(at)} `).join(''));
    assert.equal(sink.events.filter(({ kind }) => kind === 'artifact').length, 1);
  });

  it('away for a while: the task is found again at its end', async () => {
    const sink = hear((_, count) => {
      if (count !== 4) return;
      line.refuse(true);
      line.cut();
      setTimeout(() => {
        line.refuse(false);
      }, 2_000);
    });
    const outcome = await adapter.invoke(ask(target, 'count'), sink);
    assert.equal(outcome.status, 'completed', JSON.stringify(outcome));
    assert.deepEqual(
      whole(sink.events),
      Array.from({ length: 30 }, (_, at) => `m${String(at)}`),
    );
    assert.equal(outcome.text, Array.from({ length: 30 }, (_, at) => `p${String(at)} `).join(''));
  });

  it('an abort while the agent is away ends at once, unconfirmed', async () => {
    const abort = new AbortController();
    const sink = hear((_, count) => {
      if (count !== 2) return;
      line.refuse(true);
      line.cut();
      setTimeout(() => {
        abort.abort();
      }, 300);
    });
    const outcome = await adapter.invoke(ask(target, 'hang', abort.signal), sink);
    line.refuse(false);
    assert.equal(outcome.status, 'cancelled');
    assert.equal(outcome.cancelConfirmed, false);
  });

  it('an answer without end is refused, and the agent is told to stop', async () => {
    const request = ask(target, 'huge');
    const outcome = await adapter.invoke(request, hear());
    assert.equal(outcome.error?.code, 'invalid_agent_response', JSON.stringify(outcome.error));
    for (let tries = 0; isWorking(request.key) && tries < 100; tries += 1) await sleep(50);
    assert.equal(isWorking(request.key), false);
  });

  it('reattach waits for an agent that comes back later', async () => {
    const request = ask(target, 'wait 800 done');
    const saved = Promise.withResolvers<NativeHandle>();
    const sink: Sink = {
      ...hear(),
      handle(native) {
        saved.resolve(native);
        return Promise.resolve();
      },
    };
    const first = adapter.invoke(request, sink);
    const handle = await saved.promise;
    line.refuse(true);
    line.cut();
    setTimeout(() => {
      line.refuse(false);
    }, 1_200);
    const found = await adapter.reattach(request, handle, hear());
    assert.equal(found.status, 'completed', JSON.stringify(found));
    assert.equal('text' in found && found.text, 'done');
    assert.equal((await first).text, 'done');
  });

  for (const prompt of ['count', 'tool', 'reason', 'echo hello'])
    it(`found again, a task is told from its beginning, as what may be known: ${prompt}`, async () => {
      const request = ask(target, prompt);
      const saved = Promise.withResolvers<NativeHandle>();
      const first = hear();
      const outcome = await adapter.invoke(request, {
        ...first,
        handle(native) {
          saved.resolve(native);
          return Promise.resolve();
        },
      });
      const again = hear();
      const { status } = await adapter.reattach(request, await saved.promise, again);
      assert.equal(status, outcome.status);
      // What has pieces is told whole, by its artifact.
      const told = ({ events }: Heard) =>
        events
          .filter(
            ({ delta, payload }) => delta !== true && !('state' in payload && payload.state === 'submitted'),
          )
          .map(({ kind, payload }) => ({ kind, payload }));
      assert.deepEqual(told(again), told(first));
      assert.ok(again.events.every(({ metadata }) => metadata?.['replayed'] === true));
    });

  it('an agent that forgot the task cannot say how it ended', async () => {
    const found = await adapter.reattach(
      ask(target, 'echo x'),
      { taskId: 'no-such-task', contextId: 'c' },
      hear(),
    );
    assert.deepEqual(found, { status: 'unknown' });
  });

  it('keeps failures, refusals and questions apart', async () => {
    const forGood = await adapter.invoke(ask(target, 'fail-for-good'), hear());
    assert.deepEqual(forGood.error, {
      code: 'agent_failed',
      message: 'no such repository',
      retryable: false,
      cause: 'E1',
    });
    const rejected = await adapter.invoke(ask(target, 'reject'), hear());
    assert.equal(rejected.status, 'rejected');
    assert.equal(rejected.error?.code, 'agent_rejected');
    const question = await adapter.invoke(ask(target, 'question which one?'), hear());
    assert.equal(question.status, 'input-required');
    assert.equal(question.text, 'which one?');
  });

  it('hands the data part over', async () => {
    const outcome = await adapter.invoke({ ...ask(target, 'data'), data: { inputs: { a: 1 } } }, hear());
    assert.deepEqual(outcome.artifacts.at(-1)?.data, [null, { inputs: { a: 1 } }]);
  });
});
