// Finds agents and keeps an eye on them: bootstrap files, sources that look around, sweeps on demand, and a look at everybody
// now and then.
import { join } from 'node:path';
import { LIMITS } from '#machines/nouns/limits';
import type { Registry } from '../agents/registry.ts';
import type { Audit } from '../audit/append.ts';
import type { SweepResult } from '../engine.ts';
import type { EventLog } from '../events/append.ts';
import { engineCaller, type Caller } from '../identity/caller.ts';
import type { Ports } from '../ports.ts';
import type { Outbox } from '../queue/outbox.ts';
import type { JobQueue } from '../queue/queue.ts';
import type { Remote } from '../remote/remote.ts';
import { submitDurably } from '../store/durably.ts';
import type { Store } from '../store/open.ts';
import type { Tx } from '../store/writer.ts';
import { watchBootstrap, type BootstrapFile } from './bootstrap-file.ts';
import { createGathering } from './gathering.ts';
import { createProbes, type Answered } from './probes.ts';
import type { Source } from './source.ts';

/** Between two looks at everybody; a fifth more or less, so that daemons do not ask in step. */
export const REPROBE_MS = 30_000;
/** Found agents that nobody trusts and that do not answer are looked at each so many looks only. */
const SELDOM = 10;
/** Sources begin so long after the start, in milliseconds: whoever waits for the start comes first. */
const SOURCES_AFTER_MS = 300;
/** How long a sweep lets the sources look. */
const LOOK_MS = 900;

export interface DiscoveryParts {
  readonly dataDir: string;
  /** A further bootstrap file, beside `<dataDir>/bootstrap.json`. */
  readonly bootstrapFile: string | null;
  /** Milliseconds between two looks at everybody; 0: only sweeps look. */
  readonly reprobeMs: number;
  readonly store: Store;
  readonly log: Pick<EventLog, 'append'>;
  readonly audit: Pick<Audit, 'append'>;
  readonly registry: Registry;
  readonly outbox: Outbox;
  readonly queue: JobQueue;
  /** What looks around by itself; none unless the setting says so. */
  readonly sources: readonly Source[];
  readonly remote?: Pick<Remote, 'probe'> | null;
  readonly ports: Pick<Ports, 'clock' | 'ids' | 'random' | 'disk' | 'log'>;
}

export interface Discovery {
  /** Reads the bootstrap files, begins to watch and to probe. Once, at boot, before jobs left over are offered. */
  begin(): Promise<void>;
  /**
   * Lets the sources look and probes everybody by jobs; resolves when each has answered or `waitMs` have passed, whichever
   * is first.
   */
  sweep(caller: Caller, options: { readonly waitMs: number }): Promise<SweepResult>;
  /** What is wrong with the bootstrap files. */
  problems(): SweepResult['problems'];
  /** Stops watching, looking and probing; resolves when the sources are closed. Idempotent. */
  close(): Promise<void>;
}

/** The discovery of a mesh. */
export const createDiscovery = (parts: DiscoveryParts): Discovery => {
  const { store, log, audit, registry, ports } = parts;
  const { writer } = store;
  const { sources } = parts;
  const probes = createProbes(parts);
  const gathering = createGathering({ writer, registry, probes, ports });
  const files: BootstrapFile[] = [];
  /** Entries that the registry did not take, by file. */
  const refused = new Map<string, readonly string[]>();
  let cancelLook: () => void = () => undefined;
  let cancelSources: (() => void) | null = null;
  let looks = 0;
  let isClosed = false;

  const onError = (error: unknown): void => {
    if (!isClosed) ports.log.error({ err: error }, 'discovery could not record what it found');
  };

  /** Takes over what a file says; new agents are probed at once. */
  const take = (file: BootstrapFile): Promise<void> => writer.submit(takeWithin(file));

  const takeWithin =
    (file: BootstrapFile) =>
    (tx: Tx): void => {
      const runId = ports.ids.uuidv7();
      const caller = engineCaller(`bootstrap ${file.path}`);
      const { fresh, refused: notTaken } = registry.sync(
        tx,
        caller,
        'bootstrap',
        file.path,
        file.entries(),
        runId,
      );
      probes.add(tx, runId, fresh);
      tx.after(() => {
        refused.set(file.path, notTaken);
      });
    };

  const problems = (): SweepResult['problems'] =>
    files.flatMap((file) =>
      [...file.problems(), ...(refused.get(file.path) ?? [])].map((message) => ({
        source: file.path,
        message,
      })),
    );

  const names = (): string[] => registry.list().map(({ name }) => name);

  /** What is wrong with the sources, each once. */
  const sourceProblems = (): SweepResult['problems'] => {
    const refusedWhy = gathering.refused();
    return [
      ...sources.flatMap((source) => {
        const { problem } = source.state();
        return problem === null ? [] : [{ source: source.name, message: problem }];
      }),
      ...(refusedWhy === null
        ? []
        : [{ source: 'discovery', message: `not everything found is listed: ${refusedWhy}` }]),
    ];
  };

  const beginSources = (): void => {
    if (cancelSources === null || isClosed) return;
    cancelSources();
    cancelSources = null;
    for (const source of sources)
      source.begin((found) => {
        gathering.add(found);
      });
  };

  const isPeoples = (name: string): boolean =>
    registry.list().find((agent) => agent.name === name)?.trust !== 'seen';

  /** Who is looked at now: those that only a machine has named, and that do not answer, are not worth each look. */
  const dueNames = (): string[] =>
    registry
      .list()
      .filter(({ trust, presence }) => trust !== 'seen' || presence === 'reachable' || looks % SELDOM === 0)
      .map(({ name }) => name)
      .filter((name) => !probes.inFlight().has(name));

  const summarise = (tx: Tx, runId: string): void => {
    const agents = registry.list();
    const count = (presence: string): number => agents.filter((agent) => agent.presence === presence).length;
    const payload = {
      state: 'completed',
      text: `${agents.length} known, ${count('reachable')} reachable`,
      known: agents.length,
      reachable: count('reachable'),
      lost: count('lost'),
    };
    log.append(tx, { run_id: runId, kind: 'status', payload }, 'engine');
  };

  const lookAround = (): void => {
    if (parts.reprobeMs <= 0 || isClosed) return;
    const [byte = 128] = ports.random.bytes(1);
    const waitMs = parts.reprobeMs * (0.8 + (0.4 * byte) / 255);
    cancelLook = ports.clock.after(waitMs, () => {
      looks += 1;
      const due = dueNames();
      const isTimeToForget = looks % SELDOM === 0;
      if (due.length > 0 || isTimeToForget) {
        const runId = ports.ids.uuidv7();
        writer
          .submit((tx) => {
            if (isTimeToForget)
              registry.found.forget(tx, engineCaller('discovery'), tx.now - LIMITS.foundForgottenMs);
            probes.add(tx, runId, due);
          })
          .catch(onError);
      }
      lookAround();
    });
  };

  return {
    problems,

    async begin() {
      const paths = [
        join(parts.dataDir, 'bootstrap.json'),
        ...(parts.bootstrapFile === null ? [] : [parts.bootstrapFile]),
      ];
      for (const path of new Set(paths)) {
        const file: BootstrapFile = watchBootstrap(path, ports, () => {
          // A change is told once: a full disk must not lose it.
          submitDurably(writer, ports.clock, takeWithin(file)).catch(onError);
        });
        files.push(file);
        file.look();
        // A file that cannot be read now says nothing about the agents that it named before.
        if (file.problems().length === 0 || file.entries().length > 0) await take(file);
      }
      probes.begin();
      const runId = ports.ids.uuidv7();
      await writer.submit((tx) => {
        probes.add(
          tx,
          runId,
          names().filter((name) => !probes.inFlight().has(name)),
        );
      });
      lookAround();
      cancelSources = ports.clock.after(SOURCES_AFTER_MS, beginSources);
    },

    async sweep(caller, { waitMs }) {
      for (const file of files) if (file.look()) await take(file);
      const sweepId = ports.ids.uuidv7();
      const failed: { source: string; message: string }[] = [];
      const done = Promise.withResolvers<null>();
      beginSources();
      let left = 0;
      const oneLess = (): void => {
        left -= 1;
        if (left > 0) return;
        writer
          .submit((tx) => {
            summarise(tx, sweepId);
          })
          .then(() => {
            done.resolve(null);
          }, done.reject);
      };
      const onAnswer = ({ asked, name, problem }: Answered): void => {
        // What nobody trusts and does not answer is no news: its line in the list says so.
        if (problem !== null && isPeoples(name ?? asked))
          failed.push({ source: name ?? asked, message: problem });
        oneLess();
      };
      /** Counts as one of those that are waited for, until what was found is counted itself. */
      const lookForMore = async (): Promise<void> => {
        const letGo = gathering.hold();
        try {
          const signal = AbortSignal.timeout(Math.min(LOOK_MS, waitMs));
          await Promise.all(sources.map((source) => source.look(signal)));
          left += await gathering.flush(sweepId, onAnswer);
        } catch (error) {
          onError(error);
        } finally {
          letGo();
          oneLess();
        }
      };
      await writer.submit((tx) => {
        const known = names();
        left = known.length + 1;
        audit.append(tx, caller, 'discovery.sweep', 'write', sweepId, { waitMs });
        probes.add(tx, sweepId, known, onAnswer);
      });
      if (sources.length === 0) oneLess();
      else void lookForMore();
      const late = Promise.withResolvers<null>();
      const cancel = ports.clock.after(waitMs, () => {
        late.resolve(null);
      });
      // A summary that cannot be written after we stopped waiting is nobody’s answer any more.
      done.promise.catch(onError);
      try {
        await Promise.race([done.promise, late.promise]);
      } finally {
        cancel();
      }
      const agents = registry.list();
      return {
        sweep_id: sweepId,
        found: agents.filter(({ presence }) => presence === 'reachable').length,
        agents,
        problems: [...problems(), ...sourceProblems(), ...failed],
      };
    },

    async close() {
      isClosed = true;
      cancelLook();
      cancelSources?.();
      cancelSources = null;
      for (const file of files) file.close();
      gathering.close();
      probes.close();
      await Promise.all(sources.map((source) => source.close()));
    },
  };
};
