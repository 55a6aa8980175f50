// What runs at OpenClaw ask beside commands: plugins and the agent’s own questions, from frames recorded at 2026.9.6.
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import type { ApprovalAnswer, ApprovalAsk } from '../adapter.ts';
import { until } from '../adapter.testkit.ts';
import { Approvals } from './approvals.ts';
import { FAMILIES } from './asked.ts';
import type { Connection, GatewayEvent } from './connection.ts';
import { GatewayRefusal, LineLost } from './faults.ts';

const frames = readFileSync(new URL('./fixtures/asked.jsonl', import.meta.url), 'utf8')
  .split('\n')
  .filter((line) => line !== '')
  .map((line) => JSON.parse(line) as GatewayEvent & { payload: Record<string, unknown> });
const [QUESTION, , PLUGIN] = frames;
assert.ok(QUESTION !== undefined && PLUGIN !== undefined);
const RUN = String(QUESTION.payload['runId']);
/** The gateway’s own record of the plugin’s question, as its event brings it. */
const plugin: GatewayEvent = {
  type: 'event',
  event: 'plugin.approval.requested',
  payload: { id: PLUGIN.payload['id'], request: PLUGIN.payload['request'], expiresAtMs: 1_795_383_261_027 },
};
const SESSION = 'agent:main:agentmesh:2d5238ed23ded0472dada4ad02e83b02';

const BY = 'socket uid:1000';
const allow = (text: string | null = null): ApprovalAnswer => ({ decision: 'allow', text, by: BY });
const deny: ApprovalAnswer = { decision: 'deny', reason: null, by: BY };

/** Approvals of one run at a gateway that answers as `answers` says. */
const stage = (
  person: (ask: ApprovalAsk) => ApprovalAnswer | Promise<ApprovalAnswer>,
  answers: (method: string, params: unknown) => unknown = () => ({ ok: true }),
) => {
  const sent: [string, unknown][] = [];
  const asked: ApprovalAsk[] = [];
  const told: string[] = [];
  const faults: unknown[] = [];
  const connection = {
    request: (method: string, params: unknown) => {
      sent.push([method, params]);
      return Promise.resolve().then(() => answers(method, params));
    },
  } as unknown as Connection;
  const approvals = new Approvals({
    request: { key: RUN },
    sessionKey: SESSION,
    sink: {
      approval: async (ask) => {
        asked.push(ask);
        return person(ask);
      },
    },
    connection: () => connection,
    tell: (text) => void told.push(text),
    onFault: (error) => void faults.push(error),
  });
  return { approvals, connection, sent, asked, told, faults };
};

const question = (more: object): GatewayEvent => ({
  ...QUESTION,
  payload: { ...QUESTION.payload, ...more },
});
const { questions } = QUESTION.payload as { questions: readonly Record<string, unknown>[] };

describe('openclaw: what a run asks', () => {
  it('a plugin asks: put whole, allowed once, or denied', async () => {
    for (const [answer, decision] of [
      [allow(), 'allow-once'],
      [deny, 'deny'],
      [{ decision: 'expired' } as const, 'deny'],
    ] as const) {
      const { approvals, asked, sent } = stage(() => answer);
      approvals.take(plugin);
      await until('the answer', () => sent.length > 0);
      assert.deepEqual(sent, [['plugin.approval.resolve', { id: PLUGIN.payload['id'], decision }]]);
      assert.deepEqual(
        [asked[0]?.kind, asked[0]?.title, asked[0]?.tool],
        ['permission', 'Send the mail?', 'send_mail'],
      );
      assert.match(JSON.stringify(asked[0]?.operation), /"description":"to all".*"plugin":"mailer"/);
    }
  });

  it('the agent asks: an option by its name, its number, or another answer', async () => {
    for (const [text, given] of [
      ['blue', 'Blue'],
      ['1', 'red'],
      [' green ', 'green'],
    ] as const) {
      const { approvals, asked, sent } = stage(() => allow(text));
      approvals.take(QUESTION);
      await until('the answer', () => sent.length > 0);
      assert.deepEqual(sent, [
        ['question.resolve', { id: QUESTION.payload['id'], answers: { answers: { which: [given] } } }],
      ]);
      assert.deepEqual([asked[0]?.kind, asked[0]?.title], ['question', 'Which one?']);
    }
  });

  it('several questions are several approvals and one answer; a no to one of them ends all', async () => {
    const two = question({
      questions: [questions[0], { ...questions[0], questionId: 'more', multiSelect: true }],
    });
    const all = stage(({ nativeId }) => allow(nativeId.endsWith('/more') ? 'red, blue' : 'red'));
    all.approvals.take(two);
    await until('the answer', () => all.sent.length > 0);
    assert.deepEqual(all.sent[0]?.[1], {
      id: QUESTION.payload['id'],
      answers: { answers: { which: ['red'], more: ['red', 'Blue'] } },
    });
    const some = stage(({ nativeId }) => (nativeId.endsWith('/more') ? deny : allow('red')));
    some.approvals.take(two);
    await until('the answer', () => some.sent.length > 0);
    assert.deepEqual(some.sent[0]?.[1], { id: QUESTION.payload['id'], cancel: true });
  });

  it('an answer that OpenClaw does not take ends the question, so that the run goes on', async () => {
    const { approvals, sent, told } = stage(
      () => allow('nonsense'),
      (_, params) => {
        if ('cancel' in (params as object)) return { status: 'cancelled' };
        throw new GatewayRefusal('question.resolve', { code: 'INVALID_REQUEST', message: 'unknown option' });
      },
    );
    approvals.take(QUESTION);
    await until('the end', () => sent.length === 2);
    assert.deepEqual(sent[1]?.[1], { id: QUESTION.payload['id'], cancel: true });
    assert.match(told.join(), /did not take the answer: unknown option/);
  });

  it('a secret is asked of nobody here, and it is said where to give it', () => {
    const { approvals, asked, told } = stage(() => allow('hush'));
    approvals.take(question({ questions: [{ ...questions[0], isSecret: true }] }));
    assert.deepEqual(asked, []);
    assert.match(told.join(), /Control UI/);
  });

  it('answered elsewhere: withdrawn; of another run: not asked', async () => {
    const { approvals, asked, sent } = stage(
      ({ withdrawn }) =>
        new Promise((resolve) => {
          withdrawn.addEventListener('abort', () => resolve({ decision: 'withdrawn' }));
        }),
    );
    approvals.take(question({ runId: 'other', sessionKey: 'other' }));
    assert.equal(asked.length, 0);
    approvals.take(QUESTION);
    approvals.take({ type: 'event', event: 'question.resolved', payload: { id: QUESTION.payload['id'] } });
    await until('the end', () => asked[0]?.withdrawn.aborted === true);
    assert.deepEqual(sent, []);
  });

  it('the line was down when it was decided: said when the gateway asks again; what it keeps from us is left out', async () => {
    let isDown = true;
    const { approvals, connection, sent, faults } = stage(
      () => allow('red'),
      (method) => {
        if (method === 'question.list') return { questions: [QUESTION.payload] };
        if (method === 'plugin.approval.list')
          throw new GatewayRefusal(method, { code: 'FORBIDDEN', message: 'missing scope' });
        if (method === 'exec.approval.list') return [];
        if (isDown) throw new LineLost('http://127.0.0.1:1', 'closed');
        return { ok: true };
      },
    );
    approvals.take(QUESTION);
    await until('the try', () => sent.length === 1);
    isDown = false;
    await approvals.backfill(connection);
    const resolves = sent.filter(([method]) => method === 'question.resolve');
    assert.equal(resolves.length, 2);
    assert.deepEqual([resolves[0], faults], [resolves[1], []]);
  });

  it('reads anything without throwing (property)', () => {
    fc.assert(
      fc.property(
        fc.oneof(
          fc.jsonValue(),
          fc.record({ id: fc.string(), request: fc.jsonValue(), questions: fc.jsonValue() }),
        ),
        (payload) => {
          for (const family of FAMILIES) {
            family.read(payload);
            family.rows(payload);
          }
        },
      ),
    );
  });
});
