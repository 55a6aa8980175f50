// The only door of the engine: createEngine puts the parts together, and what others may name is exported here.
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { FILES } from '#machines/nouns/data-folder';
import { createAdapters } from './agents/adapters.ts';
import type { AgentAdapter } from './agents/adapter.ts';
import { createRegistry } from './agents/registry.ts';
import { createAudit } from './audit/append.ts';
import { createCore, type MeshRedis } from './core.ts';
import { createDiscovery, REPROBE_MS } from './discovery/discovery.ts';
import { createSources, NOTHING_LOOKS } from './discovery/sources.ts';
import type { Engine, EngineConfig, Health } from './engine.ts';
import { acceptRecord } from './events/accept.ts';
import { createEventLog } from './events/append.ts';
import { openMirror } from './events/mirror.ts';
import type { RebuildReport } from './events/rebuild.ts';
import { verify } from './events/verify.ts';
import { createInstalls } from './installs/installs.ts';
import { createArtifacts } from './invocations/artifacts.ts';
import type { Ports } from './ports.ts';
import { ownMeshKey } from './queue/mesh-key.ts';
import { QUEUE_NAMES, type RedisChoice } from './queue/queue.ts';
import { readRedisUrl } from './queue/redis/address.ts';
import { nodeLocalHttp } from './ports-node.ts';
import { openStore } from './store/open.ts';
import { prepareStatements } from './store/statement.ts';
import { createTemplates } from './templates/load.ts';

export type { DiscoverySettings } from './discovery/sources.ts';
export { TAILSCALED_SOCKETS } from './discovery/tailnet/tailnet.ts';
export type { Engine, EngineConfig, EventPage, EventRow, Health, VerifyReport } from './engine.ts';
export { type Caller, loopbackCaller, socketCaller } from './identity/caller.ts';
export { nodePorts } from './ports-node.ts';
export type { RebuildReport } from './events/rebuild.ts';
export type { Disk, Log, Ports } from './ports.ts';
export type { Said, StepAnswer, StepArtifact } from './runs/told.ts';
export { createQueueWorker, type QueueWorkerConfig } from './remote/queue-worker.ts';

/** What a start did not ask is prepared so long after it, in milliseconds: whoever waits for the start comes first. */
const PREPARE_AFTER_MS = 100;

/**
 * Makes a new database from events.jsonl and puts it in the place of the old one when they agree. The caller holds the
 * folder's lock and no engine is open on it. Throws data_newer and storage_failed; then nothing has changed.
 */
export const rebuildDatabase = async (
  config: Pick<EngineConfig, 'dataDir' | 'synchronous'>,
  ports: Ports,
): Promise<RebuildReport> => {
  // Loaded here, because a start that rebuilds nothing needs neither of them.
  const { rebuild } = await import('./events/rebuild.ts');
  const { createReplay } = await import('./runs/replay.ts');
  const artifacts = createArtifacts(join(config.dataDir, FILES.artifacts), ports.disk);
  return rebuild({ ...config, ports, replay: (store) => createReplay(store, artifacts, ports) });
};

/** Checked before anything is opened. The key is made with the first configuration that needs one. */
const meshRedis = (dataDir: string, { url, from }: RedisChoice, ports: Ports): MeshRedis => ({
  address: readRedisUrl(url, from),
  key: ownMeshKey(join(dataDir, FILES.meshKey), ports),
});

/**
 * Opens a data folder and brings everything in it back to life. The caller holds the folder's lock.
 * `adapters` is for tests and benchmarks; the real ones are the default.
 * Throws data_newer, storage_failed or disk_full; bad_request or mesh_key when the Redis of the configuration cannot be used.
 */
export const createEngine = async (
  config: EngineConfig,
  ports: Ports,
  adapters: ReadonlyMap<string, AgentAdapter> = createAdapters(ports, config.dataDir),
): Promise<Engine> => {
  const { dataDir } = config;
  const redis = config.redis ? meshRedis(dataDir, config.redis, ports) : null;
  mkdirSync(join(dataDir, FILES.artifacts), { recursive: true, mode: 0o700 });
  const store = await openStore(join(dataDir, FILES.database), { synchronous: config.synchronous }, ports);
  // The mirror comes before the log: what a subscriber sees stands in the file.
  const mirror = await openMirror(store, ports, dataDir);
  const log = createEventLog(store, ports);
  const audit = createAudit(store);
  const templates = createTemplates({ dirs: config.templateDirs });
  const registry = createRegistry({ store, log, audit, adapters, ports });
  const installs = createInstalls({ store, audit, registry, ports });
  const core = createCore({
    dataDir,
    store,
    log,
    templates,
    agents: registry,
    audit,
    ports,
    concurrency: config.concurrency,
    redis,
  });
  const sources = createSources({
    settings: config.discovery ?? NOTHING_LOOKS,
    adapters,
    http: nodeLocalHttp,
    ports,
    logId: log.logId,
  });
  const discovery = createDiscovery({
    dataDir,
    bootstrapFile: config.bootstrapFile,
    reprobeMs: REPROBE_MS,
    store,
    log,
    audit,
    registry,
    outbox: core.outbox,
    queue: core.queue,
    sources: sources.all,
    remote: core.remote,
    ports,
  });
  await Promise.all([...adapters.values()].map((adapter) => Promise.resolve(adapter.begin?.())));
  await discovery.begin();
  const { live, blocked, jobs } = await core.begin();
  if (live + blocked + jobs > 0)
    ports.log.info({ live, blocked, jobs }, 'went on with what an earlier life left');

  const prepareNoMore = ports.clock.after(PREPARE_AFTER_MS, () => {
    prepareStatements(store.db);
  });
  const startedAt = ports.clock.now();
  let closing: Promise<void> | null = null;

  const health = (): Health => {
    const state = mirror.state();
    const { problem, dropped } = core.queue.state();
    const waiting = QUEUE_NAMES.reduce((sum, name) => sum + core.queue.waiting(name), 0);
    const problems = [
      ...(problem === null ? [] : [`queue: ${problem}; ${String(waiting)} jobs wait for it`]),
      ...(state.problem === null ? [] : [`mirror: ${state.problem}`]),
      ...discovery.problems().map(({ source, message }) => `${source}: ${message}`),
    ];
    return {
      status: closing !== null ? 'stopping' : problems.length > 0 || !state.ok ? 'degraded' : 'ok',
      version: config.version,
      log_id: log.logId,
      head_seq: log.head(),
      mirror: state,
      problems,
      discovery: sources.states(),
      queue: {
        driver: core.queue.driver,
        problem,
        waiting,
        dropped: dropped + (core.remote?.dropped() ?? 0),
      },
      workers: core.remote?.workers() ?? [],
      counts: {
        agents: registry.list().length,
        invocations_active: core.invocations.countLive(),
        team_runs_active: core.runs.countLive(),
        approvals_pending: core.countPendingApprovals(),
      },
      uptime_ms: ports.clock.now() - startedAt,
    };
  };

  const close = async (drainMs: number): Promise<void> => {
    prepareNoMore();
    await discovery.close();
    await core.drain(drainMs);
    await Promise.all([...adapters.values()].map((adapter) => Promise.resolve(adapter.close?.())));
    await templates.close();
    await mirror.close();
    store.close();
  };

  return {
    events: {
      append: (caller, record) => {
        const draft = acceptRecord(record);
        return store.writer.submit((tx) => {
          const event = log.append(tx, draft, 'client');
          audit.append(tx, caller, 'event.append', 'write', event.id, draft);
          return event;
        });
      },
      page: (filter, afterSeq, limit) => log.page(filter, afterSeq, limit),
      subscribe: (onBatch) => log.subscribe(onBatch),
      scopeOf: (id) => log.scopeOf(id),
      head: () => log.head(),
      logId: log.logId,
    },
    agents: {
      list: () => registry.list(),
      get: (name) => registry.get(name),
      add: (caller, entry, source, detail) => registry.add(caller, entry, source, detail),
      remove: (caller, name) => registry.remove(caller, name),
      alias: (caller, name, alias) => registry.aliases.add(caller, name, alias),
      unalias: (caller, name, alias) => registry.aliases.remove(caller, name, alias),
      trust: (caller, name, identity) => registry.trust(caller, name, identity),
    },
    installs,
    discovery: {
      sweep: (caller, options) => discovery.sweep(caller, options),
      listening: (place) => {
        sources.listening(place);
      },
    },
    invocations: {
      start: (caller, ask) => core.invocations.start(caller, ask),
      get: (runId) => core.invocations.get(runId),
      list: (options) => core.invocations.list(options),
      cancel: (caller, runId, reason) => core.invocations.cancel(caller, runId, reason),
    },
    templates: {
      list: () => templates.list(),
      get: (name) => templates.get(name),
      check: (text) => templates.check(text),
    },
    teamRuns: core.runs.api,
    approvals: core.approvals.api,
    audit: { list: (options) => audit.list(options) },
    verify: () => verify(store, ports, dataDir, mirror),
    health,
    close: ({ drainMs }) => (closing ??= close(drainMs)),
  };
};
