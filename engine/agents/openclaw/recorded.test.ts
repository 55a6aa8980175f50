// Frames recorded at OpenClaw 2026.9.6, as the mesh sees them: text once, tools in pairs, ends for what they are.
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import type { AdapterEvent, Outcome } from '../adapter.ts';
import type { GatewayEvent } from './connection.ts';
import { ChallengeSchema, FrameSchema, HelloSchema } from './frames.ts';
import { literal } from './literal.ts';
import { RunView } from './run-view.ts';

interface Recorded extends Record<string, unknown> {
  readonly type: string;
  readonly event?: string;
  readonly payload?: Record<string, unknown>;
}

const frames = (name: string): Recorded[] =>
  readFileSync(new URL(`./fixtures/${name}.jsonl`, import.meta.url), 'utf8')
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => JSON.parse(line) as Recorded);

const eventsOf = (name: string): GatewayEvent[] =>
  frames(name).flatMap((frame) => {
    const parsed = FrameSchema.safeParse(frame);
    return parsed.success && parsed.data.type === 'event' ? [parsed.data] : [];
  });

const play = (
  native: readonly GatewayEvent[],
): { events: AdapterEvent[]; outcome: Outcome | null; view: RunView } => {
  const runId = native
    .map(({ payload }) => (payload as { runId?: unknown } | null)?.runId)
    .find((id) => typeof id === 'string');
  const view = new RunView(String(runId));
  const events = native.flatMap((event) => view.take(event));
  return { events, outcome: view.outcome, view };
};

const textOf = (events: readonly AdapterEvent[], kind: 'message' | 'reasoning'): string =>
  events.flatMap((event) => (event.kind === kind ? [event.payload.text] : [])).join('');

describe('openclaw: recorded frames', () => {
  it('the greeting is understood, with what it leaves out', () => {
    const [challenge, , hello] = frames('hello-device');
    assert.equal(ChallengeSchema.parse(challenge?.payload).ts, 1795347968623);
    const parsed = HelloSchema.parse(hello?.payload);
    assert.deepEqual(
      [parsed.server.version, parsed.policy.tickIntervalMs, parsed.auth.deviceToken],
      ['2026.9.6', 30_000, undefined],
    );
  });

  it('a tool, thoughts and an answer: each once, though OpenClaw says them twice and again', () => {
    const { events, outcome } = play(eventsOf('chat-tool'));
    assert.deepEqual(outcome, {
      status: 'completed',
      text: 'tool result was: tool-says-hi',
      artifacts: [],
    });
    assert.equal(textOf(events, 'message'), 'tool result was: tool-says-hi');
    assert.equal(textOf(events, 'reasoning'), 'Let me think about it.Let me think about it.');
    const tools = events.flatMap((event) => (event.kind === 'tool' ? [event.payload] : []));
    assert.deepEqual(
      tools.map(({ phase, call_id: id }) => [phase, id]),
      ['start', 'update', 'end'].map((phase) => [phase, 'call_plpt1p']),
    );
    assert.deepEqual(
      [tools[0]?.input, tools[2]?.output, tools[2]?.error],
      [{ command: 'echo tool-says-hi' }, 'tool-says-hi', undefined],
    );
    assert.ok(JSON.stringify(events).length < 4_000, 'the session’s metadata is left out');
  });

  it('an abort is cancelled, whatever else its frames say', () => {
    const { outcome, view } = play(eventsOf('agent-abort'));
    assert.deepEqual(outcome, { status: 'cancelled', artifacts: [], cancelConfirmed: true });
    assert.equal(view.ending?.status ?? 'cancelled', 'cancelled');
  });

  it('a model that fails: each retry is told, the end says that trying again may help', () => {
    const { events, outcome } = play(eventsOf('agent-fail'));
    assert.equal(outcome?.status, 'failed');
    assert.deepEqual(
      [outcome.error?.code, outcome.error?.retryable, outcome.error?.cause],
      ['agent_failed', true, 'server_error'],
    );
    const retries = events.filter((event) => JSON.stringify(event).includes('Retrying in'));
    assert.equal(retries.length, 7);
  });

  it('a denied command ends its tool with an error, and the run well', () => {
    const { events, outcome } = play(eventsOf('approval-deny'));
    assert.equal(outcome?.status, 'completed');
    const end = events.find((event) => event.kind === 'tool' && event.payload.phase === 'end');
    assert.match(JSON.stringify(end), /"error":"Exec denied/);
    assert.equal(play(eventsOf('approval-allow-once')).outcome?.status, 'completed');
  });

  it('without the chat’s last word, lifecycle tells the end', () => {
    const native = eventsOf('chat-tool').filter(({ event }) => event === 'agent');
    const { outcome, view } = play(native);
    assert.equal(outcome, null);
    assert.equal(view.ending?.text, 'tool result was: tool-says-hi');
  });

  it('seen over another connection, tools are still paired, and text goes on where it was', () => {
    const native = eventsOf('chat-tool').filter(
      ({ payload }) => (payload as { stream?: string }).stream !== 'tool',
    );
    const view = new RunView(String((native[2]?.payload as { runId?: string }).runId));
    view.becomeForeign('tool result');
    const events = native.flatMap((event) => view.take(event));
    const phases = events.flatMap((event) => (event.kind === 'tool' ? [event.payload.phase] : []));
    assert.deepEqual([phases[0], phases.at(-1)], ['start', 'end']);
    assert.equal(textOf(events, 'message'), ' was: tool-says-hi');
  });

  it('frames may come twice: nothing is told twice (property)', () => {
    const native = eventsOf('chat-tool');
    const once = play(native);
    fc.assert(
      fc.property(fc.array(fc.boolean(), { minLength: native.length, maxLength: native.length }), (twice) => {
        const { events, outcome } = play(
          native.flatMap((event, at) => (twice[at] === true ? [event, event] : [event])),
        );
        assert.deepEqual([events, outcome], [once.events, once.outcome]);
      }),
      { numRuns: 50 },
    );
  });

  it('whatever comes, the view never throws (property)', () => {
    const payload = fc.record(
      {
        runId: fc.constant('r'),
        stream: fc.string(),
        state: fc.string(),
        data: fc.jsonValue(),
        message: fc.jsonValue(),
      },
      { requiredKeys: ['runId'] },
    );
    fc.assert(
      fc.property(
        fc.constantFrom('agent', 'chat', 'other'),
        fc.oneof(payload, fc.jsonValue()),
        (event, given) => {
          new RunView('r').take({ type: 'event', event, payload: given });
        },
      ),
    );
  });
});

describe('openclaw: a prompt is no command', () => {
  it('takes away what the chat obeys and leaves what a reader sees', () => {
    const joiner = '\u2060';
    assert.equal(literal('/status'), `${joiner}/status`);
    assert.equal(literal('a\n/exec security=full'), `a\n${joiner}/exec security=full`);
    assert.equal(literal('look at /usr/bin, 1/2 and https://a/b'), 'look at /usr/bin, 1/2 and https://a/b');
    assert.equal(literal('! ls'), `${joiner}! ls`);
    assert.equal(literal('plain words'), 'plain words');
  });

  it('finds every place (property)', () => {
    const word = fc.oneof(
      fc.constantFrom('/exec', '/think:', '/a/b', 'x', '\n', '\t', ' ', '/'),
      fc.string(),
    );
    fc.assert(
      fc.property(fc.array(word), (words) => {
        const prompt = words.join('');
        const sent = literal(prompt);
        assert.doesNotMatch(sent, /(?<!\S)\/[\w-]+(?=$|\s|:)/u);
        assert.equal(sent.replaceAll('\u2060', ''), prompt.replaceAll('\u2060', ''));
      }),
    );
  });
});
