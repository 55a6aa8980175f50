// A worker out of its configuration: the key, the Redis and the file of agents are read and checked before it begins.
import type { AgentEntry } from '#machines/nouns/agent';
import { MeshError } from '#machines/nouns/error';
import { createAdapters } from '../agents/adapters.ts';
import { partSecrets } from '../agents/credentials.ts';
import { watchBootstrap } from '../discovery/bootstrap-file.ts';
import type { Ports } from '../ports.ts';
import { readMeshKey } from '../queue/mesh-key.ts';
import type { RedisChoice } from '../queue/queue.ts';
import { readRedisUrl } from '../queue/redis/address.ts';
import { createWorker, type Worker } from './worker.ts';

export interface QueueWorkerConfig {
  readonly redis: RedisChoice;
  readonly keyFile: string;
  /** Where adapters keep keys of their own. */
  readonly dataDir: string;
  /** Agents of this host; null: none. Watched, so that a change counts at once. */
  readonly agentsFile: string | null;
  readonly name: string;
  readonly version: string;
  /** Kinds and names of agents. */
  readonly serves: readonly string[];
}

export interface QueueWorker extends Worker {
  /** Where its Redis is, without credentials. */
  readonly redis: string;
}

/**
 * A worker, not begun.
 * @throws MeshError bad_request when the URL or the file of agents cannot be used, mesh_key when the key cannot
 */
export const createQueueWorker = (config: QueueWorkerConfig, ports: Ports): QueueWorker => {
  const address = readRedisUrl(config.redis.url, config.redis.from);
  const key = readMeshKey(config.keyFile);
  const { agentsFile } = config;
  if (agentsFile !== null && !ports.disk.exists(agentsFile))
    throw new MeshError('bad_request', `--agents ${agentsFile}: there is no such file`);
  const adapters = createAdapters(ports, config.dataDir);
  const changed = (): void => {
    const entryOf = (name: string): AgentEntry | null => {
      const found = file?.entries().find((entry) => entry.name === name);
      return found === undefined ? null : partSecrets(found).entry;
    };
    for (const adapter of adapters.values()) adapter.agentsChanged?.(entryOf);
  };
  const file = agentsFile === null ? null : watchBootstrap(agentsFile, ports, changed);
  file?.look();
  const [problem] = file?.problems() ?? [];
  if (problem !== undefined) {
    file?.close();
    throw new MeshError('bad_request', `--agents ${agentsFile ?? ''}: ${problem}`);
  }
  const named = (file?.entries() ?? []).map((entry) => entry.name);
  for (const word of config.serves)
    if (!adapters.has(word) && !named.includes(word))
      ports.log.warn(
        { serves: word, kinds: [...adapters.keys()] },
        'this is no kind of agent, so it is taken as the name of one',
      );
  const worker = createWorker({
    address,
    key,
    name: config.name,
    version: config.version,
    serves: config.serves,
    adapters,
    entries: () => file?.entries() ?? [],
    ports,
  });
  return {
    ...worker,
    redis: address.shown,
    begin: () => {
      for (const adapter of adapters.values())
        adapter.begin?.().catch((error: unknown) => {
          ports.log.error(
            { err: error, kind: adapter.kind },
            'what an earlier life left was not put in order',
          );
        });
      worker.begin();
    },
    close: async (options) => {
      await worker.close(options);
      await Promise.all([...adapters.values()].map((adapter) => Promise.resolve(adapter.close?.())));
      file?.close();
    },
  };
};
