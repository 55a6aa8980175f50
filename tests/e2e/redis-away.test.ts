// A Redis that is configured and not there: everybody is told so, jobs wait through a kill of the daemon, and nothing goes
// around it; when it is there, all is done, once. And the pipeline template through it.
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import SqliteDatabase from 'better-sqlite3';
import { agentmesh } from '#cli/testing/fake-daemon';
import { hasRedisServer, RedisServer } from '#engine/queue/redis/redis.testserver';
import { FILES } from '#machines/nouns/data-folder';
import { MeshUnderFire } from '#tests/reliability/mesh-under-fire';
import { until } from '#tests/reliability/processes/mesh';
import { WorkerProcess } from '#tests/reliability/redis/worker-process';
import { startTeam, teamRun } from './ended.ts';

const PIPELINE = readFileSync(
  join(import.meta.dirname, '..', '..', 'templates', 'pipeline', 'team.yaml'),
  'utf8',
);
const AGENTS = ['analyst', 'calc', 'tester', 'scribe'];

const waitingJobs = (dataDir: string): number => {
  const db = new SqliteDatabase(join(dataDir, FILES.database), { readonly: true });
  try {
    const count = db.prepare("SELECT count(*) AS n FROM jobs WHERE queue = 'invocations'").get();
    return (count as { readonly n: number }).n;
  } finally {
    db.close();
  }
};

if (hasRedisServer())
  test('without its Redis the mesh says so and waits, with it the pipeline goes through', async () => {
    await using server = await RedisServer.start();
    await using worker = new WorkerProcess('far', server.url);
    await using mesh = await MeshUnderFire.open({ agents: AGENTS, delayMs: 0 });
    const env = { AGENTMESH_REDIS_URL: server.url, AGENTMESH_RESTART_DELAY_MS: '0' };
    mesh.start(env);
    await mesh.ready();
    const health = () => mesh.ask('healthz');
    const degraded = () => until('the word', async () => (await health()).queue.problem !== null);
    worker.start(mesh.dataDir);
    await until('the worker', async () => (await health()).workers.length === 1);
    await mesh.ask('discover', { body: { wait_ms: 20_000 } });
    await server.kill();
    await degraded();
    const { run_id: one } = await mesh.ask('invocations.start', {
      body: { to: 'noter', prompt: 'one' },
      idempotencyKey: 'one',
    });
    const { team_run_id: team } = await mesh.ask('team-runs.start', {
      body: { template: { text: PIPELINE, origin: 'test' }, inputs: { expression: '(2+3)*2' } },
      idempotencyKey: 'team',
    });

    const status = await agentmesh(['status'], {
      env: { AGENTMESH_DATA_DIR: mesh.dataDir },
      cwd: mesh.dataDir,
    });
    assert.match(status.stdout, /degraded/);
    assert.match(status.stdout, /Redis at unix:.*ENOENT/);
    assert.match(status.stdout, /2 jobs waiting/);
    // The rows are what waits: the daemon dies, and the next one has them.
    assert.equal(waitingJobs(mesh.dataDir), 2);
    assert.ok(mesh.killWorker());
    await mesh.ready();
    await degraded();
    // Looking for agents waits as well.
    assert.ok((await health()).queue.waiting >= 2);
    assert.equal(waitingJobs(mesh.dataDir), 2);
    assert.deepEqual(await mesh.effects(), []);

    await server.start();
    const run = await teamRun(mesh, team);
    assert.equal(run.status, 'completed', JSON.stringify(run.failure));
    await until('the end of the call', async () => {
      const call = await mesh.ask('invocations.get', { params: { run_id: one } });
      return call.state === 'completed';
    });
    await until('the worker', async () => (await health()).workers.length === 1);
    const before = worker.taken();
    const far = await teamRun(mesh, await startTeam(mesh, PIPELINE, { expression: '3*4' }));
    assert.equal(far.status, 'completed', JSON.stringify(far.failure));
    assert.equal(worker.taken() - before, far.steps.length);
    const effects = await mesh.effects();
    assert.equal(effects.filter(({ agent }) => agent === 'noter').length, 1);
    assert.ok(effects.every(({ times }) => times === 1));
    assert.equal((await health()).status, 'ok');
    assert.equal(waitingJobs(mesh.dataDir), 0);
    await mesh.stop();
  });
