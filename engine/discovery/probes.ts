// Probes as queued jobs: each asks one agent whether it answers, and records what came of it.
import { failure, MeshError } from '#machines/nouns/error';
import { LIMITS } from '#machines/nouns/limits';
import { z } from 'zod';
import type { Probe, Target } from '../agents/adapter.ts';
import type { Registry } from '../agents/registry.ts';
import type { Ports } from '../ports.ts';
import type { Outbox } from '../queue/outbox.ts';
import type { Job, JobQueue } from '../queue/queue.ts';
import type { Remote } from '../remote/remote.ts';
import type { Store } from '../store/open.ts';
import type { Tx } from '../store/writer.ts';

const PayloadSchema = z.object({ run_id: z.string(), agent: z.string() });

/** The answer of one probe: the agent’s name (null when it was removed meanwhile) and its problem. */
export interface Answered {
  readonly asked: string;
  readonly name: string | null;
  readonly problem: string | null;
}

export interface ProbesParts {
  readonly store: Pick<Store, 'writer'>;
  readonly registry: Registry;
  readonly outbox: Outbox;
  readonly queue: JobQueue;
  readonly ports: Pick<Ports, 'clock' | 'ids'>;
  /** Asks from the host of the worker that would perform the agent’s calls. */
  readonly remote?: Pick<Remote, 'probe'> | null;
}

export interface Probes {
  /** Queues a probe of each agent, inside a transaction. `onAnswer` is called once for each, when it is durable. */
  add(tx: Tx, runId: string, names: readonly string[], onAnswer?: (answered: Answered) => void): void;
  /** Names that wait for an answer. */
  inFlight(): ReadonlySet<string>;
  /** Begins to take jobs. Once. */
  begin(): void;
  /** Breaks off what is in hand; it is asked again after the next start. */
  close(): void;
}

const unanswered = (error: unknown): Probe => ({
  ok: false,
  name: null,
  description: '',
  version: null,
  protocol: null,
  skills: [],
  card: null,
  latencyMs: 0,
  problem:
    error instanceof MeshError ? failure(error.code, error.detail) : failure('internal', String(error)),
});

/** The probes of a mesh. */
export const createProbes = (parts: ProbesParts): Probes => {
  const { store, registry, outbox, queue, ports, remote } = parts;
  const closing = new AbortController();
  const waiting = new Map<string, (answered: Answered) => void>();
  const asked = new Map<string, number>();

  const count = (name: string, by: number): void => {
    const now = (asked.get(name) ?? 0) + by;
    if (now > 0) asked.set(name, now);
    else asked.delete(name);
  };

  const ask = async (target: Target): Promise<Probe> => {
    try {
      const signal = AbortSignal.any([closing.signal, AbortSignal.timeout(LIMITS.cardTimeoutMs)]);
      const there = remote?.probe(target, signal) ?? null;
      return await (there ?? registry.adapter(target.kind).probe(target, { signal }));
    } catch (error) {
      return unanswered(error);
    }
  };

  const targetOf = (name: string): Target | null => {
    try {
      return registry.known(name);
    } catch {
      return null;
    }
  };

  const handle = async (job: Job): Promise<void> => {
    const { run_id: runId, agent } = PayloadSchema.parse(JSON.parse(job.payload));
    const target = targetOf(agent);
    const probe = target === null ? null : await ask(target);
    // Broken off by our own stop: that says nothing about the agent.
    if (closing.signal.aborted) throw new MeshError('stopping');
    const name = await store.writer.submit((tx) => {
      outbox.remove(tx, job.id);
      return probe === null ? null : registry.record(tx, agent, probe, runId);
    });
    count(agent, -1);
    const tell = waiting.get(job.id);
    waiting.delete(job.id);
    tell?.({ asked: agent, name, problem: probe?.problem?.message ?? null });
  };

  return {
    add(tx, runId, names, onAnswer) {
      for (const name of names) {
        const id = ports.ids.uuidv7();
        outbox.add(tx, { id, queue: 'discovery', payload: JSON.stringify({ run_id: runId, agent: name }) });
        count(name, 1);
        if (onAnswer !== undefined) waiting.set(id, onAnswer);
        tx.undone(() => {
          count(name, -1);
          waiting.delete(id);
        });
      }
    },
    inFlight: () => new Set(asked.keys()),
    begin() {
      queue.work('discovery', LIMITS.discoveryConcurrency, handle);
    },
    close() {
      closing.abort();
    },
  };
};
