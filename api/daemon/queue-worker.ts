// `agentmeshd worker`: performs calls of a daemon on another host, until a signal ends it.
import { readFileSync } from 'node:fs';
import { hostname } from 'node:os';
import { join } from 'node:path';
import { FILES } from '#api/contract/address';
import { createQueueWorker, nodePorts } from '#engine/index';
import { LIMITS } from '#machines/nouns/limits';
import { MeshError } from '#machines/nouns/error-codes';
import { coalesced } from './coalesced.ts';
import { readConfigFile } from './config-file.ts';
import { prepareDataFolder } from './data-folder.ts';
import { type People, peopleLog } from './log.ts';
import { absolute, dataDirOf } from './paths.ts';
import { redisOf } from './redis-choice.ts';

/** As given on the command line. */
export interface QueueWorkerFlags {
  readonly queue: string | undefined;
  readonly serves: string | undefined;
  readonly name: string | undefined;
  readonly meshKeyFile: string | undefined;
  readonly agents: string | undefined;
  readonly dataDir: string | undefined;
}

const ROOT = join(import.meta.dirname, '..', '..');
const NAME = /^[\p{L}\p{N}](?:[\p{L}\p{N}._-]{0,62}[\p{L}\p{N}])?$/u;
/** How often a worker that has no connection yet looks for it, in milliseconds. */
const LOOK_MS = 50;

const servesOf = (text: string | undefined): readonly string[] => {
  const words = (text ?? '').split(',').map((word) => word.trim());
  if (words.some((word) => word === ''))
    throw new MeshError('bad_request', '--serves takes kinds or names of agents, separated by commas');
  return [...new Set(words)];
};

const nameOf = (name: string): string => {
  if (NAME.test(name)) return name;
  throw new MeshError('bad_request', '--name takes letters, digits and . _ - (64 at most)');
};

/** Resolves when a signal asks for the end: the first lets work in hand finish, the second does not. */
const untilSignalled = (onFirst: () => void, onSecond: () => void): void => {
  let signals = 0;
  const onSignal = coalesced(() => {
    signals += 1;
    if (signals === 1) onFirst();
    else onSecond();
  });
  for (const signal of ['SIGTERM', 'SIGINT', 'SIGHUP'] as const) process.on(signal, onSignal);
};

/**
 * Runs a worker until a signal; resolves to the exit code.
 * @param onReady called once, when it takes calls
 * @throws MeshError bad_request or mesh_key for what cannot be begun with
 */
export const runQueueWorker = async (
  flags: QueueWorkerFlags,
  env: NodeJS.ProcessEnv,
  people: People,
  onReady: (ready: {
    readonly name: string;
    readonly serves: readonly string[];
    readonly redis: string;
  }) => void,
): Promise<number> => {
  const dataDir = dataDirOf(flags.dataDir, env);
  const redis = redisOf({ url: flags.queue, flag: '--queue' }, env, readConfigFile(dataDir));
  if (redis === null)
    throw new MeshError(
      'bad_request',
      'A worker needs the Redis of its daemon: --queue URL, or AGENTMESH_REDIS_URL',
    );
  const serves = servesOf(flags.serves);
  const name = nameOf(flags.name ?? hostname());
  const manifest = JSON.parse(readFileSync(join(ROOT, 'package.json'), 'utf8')) as {
    readonly version: string;
  };
  const log = peopleLog('info', people);
  const notice = prepareDataFolder(dataDir);
  if (notice !== null) log.warn(notice);
  process.title = 'agentmesh worker';
  // Programs that agents start must not fill our compile cache.
  delete process.env['NODE_COMPILE_CACHE'];
  const worker = createQueueWorker(
    {
      redis,
      dataDir,
      keyFile: flags.meshKeyFile === undefined ? join(dataDir, FILES.meshKey) : absolute(flags.meshKeyFile),
      agentsFile: flags.agents === undefined ? null : absolute(flags.agents),
      name,
      version: manifest.version,
      serves,
    },
    nodePorts(log, env),
  );
  const { promise, resolve } = Promise.withResolvers<number>();
  const end = (drainMs: number): void => {
    void worker.close({ drainMs }).then(() => {
      log.info('stopped');
      resolve(0);
    });
  };
  untilSignalled(
    () => {
      log.info({ calls: worker.calls() }, 'stopping: what is in hand may finish, the rest is given back');
      end(LIMITS.drainMs);
    },
    () => {
      end(0);
    },
  );
  process.on('uncaughtException', (error) => {
    log.fatal({ err: error }, 'the worker crashed');
    process.exit(1);
  });
  worker.begin();
  const looking = setInterval(() => {
    if (!worker.isReady()) return;
    clearInterval(looking);
    log.info({ name, serves, redis: worker.redis }, 'ready');
    onReady({ name, serves, redis: worker.redis });
  }, LOOK_MS);
  return promise.finally(() => {
    clearInterval(looking);
  });
};
