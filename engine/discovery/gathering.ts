// What sources find becomes agents of the registry: many findings one transaction, repetitions none, floods bounded.
import { LIMITS } from '#machines/nouns/limits';
import { addressOf } from '../agents/naming.ts';
import type { Registry } from '../agents/registry.ts';
import { engineCaller } from '../identity/caller.ts';
import type { Ports } from '../ports.ts';
import type { Tx, Writer } from '../store/writer.ts';
import type { Answered, Probes } from './probes.ts';
import type { FoundAgent } from './source.ts';

/** Findings wait this long for company. */
const GATHER_MS = 100;
/** A repeated finding only says that the agent is still named: written down this often. */
const REPEATED_MS = 5 * 60_000;
/** Findings remembered and waiting; more is a flood, and the rest is heard again. */
const REMEMBERED_MOST = 2_000;
const MINUTE_MS = 60_000;
/** What could not be written (a full disk) is tried again after this. */
const RETRY_MS = 5_000;

export interface GatheringParts {
  readonly writer: Writer;
  readonly registry: Registry;
  readonly probes: Probes;
  readonly ports: Pick<Ports, 'clock' | 'ids' | 'log'>;
}

export interface Gathering {
  /** Takes what a source found; it is written down a little later. */
  add(found: readonly FoundAgent[]): void;
  /**
   * Writes down at once what waits, under the run of a sweep: `onAnswer` is called for each agent that is new. Answers
   * how many those are.
   */
  flush(runId: string, onAnswer: (answered: Answered) => void): Promise<number>;
  /** While held, only `flush` writes. Answers how to let go. */
  hold(): () => void;
  /** Why the last finding was not taken; null when all were. */
  refused(): string | null;
  close(): void;
}

const keyOf = ({ provenance, detail, entry }: FoundAgent): string =>
  JSON.stringify([provenance, detail, addressOf(entry)]);

/** The gathering of a mesh. */
export const createGathering = ({ writer, registry, probes, ports }: GatheringParts): Gathering => {
  const { clock, ids, log } = ports;
  const waiting = new Map<string, FoundAgent>();
  const noted = new Map<string, number>();
  let cancel: (() => void) | null = null;
  let holders = 0;
  let isClosed = false;
  let refused: string | null = null;
  let minute = 0;
  let taken = 0;

  /** Whether one more new agent may be taken now. */
  const hasRoom = (now: number): boolean => {
    if (now - minute >= MINUTE_MS) {
      minute = now;
      taken = 0;
    }
    return taken < LIMITS.foundAgentsPerMinute;
  };

  /** Answers how many agents are new. What there is no room for in this minute goes back to the waiting. */
  const write =
    (found: readonly FoundAgent[], runId: string, onAnswer?: (answered: Answered) => void) =>
    (tx: Tx): number => {
      const fresh: string[] = [];
      for (const each of found) {
        if (!hasRoom(tx.now)) {
          tx.after(() => {
            later([each], MINUTE_MS);
          });
          continue;
        }
        const done = registry.found.take(tx, engineCaller(`discovery ${each.provenance}`), each, runId);
        if (done.as === 'refused') refuse(each, done.why);
        if (done.as === 'new') {
          taken += 1;
          fresh.push(done.name);
        }
        tx.after(() => {
          if (noted.size >= REMEMBERED_MOST) noted.clear();
          noted.set(keyOf(each), tx.now);
        });
      }
      probes.add(tx, runId, fresh, onAnswer);
      return fresh.length;
    };

  const refuse = (found: FoundAgent, why: string): void => {
    if (refused !== why) log.warn({ found: found.detail, why }, 'a found agent is not listed');
    refused = why;
  };

  /** Puts findings back. */
  const later = (found: readonly FoundAgent[], ms: number): void => {
    for (const each of found) if (waiting.size < REMEMBERED_MOST) waiting.set(keyOf(each), each);
    soon(ms);
  };

  const takeWaiting = (): readonly FoundAgent[] => {
    cancel?.();
    cancel = null;
    const found = [...waiting.values()];
    waiting.clear();
    return found;
  };

  const soon = (ms: number): void => {
    if (cancel !== null || holders > 0 || isClosed || waiting.size === 0) return;
    cancel = clock.after(ms, () => {
      const found = takeWaiting();
      writer.submit(write(found, ids.uuidv7())).catch((error: unknown) => {
        if (isClosed) return;
        log.error({ err: error }, 'discovery could not record what it found');
        later(found, RETRY_MS);
      });
    });
  };

  return {
    add(found) {
      const now = clock.now();
      for (const each of found) {
        const key = keyOf(each);
        const last = noted.get(key);
        const isKnown = last !== undefined && now - last < REPEATED_MS && registry.found.isListed(each.entry);
        if (!isKnown && waiting.size < REMEMBERED_MOST) waiting.set(key, each);
      }
      soon(GATHER_MS);
    },
    flush: (runId, onAnswer) => {
      const found = takeWaiting();
      return found.length === 0 ? Promise.resolve(0) : writer.submit(write(found, runId, onAnswer));
    },
    hold() {
      holders += 1;
      cancel?.();
      cancel = null;
      return () => {
        holders -= 1;
        soon(GATHER_MS);
      };
    },
    refused: () => refused,
    close() {
      isClosed = true;
      cancel?.();
      waiting.clear();
    },
  };
};
