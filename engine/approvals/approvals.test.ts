// Approvals over a real database with agents that ask: asked once, decided once, whatever dies, waits or races meanwhile.
import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { afterEach, beforeEach, describe, it } from 'node:test';
import { isDeepStrictEqual } from 'node:util';
import canonicalize from 'canonicalize';
import fc from 'fast-check';
import type { Approval } from '#machines/nouns/approval';
import { LIMITS } from '#machines/nouns/limits';
import type { ApprovalAnswer, ApprovalAsk } from '../agents/adapter.ts';
import { type Deed, TestMesh } from '../core.testmesh.ts';
import { loopbackCaller } from '../identity/caller.ts';
import { readOperation } from './operation.ts';

let mesh: TestMesh;
let told: ApprovalAnswer[] = [];
beforeEach(async () => {
  mesh = await TestMesh.open();
  told = [];
});
afterEach(async () => {
  await mesh.dispose();
});

const team = (more = ''): string => `apiVersion: agentmesh/v1
kind: Team
name: sample
roles: { worker: { agent: worker } }
steps:
  - { id: one, role: worker, prompt: "work"${more} }
`;

/** The agent asks and then says what it was told. */
const asks = (ask: Partial<ApprovalAsk> = {}): void => {
  mesh.script('worker', () => ({
    ask,
    next: (answer) => {
      told.push(answer);
      return { text: answer.decision };
    },
  }));
};

type Asked = Parameters<TestMesh['core']['approvals']['api']['decide']>[2];
const decide = ({ approval_id }: Approval, asked: Asked): Promise<Approval> =>
  mesh.core.approvals.api.decide(mesh.caller, approval_id, asked);
const fails = (asked: Promise<unknown>, code: string): Promise<void> =>
  assert.rejects(asked, { name: 'MeshError', code });
const answerOf = async (run: string): Promise<unknown> => (await mesh.ended(run)).steps[0]?.output;
const states = (): string[] => mesh.approvals().map(({ state }) => state);
const trail = (run: string): [unknown, unknown][] =>
  mesh
    .events(run)
    .filter(({ payload }) => /approval/.test(String(payload['state'])))
    .map(({ payload }) => [payload['state'], (payload['data'] as { decision?: string }).decision]);

describe('an approval', () => {
  it('is asked whole, seen wherever the run is seen, and allowed once', async () => {
    const operation = { command: ['git', 'push'], cwd: '/work', env: { Z: '1', A: '2' } };
    asks({ operation, title: 'push to main' });
    const run = await mesh.start(team());
    const approval = await mesh.asked();
    assert.deepEqual(approval.operation, operation);
    assert.equal(
      approval.operation_hash,
      createHash('sha256')
        .update('{"command":["git","push"],"cwd":"/work","env":{"A":"2","Z":"1"}}')
        .digest('hex'),
    );
    const { approval_id: id } = approval;
    assert.deepEqual(mesh.run(run).pending_approvals, [id]);
    assert.deepEqual(mesh.run(run).steps[0]?.attempts[0]?.pending_approvals, [id]);
    assert.deepEqual(mesh.core.runs.api.list({ limit: 1 })[0]?.pending_approvals, [id]);
    assert.deepEqual(mesh.core.invocations.get(approval.run_id).pending_approvals, [id]);
    assert.equal(mesh.core.countPendingApprovals(), 1);
    const decided = await decide(approval, { decision: 'allow', hash: approval.operation_hash });
    assert.deepEqual(
      [decided.state, decided.decided_by?.detail, decided.signed],
      ['approved', 'test', false],
    );
    assert.deepEqual(await answerOf(run), { text: 'allow' });
    assert.deepEqual(told, [{ decision: 'allow', text: null, by: 'socket test' }]);
    assert.deepEqual([mesh.run(run).pending_approvals, mesh.core.countPendingApprovals()], [[], 0]);
    assert.deepEqual(trail(run), [
      ['waiting-approval', undefined],
      ['approval-decided', 'approved'],
    ]);
    const asked = mesh.events(run).find(({ payload }) => payload['state'] === 'waiting-approval');
    assert.equal(asked?.metadata['source'], 'engine');
    assert.deepEqual((asked?.payload['data'] as { operation: unknown }).operation, operation);
    const [row] = mesh.audit.list({ limit: 1 });
    assert.deepEqual([row?.operation, row?.risk, row?.subject], ['approval.decide', 'high', id]);
  });

  it('is denied with a reason, and the same decision again is the same', async () => {
    asks();
    const run = await mesh.start(team());
    const approval = await mesh.asked();
    const first = await decide(approval, { decision: 'deny', reason: 'not on a Friday' });
    assert.deepEqual(await decide(approval, { decision: 'deny', reason: 'at all' }), first);
    await fails(decide(approval, { decision: 'allow' }), 'approval_decided');
    assert.deepEqual(await answerOf(run), { text: 'deny' });
    assert.deepEqual(told, [{ decision: 'deny', reason: 'not on a Friday', by: 'socket test' }]);
    assert.equal(mesh.audit.list({ limit: 50 }).filter((row) => row.risk === 'high').length, 1);
  });

  it('that is a question takes an answer, and only then', async () => {
    asks({ kind: 'question', title: 'Which branch?', operation: null });
    const run = await mesh.start(team());
    const approval = await mesh.asked();
    await fails(decide(approval, { decision: 'allow' }), 'bad_request');
    await fails(decide(approval, { decision: 'deny', answer: 'main' }), 'bad_request');
    await decide(approval, { decision: 'allow', answer: 'main' });
    await decide(approval, { decision: 'allow', answer: 'main' });
    await fails(decide(approval, { decision: 'allow', answer: 'other' }), 'approval_decided');
    await mesh.ended(run);
    assert.deepEqual(told, [{ decision: 'allow', text: 'main', by: 'socket test' }]);

    asks();
    await mesh.start(team());
    await fails(decide(await mesh.asked(), { decision: 'allow', answer: 'x' }), 'bad_request');
  });

  it('is decided about what was shown, or not at all', async () => {
    asks();
    await mesh.start(team());
    const approval = await mesh.asked();
    await fails(decide(approval, { decision: 'allow', hash: 'ab'.repeat(32) }), 'approval_mismatch');
    await fails(mesh.core.approvals.api.decide(mesh.caller, 'x', { decision: 'deny' }), 'unknown_approval');
    assert.deepEqual(states(), ['pending']);
  });

  it('expires by the engine’s clock, and is not decided after that', async () => {
    asks({ expiresAt: Date.now() + 60 });
    const run = await mesh.start(team());
    assert.deepEqual(await answerOf(run), { text: 'expired' });
    assert.deepEqual([told, states()], [[{ decision: 'expired' }], ['expired']]);
    const [approval] = mesh.approvals();
    assert.ok(approval);
    await fails(decide(approval, { decision: 'allow' }), 'approval_expired');
  });

  it('waits no longer than its run, whose time limit goes on meanwhile', async () => {
    asks({ expiresAt: Date.now() + 3_600_000 });
    const run = await mesh.start(team(', timeout: 150ms'));
    const approval = await mesh.asked();
    assert.equal(approval.expires_at, mesh.core.invocations.get(approval.run_id).deadline);
    assert.equal((await mesh.ended(run)).failure?.error.code, 'timeout');
    assert.deepEqual([told, states()], [[], ['expired']]);
  });

  it('is withdrawn when its run is cancelled, and nobody decides it then', async () => {
    asks();
    const run = await mesh.start(team());
    const approval = await mesh.asked();
    await mesh.core.runs.api.cancel(mesh.caller, run);
    await fails(decide(approval, { decision: 'allow' }), 'approval_withdrawn');
    assert.equal((await mesh.ended(run)).status, 'cancelled');
    assert.deepEqual([told, states()], [[], ['withdrawn']]);
  });

  it('is withdrawn when the agent no longer asks', async () => {
    const elsewhere = new AbortController();
    asks({ withdrawn: elsewhere.signal });
    const run = await mesh.start(team());
    const approval = await mesh.asked();
    elsewhere.abort();
    assert.deepEqual(await answerOf(run), { text: 'withdrawn' });
    await fails(decide(approval, { decision: 'deny' }), 'approval_withdrawn');
  });

  it('is refused, not cut, when it cannot be shown whole', async () => {
    const circle: { me?: unknown } = {};
    circle.me = circle;
    const never: Partial<ApprovalAsk>[] = [
      { operation: { text: 'x'.repeat(LIMITS.approvalBytes) } },
      { operation: JSON.parse('['.repeat(100) + ']'.repeat(100)) as unknown },
      { operation: circle },
      { operation: { n: Number.NaN } },
      { operation: undefined },
      { operation: { text: 'half a \ud800 character' } },
      { title: 'x'.repeat(LIMITS.approvalTitleChars + 1) },
    ];
    for (const ask of never) {
      asks(ask);
      const run = await mesh.start(team());
      assert.deepEqual(await answerOf(run), { text: 'deny' });
      assert.deepEqual(trail(run), [['approval-decided', 'refused']]);
    }
    assert.deepEqual(states(), []);
    assert.ok(told.every((answer) => answer.decision === 'deny' && answer.by === 'engine' && answer.reason));
  });

  it('asked again for another operation under the same name is denied, and the first stays as it was', async () => {
    asks();
    await mesh.start(team());
    const { run_id: runId } = await mesh.asked();
    const sink = mesh.agent('worker').listener(runId);
    for (const other of [
      { operation: { command: 'rm' } },
      { tool: 'write' },
      { kind: 'question' as const },
    ]) {
      const answer = await sink.approval({ ...mesh.question(), ...other });
      assert.equal(answer.decision, 'deny');
    }
    assert.deepEqual(states(), ['pending']);
  });

  it('is one of a few: an agent that asks without end is denied', async () => {
    asks();
    await mesh.start(team());
    const { run_id: runId } = await mesh.asked();
    const sink = mesh.agent('worker').listener(runId);
    const answers: string[] = [];
    for (let n = 0; n < LIMITS.approvalsPending + 3; n++)
      sink.approval({ ...mesh.question(), nativeId: `n${n}` }).then(
        ({ decision }) => answers.push(decision),
        () => undefined,
      );
    await mesh.until(() => answers.length === 4);
    assert.equal(mesh.core.countPendingApprovals(), LIMITS.approvalsPending);
  });
});

describe('an approval that outlives its daemon', () => {
  it('is asked again, is the same, and its decision reaches the agent', async () => {
    asks();
    const run = await mesh.start(team());
    const approval = await mesh.asked();
    await mesh.crash();
    await mesh.reopen();
    assert.deepEqual(mesh.approvals(), [approval]);
    await decide(approval, { decision: 'allow' });
    assert.deepEqual(await answerOf(run), { text: 'allow' });
    assert.equal(mesh.effects(`${run}/one/1`), 1);
    assert.equal(mesh.approvals().length, 1);
  });

  it('may be decided before the agent asks again: it is told at once', async () => {
    asks();
    const run = await mesh.start(team());
    const approval = await mesh.asked();
    await mesh.crash();
    const gate = Promise.withResolvers<undefined>();
    mesh.reattaching = gate.promise;
    await mesh.reopen();
    await decide(approval, { decision: 'deny' });
    await mesh.crash();
    await mesh.reopen();
    gate.resolve(undefined);
    assert.deepEqual(await answerOf(run), { text: 'deny' });
    assert.deepEqual(trail(run).length, 2);
  });

  it('expires at the start when its time passed meanwhile', async () => {
    asks({ expiresAt: Date.now() + 3_600_000 });
    const run = await mesh.start(team());
    const approval = await mesh.asked();
    await mesh.crash();
    mesh.tamper('approval', Date.now() - 1);
    await mesh.reopen();
    assert.deepEqual(states(), ['expired']);
    await fails(decide(approval, { decision: 'allow' }), 'approval_expired');
    assert.deepEqual(await answerOf(run), { text: 'expired' });
  });

  it('is withdrawn in the transaction that ends its run', async () => {
    mesh.forgetful('worker');
    asks();
    const run = await mesh.start(team(', on_unknown: fail'));
    await mesh.asked();
    await mesh.crash();
    await mesh.reopen();
    assert.equal((await mesh.ended(run)).status, 'failed');
    assert.deepEqual(states(), ['withdrawn']);
    const commit = mesh.commits.find((words) => words.includes('approval-decided'));
    assert.ok(commit?.includes('failed'), JSON.stringify(commit));
  });
});

describe('the operation of an approval', () => {
  it('that is shown is the one that is hashed, whatever it is', () => {
    fc.assert(
      fc.property(fc.jsonValue({ maxDepth: 6, stringUnit: 'binary' }), (operation) => {
        const read = readOperation({ ...mesh.question(), operation });
        if ('refused' in read) {
          assert.match(read.refused, /Lone surrogate/);
          return;
        }
        // As it goes over the wire and is shown.
        const shown: unknown = JSON.parse(JSON.stringify(JSON.parse(read.text)));
        assert.equal(
          createHash('sha256')
            .update(canonicalize(shown) ?? '')
            .digest('hex'),
          read.hash,
        );
        assert.ok(isDeepStrictEqual(shown, JSON.parse(JSON.stringify(operation))));
      }),
      { numRuns: 10_000 },
    );
  });
});

describe('two people who decide at the same moment', () => {
  it('a thousand times: one wins, the other hears so, and the agent does what the winner said', async () => {
    const rounds = 1_000;
    let round = 0;
    const ask = (): Deed => ({
      ask: { nativeId: `q${round}`, operation: { round } },
      next: (answer) => {
        told.push(answer);
        round += 1;
        return round < rounds ? ask() : { text: 'done' };
      },
    });
    mesh.script('worker', ask);
    const run = await mesh.start(team());
    const page = loopbackCaller('a page');
    const { api } = mesh.core.approvals;
    for (let n = 0; n < rounds; n++) {
      const { approval_id: id } = await mesh.asked();
      const [one, other] = await Promise.allSettled(
        n % 2 === 0
          ? [api.decide(mesh.caller, id, { decision: 'allow' }), api.decide(page, id, { decision: 'deny' })]
          : [api.decide(mesh.caller, id, { decision: 'deny' }), api.decide(page, id, { decision: 'allow' })],
      );
      assert.equal([one, other].filter(({ status }) => status === 'fulfilled').length, 1);
      const lost = [one, other].find(({ status }) => status === 'rejected') as PromiseRejectedResult;
      assert.equal((lost.reason as { code: string }).code, 'approval_decided');
      await mesh.until(() => told.length === n + 1);
      assert.equal(told[n]?.decision === 'allow' ? 'approved' : 'rejected', api.get(id).state);
    }
    assert.equal((await mesh.ended(run)).status, 'completed');
    assert.equal(trail(run).length, 2 * rounds);
  });
});
