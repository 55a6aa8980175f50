// Finds agents and keeps an eye on them: bootstrap files, sweeps on demand, and a look at everybody now and then.
import { join } from 'node:path';
import type { Registry } from '../agents/registry.ts';
import type { Audit } from '../audit/append.ts';
import type { SweepResult } from '../engine.ts';
import type { EventLog } from '../events/append.ts';
import { engineCaller, type Caller } from '../identity/caller.ts';
import type { Ports } from '../ports.ts';
import type { Outbox } from '../queue/outbox.ts';
import type { JobQueue } from '../queue/queue.ts';
import { submitDurably } from '../store/durably.ts';
import type { Store } from '../store/open.ts';
import type { Tx } from '../store/writer.ts';
import { watchBootstrap, type BootstrapFile } from './bootstrap-file.ts';
import { createProbes, type Answered } from './probes.ts';

/** Between two looks at everybody; a fifth more or less, so that daemons do not ask in step. */
export const REPROBE_MS = 30_000;

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
  readonly ports: Pick<Ports, 'clock' | 'ids' | 'random' | 'disk' | 'log'>;
}

export interface Discovery {
  /** Reads the bootstrap files, begins to watch and to probe. Once, at boot, before jobs left over are offered. */
  begin(): Promise<void>;
  /** Probes everybody by jobs; resolves when each has answered or `waitMs` have passed, whichever is first. */
  sweep(caller: Caller, options: { readonly waitMs: number }): Promise<SweepResult>;
  /** What is wrong with the bootstrap files. */
  problems(): SweepResult['problems'];
  /** Stops watching and probing. Idempotent. */
  close(): void;
}

/** The discovery of a mesh. */
export const createDiscovery = (parts: DiscoveryParts): Discovery => {
  const { store, log, audit, registry, ports } = parts;
  const { writer } = store;
  const probes = createProbes(parts);
  const files: BootstrapFile[] = [];
  /** Entries that the registry did not take, by file. */
  const refused = new Map<string, readonly string[]>();
  let cancelLook: () => void = () => undefined;
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
      const idle = names().filter((name) => !probes.inFlight().has(name));
      if (idle.length > 0) {
        const runId = ports.ids.uuidv7();
        writer
          .submit((tx) => {
            probes.add(tx, runId, idle);
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
    },

    async sweep(caller, { waitMs }) {
      for (const file of files) if (file.look()) await take(file);
      const sweepId = ports.ids.uuidv7();
      const failed: { source: string; message: string }[] = [];
      const done = Promise.withResolvers<null>();
      let left = 0;
      const onAnswer = ({ asked, name, problem }: Answered): void => {
        left -= 1;
        if (problem !== null) failed.push({ source: name ?? asked, message: problem });
        if (left > 0) return;
        writer
          .submit((tx) => {
            summarise(tx, sweepId);
          })
          .then(() => {
            done.resolve(null);
          }, done.reject);
      };
      await writer.submit((tx) => {
        const known = names();
        left = known.length;
        audit.append(tx, caller, 'discovery.sweep', 'write', sweepId, { waitMs });
        probes.add(tx, sweepId, known, onAnswer);
        if (known.length > 0) return;
        summarise(tx, sweepId);
        tx.after(() => {
          done.resolve(null);
        });
      });
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
        problems: [...problems(), ...failed],
      };
    },

    close() {
      isClosed = true;
      cancelLook();
      for (const file of files) file.close();
      probes.close();
    },
  };
};
