// Who listens to an agent dies in the middle of its work: the log says afterwards what it says when nobody dies.
import assert from 'node:assert/strict';
import { before, describe, it } from 'node:test';
import { hasRedisServer, RedisServer } from '#engine/queue/redis/redis.testserver';
import { MeshUnderFire } from './mesh-under-fire.ts';
import { until } from './processes/mesh.ts';
import { difference } from './redis/run-shapes.ts';
import { AGENTS, carry, shapes, wrongWith } from './redis/team-load.ts';
import { WorkerProcess } from './redis/worker-process.ts';

const SUPERVISOR = { AGENTMESH_RESTART_DELAY_MS: '0' };
/** Long enough to be killed in. */
const PHASE_MS = 400;

/** Starts a mesh with these workers. */
const open = async (
  mesh: MeshUnderFire,
  env: NodeJS.ProcessEnv,
  workers: readonly WorkerProcess[],
): Promise<void> => {
  mesh.start({ ...SUPERVISOR, ...env });
  await mesh.ready();
  for (const worker of workers) worker.start(mesh.dataDir);
  await until('the workers', async () => (await mesh.ask('healthz')).workers.length === workers.length);
  await mesh.ask('discover', { body: { wait_ms: 20_000 } });
};

/** What the log says of one team run; `kill` comes when the first agent has said its first word. */
const shapeWith = async (mesh: MeshUnderFire, kill: () => Promise<void>): Promise<string> => {
  const running = carry(mesh, 1, 1);
  await until('the first word', async () => {
    for await (const { kind, step } of mesh.client.events({}))
      if (kind === 'message' && step === 'first') return true;
    return false;
  });
  await kill();
  const runs = await running;
  assert.deepEqual(await wrongWith(mesh, runs), []);
  const [shape = ''] = (await shapes(mesh, runs)).values();
  await mesh.stop();
  return shape;
};

const undisturbed = async (): Promise<string> => {
  await using mesh = await MeshUnderFire.open({ agents: AGENTS, delayMs: 0 });
  await open(mesh, {}, []);
  return await shapeWith(mesh, () => Promise.resolve());
};

describe('a death in the middle of a call', () => {
  let expected = '';
  before(async () => {
    expected = await undisturbed();
  });

  it('of the daemon loses nothing that the agent did meanwhile', async () => {
    await using mesh = await MeshUnderFire.open({ agents: AGENTS, delayMs: PHASE_MS });
    await open(mesh, {}, []);
    const shape = await shapeWith(mesh, async () => {
      assert.ok(mesh.killWorker());
      await mesh.ready();
    });
    assert.equal(shape, expected, difference(expected, shape));
  });

  if (hasRedisServer())
    it('of a worker gives the call to another, which loses nothing either', async () => {
      await using server = await RedisServer.start();
      await using mesh = await MeshUnderFire.open({ agents: AGENTS, delayMs: PHASE_MS });
      await using one = new WorkerProcess('one', server.url);
      await using two = new WorkerProcess('two', server.url);
      await open(mesh, { AGENTMESH_REDIS_URL: server.url }, [one, two]);
      const shape = await shapeWith(mesh, async () => {
        const holder = [one, two].find((worker) => worker.taken() > 0);
        assert.ok(holder);
        await holder.kill();
        await until('its absence', async () => (await mesh.ask('healthz')).workers.length === 1);
      });
      assert.equal(shape, expected, difference(expected, shape));
    });
});
