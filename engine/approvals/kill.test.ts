// kill -9 around an approval, with real processes: what was asked stays asked, what was decided stays decided, and is done once.
import assert from 'node:assert/strict';
import { type ChildProcessWithoutNullStreams, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { after, before, describe, it } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import type { Approval } from '#machines/nouns/approval';
import type { Invocation } from '#machines/nouns/run';
import { until } from '../agents/adapter.testkit.ts';
import { type AskingAgent, askingAgent } from '../agents/asking.testadapter.ts';

let folder = '';
let agent: AskingAgent;
let daemon: ChildProcessWithoutNullStreams;
let lines: AsyncIterator<string>;

const boot = async (hold = false): Promise<void> => {
  const script = fileURLToPath(new URL('./kill.testchild.ts', import.meta.url));
  daemon = spawn(process.execPath, [script, folder, agent.target.entry.url ?? '', hold ? 'hold' : 'go']);
  daemon.stderr.pipe(process.stderr);
  daemon.stdin.on('error', () => undefined);
  lines = createInterface({ input: daemon.stdout })[Symbol.asyncIterator]();
  assert.deepEqual(await heard(), 'ready');
};
const heard = async (): Promise<unknown> => JSON.parse((await lines.next()).value as string);
const tell = (command: unknown): void => void daemon.stdin.write(`${JSON.stringify(command)}\n`);
const ask = (command: unknown): Promise<unknown> => {
  tell(command);
  return heard();
};
const kill = async (): Promise<void> => {
  daemon.kill('SIGKILL');
  if (daemon.exitCode === null && daemon.signalCode === null) await once(daemon, 'exit');
};
const approvalOf = async (run: string): Promise<Approval | undefined> =>
  ((await ask({ list: true })) as Approval[]).find(({ run_id }) => run_id === run);
const asked = async (run: string): Promise<Approval> => {
  await until('the question', async () => (await approvalOf(run)) !== undefined);
  const approval = await approvalOf(run);
  assert.ok(approval);
  return approval;
};
const ended = async (run: string): Promise<Invocation> => {
  const look = async (): Promise<Invocation> => (await ask({ get: run })) as Invocation;
  await until('the end of the run', async () => (await look()).ended_at !== null);
  return look();
};

before(async () => {
  folder = mkdtempSync(join(tmpdir(), 'approvals-'));
  agent = await askingAgent();
});
after(async () => {
  await kill();
  await agent.close();
  rmSync(folder, { recursive: true, force: true });
});

describe('kill -9 of the daemon', () => {
  it('between the question and the decision', async () => {
    await boot();
    const run = (await ask({ start: 'one' })) as string;
    const approval = await asked(run);
    await kill();
    await boot();
    assert.deepEqual(await approvalOf(run), approval);
    assert.equal(await ask({ decide: approval.approval_id }), 'approved');
    assert.equal((await ended(run)).state, 'completed');
    assert.equal(await agent.effects(run), 1);
    await kill();
  });

  it('between the decision and the agent’s next question: it is told at once', async () => {
    await boot();
    const run = (await ask({ start: 'two' })) as string;
    const { approval_id: id } = await asked(run);
    await kill();
    await boot(true);
    assert.equal(await ask({ decide: id, decision: 'deny' }), 'rejected');
    await kill();
    await boot();
    assert.equal((await ended(run)).state, 'completed');
    assert.equal(await agent.effects(run), 0);
    await kill();
  });

  it('at any moment of the decision: it is taken or not, and what was allowed is done once', async () => {
    let wereTaken = 0;
    for (let round = 0; round < 12; round++) {
      await boot();
      const run = (await ask({ start: `round ${round}` })) as string;
      const { approval_id: id } = await asked(run);
      tell({ decide: id });
      // The last kill surely comes after the decision.
      if (round === 11) await heard();
      else await sleep(2 * round);
      await kill();
      await boot();
      const found = await approvalOf(run);
      if (found?.state === 'approved') wereTaken += 1;
      else assert.equal(await ask({ decide: id }), 'approved');
      const end = await ended(run);
      assert.equal(end.state, 'completed', `round ${round}: ${JSON.stringify(end.error)}`);
      assert.equal(await agent.effects(run), 1);
      await kill();
    }
    assert.ok(wereTaken > 0, 'no kill came after a decision');
  });
});
