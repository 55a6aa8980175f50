// What holds for every mutation of the engine: its caller comes first, and it leaves an audit row, done or not at all.
import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { pino } from 'pino';
import { OPERATIONS, type Operation } from '#machines/nouns/audit';
import { createAdapters } from './agents/adapters.ts';
import { askingAgent, createAskingAdapter } from './agents/asking.testadapter.ts';
import type { Caller, Engine } from './index.ts';
import { createEngine, nodePorts, socketCaller } from './index.ts';

/** Names of the calls of T that answer later: what changes something does, and so do a few that only read. */
type Later<T> = {
  [K in keyof T]: T[K] extends (...args: never[]) => Promise<unknown> ? K : never;
}[keyof T];
/** Those of them whose first argument is not the caller. */
type WithoutCaller<T> = {
  [K in Later<T>]: T[K] extends (caller: Caller, ...rest: never[]) => Promise<unknown>
    ? Parameters<T[K]>[0] extends Caller
      ? never
      : K
    : K;
}[Later<T>];

/** Calls that answer later and only read: the only ones that need no caller. */
interface OnlyReads {
  events: never;
  agents: never;
  installs: 'plan';
  discovery: never;
  invocations: never;
  templates: 'list' | 'get' | 'check';
  teamRuns: never;
  approvals: never;
}
type Unattributed = {
  [N in keyof OnlyReads]: Exclude<WithoutCaller<Engine[N]>, OnlyReads[N]>;
}[keyof OnlyReads];
/** Checked by the compiler: it names the call that changes something and takes no caller first. */
const isEveryMutationAttributed: [Unattributed] extends [never] ? true : Unattributed = true;

const TEAM = `apiVersion: agentmesh/v1
kind: Team
name: sample
roles:
  worker: { agent: sleeper }
steps:
  - { id: a, role: worker, prompt: x }
`;

describe('the engine', () => {
  it('takes the caller first in every mutation', () => {
    assert.ok(isEveryMutationAttributed);
  });

  it('leaves one audit row with the caller for each mutation, of every operation there is', async () => {
    const dataDir = mkdtempSync(join(tmpdir(), 'engine-'));
    const ports = nodePorts(pino({ level: 'silent' }), {});
    const asker = await askingAgent();
    const engine = await createEngine(
      {
        dataDir,
        templateDirs: [],
        bootstrapFile: null,
        synchronous: 'NORMAL',
        concurrency: 4,
        version: '0',
      },
      ports,
      new Map([...createAdapters(ports, dataDir), ['asking', createAskingAdapter()]]),
    );
    const caller = socketCaller('somebody');
    const seen: Operation[] = [];
    const leaves = async <T>(
      operation: Operation,
      subject: (made: T) => string,
      call: Promise<T>,
    ): Promise<T> => {
      const made = await call;
      const rows = engine.audit.list({ limit: 500 }).filter((row) => row.caller.detail === 'somebody');
      seen.push(operation);
      assert.deepEqual(rows.map((row) => row.operation).reverse(), seen);
      assert.equal(rows[0]?.subject, subject(made));
      return made;
    };
    try {
      const { agents, approvals, discovery, events, installs, invocations, teamRuns } = engine;
      const command = [process.execPath, '-e', 'setTimeout(() => {}, 60_000)'];
      await leaves(
        'agent.add',
        () => 'sleeper',
        agents.add(caller, { name: 'sleeper', command }, 'url', 'test'),
      );
      await leaves(
        'event.append',
        ({ id }) => id,
        events.append(caller, { run_id: 'r', kind: 'status', payload: { state: 'x' } }),
      );
      await leaves('discovery.sweep', ({ sweep_id }) => sweep_id, discovery.sweep(caller, { waitMs: 5_000 }));
      const call = await leaves(
        'invocation.start',
        ({ run_id }) => run_id,
        invocations.start(caller, { to: 'sleeper', prompt: 'x' }),
      );
      await leaves('invocation.cancel', () => call.run_id, invocations.cancel(caller, call.run_id));
      const ask = { template: { text: TEAM, origin: 'test' }, inputs: {} };
      const { team_run_id: run } = await leaves(
        'team_run.start',
        ({ team_run_id }) => team_run_id,
        teamRuns.start(caller, ask),
      );
      await leaves('team_run.pause', () => run, teamRuns.pause(caller, run, { now: false }));
      await leaves('team_run.resume', () => run, teamRuns.resume(caller, run));
      await leaves('team_run.cancel', () => run, teamRuns.cancel(caller, run));
      for (let waited = 0; engine.health().counts.invocations_active > 0 && waited < 20_000; waited += 20)
        await sleep(20);
      await leaves('agent.trust', () => 'sleeper', agents.trust(caller, 'sleeper'));
      await leaves('agent.alias', () => 'sleeper', agents.alias(caller, 'sleeper', 'dreamer'));
      await leaves('agent.unalias', () => 'sleeper', agents.unalias(caller, 'dreamer', 'dreamer'));
      const place = { kind: 'asking', dir: dataDir, env: {} };
      await leaves('install.apply', () => dataDir, installs.install(caller, { ...place, settings: {} }));
      await leaves('install.undo', () => dataDir, installs.uninstall(caller, place));
      await leaves('agent.add', () => 'asker', agents.add(caller, asker.target.entry, 'url', 'test'));
      await leaves(
        'invocation.start',
        ({ run_id }) => run_id,
        invocations.start(caller, { to: 'asker', prompt: 'ask x' }),
      );
      const pending = (): string | undefined => approvals.list({ limit: 1 })[0]?.approval_id;
      for (let waited = 0; pending() === undefined && waited < 20_000; waited += 20) await sleep(20);
      await leaves(
        'approval.decide',
        ({ approval_id }) => approval_id,
        approvals.decide(caller, pending() ?? '', { decision: 'allow' }),
      );
      await leaves('agent.remove', () => 'sleeper', agents.remove(caller, 'sleeper'));
      assert.deepEqual([...new Set(seen)].toSorted(), [...OPERATIONS].toSorted());

      await assert.rejects(teamRuns.resume(caller, run), { code: 'not_enabled' });
      await assert.rejects(agents.remove(caller, 'sleeper'), { code: 'unknown_agent' });
      assert.equal(
        engine.audit.list({ limit: 500 }).filter((row) => row.caller.detail === 'somebody').length,
        seen.length,
        'what was refused has changed nothing',
      );
    } finally {
      await engine.close({ drainMs: 1_000 });
      await asker.close();
      rmSync(dataDir, { recursive: true, force: true });
    }
  });
});
