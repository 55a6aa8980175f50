// Programs of this machine as a source: each adapter knows where its own kind is to be found.
import type { SourceState } from '#machines/nouns/discovery';
import type { AgentAdapter } from '../agents/adapter.ts';
import type { Ports } from '../ports.ts';
import type { FoundAgent, Source } from './source.ts';

/** A program that was installed meanwhile is found within this, or by the next `discover`. */
const LOOK_EVERY_MS = 10 * 60_000;
/** An adapter that looks longer is not waited for. */
const ADAPTER_MS = 5_000;
/** Agents of one kind on one machine. */
const PER_KIND_MOST = 50;

export interface ProgramsParts {
  readonly adapters: ReadonlyMap<string, AgentAdapter>;
  readonly ports: Pick<Ports, 'clock' | 'log'>;
}

/** The source. Nothing is looked at before `begin`. */
export const createPrograms = ({ adapters, ports }: ProgramsParts): Source => {
  const { clock, log } = ports;
  const closing = new AbortController();
  let tell: (found: readonly FoundAgent[]) => void = () => undefined;
  let cancelNext: () => void = () => undefined;
  let looking: Promise<void> | null = null;
  const named = new Map<string, readonly FoundAgent[]>();
  const problems = new Map<string, string>();

  const ask = async (adapter: AgentAdapter): Promise<void> => {
    const { kind } = adapter;
    const limit = AbortSignal.timeout(ADAPTER_MS);
    const signal = AbortSignal.any([closing.signal, limit]);
    const found: FoundAgent[] = [];
    const gather = async (): Promise<void> => {
      for await (const { entry, detail } of adapter.discover({ signal })) {
        const agent: FoundAgent = { entry, provenance: 'local', detail };
        found.push(agent);
        if (!closing.signal.aborted) tell([agent]);
        if (found.length >= PER_KIND_MOST) break;
      }
    };
    try {
      const late = new Promise<never>((_, reject) => {
        signal.addEventListener('abort', () => reject(new Error('took too long to look')), { once: true });
      });
      await Promise.race([gather(), late]);
      problems.delete(kind);
      named.set(kind, found);
    } catch (error) {
      if (closing.signal.aborted) return;
      const problem = error instanceof Error ? error.message : String(error);
      if (problems.get(kind) !== problem)
        log.warn({ kind, problem }, 'programs of a kind could not be looked for');
      problems.set(kind, problem);
    }
  };

  const lookNow = (): Promise<void> => {
    looking ??= Promise.all([...adapters.values()].map(ask)).then(() => {
      looking = null;
    });
    return looking;
  };

  const next = (): void => {
    cancelNext = clock.after(LOOK_EVERY_MS, () => {
      void lookNow();
      next();
    });
  };

  const state = (): SourceState => ({
    source: 'programs',
    state: problems.size > 0 && problems.size === adapters.size ? 'failed' : 'on',
    detail: `kinds ${[...adapters.keys()].join(', ')}`,
    found: [...named.values()].flat().length,
    ignored: 0,
    ignored_last: null,
    problem: problems.size === 0 ? null : [...problems].map(([kind, why]) => `${kind}: ${why}`).join('; '),
  });

  return {
    name: 'programs',
    begin(callback) {
      tell = callback;
      void lookNow();
      next();
    },
    async look(signal) {
      const late = new Promise<void>((resolve) => {
        signal.addEventListener('abort', () => resolve(), { once: true });
      });
      await Promise.race([lookNow(), late]);
    },
    state,
    async close() {
      cancelNext();
      closing.abort();
      await looking;
    },
  };
};
