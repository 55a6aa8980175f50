// What carries the jobs of a daemon under test: its own process, or a Redis with a worker that takes the calls to A2A agents.
import { RedisServer } from '#engine/queue/redis/redis.testserver';
import type { MeshUnderFire } from '../mesh-under-fire.ts';
import { until } from '../processes/mesh.ts';
import { WorkerProcess } from './worker-process.ts';

export const CARRIERS = ['sqlite', 'bee-queue'] as const;
export type CarrierName = (typeof CARRIERS)[number];

export interface Carrier extends AsyncDisposable {
  /** For the environment of the daemon. */
  readonly env: NodeJS.ProcessEnv;
  /** When the daemon is ready: a worker is there afterwards, where the carrier has one. */
  attend(mesh: MeshUnderFire): Promise<void>;
}

const none: Carrier = {
  env: {},
  attend: () => Promise.resolve(),
  [Symbol.asyncDispose]: () => Promise.resolve(),
};

/** Opens one. The tests of `bee-queue` need a redis-server. */
export const openCarrier = async (name: CarrierName): Promise<Carrier> => {
  if (name === 'sqlite') return none;
  const server = await RedisServer.start();
  const worker = new WorkerProcess('carrier', server.url);
  return {
    env: { AGENTMESH_REDIS_URL: server.url },
    attend: async (mesh) => {
      worker.start(mesh.dataDir);
      await worker.ready();
      await until('its worker', async () => (await mesh.ask('healthz')).workers.length === 1);
    },
    [Symbol.asyncDispose]: async () => {
      await worker[Symbol.asyncDispose]();
      await server[Symbol.asyncDispose]();
    },
  };
};
