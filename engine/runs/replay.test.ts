// The log alone rebuilds everything: team runs, invocations, outputs, timers and jobs are equal to what the engine had.
import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import { isDeepStrictEqual } from 'node:util';
import type { EventV1 } from '#machines/nouns/event';
import { FILES } from '#machines/nouns/data-folder';
import { pino } from 'pino';
import { TestMesh } from '../core.testmesh.ts';
import { createArtifacts } from '../invocations/artifacts.ts';
import { nodePorts } from '../ports-node.ts';
import { openStore } from '../store/open.ts';
import { createReplay } from './replay.ts';

const team = (steps: string): string => `apiVersion: agentmesh/v1
kind: Team
name: sample
roles: { worker: { agent: worker } }
steps:
${steps}`;
const step = (id: string, more = ''): string =>
  `  - { id: ${id}, role: worker, prompt: "do ${id}"${more} }\n`;

/** Tables without what the log does not tell: whether an agent had been asked already. */
const TABLES = {
  team_runs: '*',
  templates: '*',
  step_outputs: '*',
  timers: '*',
  invocations: `run_id, team_run_id, step, execution, attempt, key, agent, from_agent, task_id, handle, prompt, data,
    on_unknown, output_schema, error, may_have_run_twice, cancel_requested IS NULL AS uncancelled, cancel_confirmed,
    created_at, ended_at, deadline, output_ref, CASE ended_at IS NULL WHEN 1 THEN '' ELSE state END AS state`,
  approvals: '*',
  jobs: 'id, queue, payload',
} as const;

describe('replay', () => {
  it('of runs in every state gives the same rows', async () => {
    const mesh = await TestMesh.open();
    const long = 'x'.repeat(70_000);
    mesh.script('worker', ({ key }) =>
      key.includes('/bad/')
        ? { fail: 'agent_failed' }
        : key.includes('/stuck/')
          ? { hang: true }
          : key.includes('/asks/')
            ? {
                ask: { operation: { b: 1, a: [long.length, '\u0000'] } },
                next: ({ decision }) => ({ text: decision }),
              }
            : key.includes('/json/')
              ? { text: '```json\n{"n":1}\n```' }
              : key.includes('/big/')
                ? { data: { long } }
                : key.includes('/files/')
                  ? { artifacts: [{ name: 'f', files: [{ name: 'a', base64: btoa(long) }, { url: 'x:y' }] }] }
                  : key.includes('/mixed/')
                    ? { artifacts: [{ text: long, data: { long } }] }
                    : { text: 'ok' },
    );
    const done = await mesh.start(
      team(step('one') + step('json', ', output: { type: object }') + step('big')),
    );
    const { team_run_id: asked } = await mesh.core.runs.api.start(mesh.caller, {
      template: { text: team(step('files') + step('mixed')), origin: 'test' },
      inputs: {},
      asked: {
        via: 'a2a',
        origin: {},
        messageId: 'm-1',
        message: {
          parts: [{ text: 'hi', used: true }, { data: { n: 1 } }, { file: { url: 'x:y' } }],
          metadata: { skill: 'sample' },
          request_metadata: {},
          reference_task_ids: [],
        },
      },
    });
    const failed = await mesh.start(team(step('bad', ', retry: { max: 1, initial: 1ms }')));
    const cancelled = await mesh.start(team(step('stuck')));
    const retrying = await mesh.start(team(step('bad', ', retry: { max: 1, initial: 1h }')));
    const paused = await mesh.start(team(step('one') + step('stuck')));
    await mesh.core.invocations.start(mesh.caller, { to: 'worker', prompt: long });
    await mesh.until(() => mesh.order.includes('begin stuck/1') && mesh.run(retrying).status === 'retrying');
    await mesh.core.runs.api.cancel(mesh.caller, cancelled);
    await mesh.until(() => mesh.run(paused).steps[1]?.state === 'running');
    await mesh.core.runs.api.pause(mesh.caller, paused, { now: false });
    const allowed = await mesh.start(team(step('asks')));
    const { approval_id: id, operation_hash: hash } = await mesh.asked();
    await mesh.core.approvals.api.decide(mesh.caller, id, { decision: 'allow', hash });
    const withdrawn = await mesh.start(team(step('asks')));
    await mesh.asked();
    await mesh.core.runs.api.cancel(mesh.caller, withdrawn);
    for (const run of [done, asked, failed, cancelled, allowed, withdrawn]) await mesh.ended(run);
    await mesh.until(
      () => mesh.core.invocations.list({ limit: 1, plainOnly: true })[0]?.state === 'completed',
    );
    await mesh.start(team(step('asks')));
    await mesh.asked();
    await mesh.crash();

    const folder = mkdtempSync(join(tmpdir(), 'replay-'));
    const ports = nodePorts(pino({ level: 'silent' }), {});
    const store = await openStore(join(folder, FILES.database), { synchronous: 'NORMAL' }, ports);
    store.db.exec(`ATTACH DATABASE '${join(mesh.folder, FILES.database)}' AS old`);
    // As a rebuild does: first the events, then what follows from them.
    store.db.exec('INSERT INTO main.events SELECT * FROM old.events');
    const replay = createReplay(
      store,
      createArtifacts(join(mesh.folder, FILES.artifacts), ports.disk),
      ports,
    );
    const lines = store.db.prepare('SELECT seq, line FROM old.events ORDER BY seq').all() as {
      seq: number;
      line: string;
    }[];
    await store.writer.submit((tx) => {
      for (const row of lines) replay.event({ ...row, event: JSON.parse(row.line) as EventV1 }, tx);
      replay.finish(tx);
    });
    for (const [table, columns] of Object.entries(TABLES)) {
      const read = (schema: string): unknown[] =>
        store.db.prepare(`SELECT ${columns} FROM ${schema}.${table} ORDER BY 1, 2`).all();
      const old = read('old');
      assert.ok(old.length > 0, `${table} is empty: the test shows nothing`);
      const made = read('main');
      assert.equal(made.length, old.length, table);
      for (const [index, row] of old.entries())
        assert.ok(isDeepStrictEqual(made[index], row), `${table} row ${index}`);
    }
    store.close();
    await mesh.dispose();
    rmSync(folder, { recursive: true, force: true });
  });
});
