// Who of the workers is there, for the daemon: by the beats that each shows again and again.
import type { RedisClient } from 'redis';
import { LIMITS } from '#machines/nouns/limits';
import type { Clock, Log } from '../ports.ts';
import type { MeshKey } from '../queue/mesh-key.ts';
import { ask, wordsOf } from '../queue/redis/client.ts';
import type { Life, Link } from '../queue/redis/link.ts';
import { unseal } from '../queue/sealed.ts';
import { type Beat, BeatSchema, type Places, readMessage } from './messages.ts';

/** A worker as it was last seen. */
export interface Seen {
  readonly beat: Beat;
  /** By the clock, while Redis was there to see it. */
  readonly at: number;
}

export interface PresenceParts {
  readonly link: Link;
  readonly key: MeshKey;
  readonly where: Places;
  readonly ports: { readonly clock: Clock; readonly log: Log };
  /** A worker has shown itself; `isNew` when it, or its connection, was not there before. */
  readonly onBeat: (beat: Beat, isNew: boolean) => void;
  /** A worker has not shown itself for as long as a lease lasts, or has said goodbye. */
  readonly onGone: (worker: string) => void;
}

export interface Presence {
  live(): readonly Seen[];
  /** The life of its connection, as it last showed itself; null: it is not there. */
  lifeOf(worker: string): string | null;
  /** Counts a worker that an earlier life of the daemon knew as seen now: it is gone when its lease passes. */
  expect(worker: string): void;
  /** It said goodbye. */
  left(worker: string): void;
  close(): void;
}

/** Looks for workers on each life of the link. */
export const createPresence = (parts: PresenceParts): Presence => {
  const { link, key, where, ports, onBeat, onGone } = parts;
  const { clock, log } = ports;
  const seen = new Map<string, Seen>();
  /** Holders that have not shown themselves in this life of the daemon. */
  const expected = new Map<string, number>();
  let stopLooking = (): void => undefined;

  const beatOf = (worker: string, text: unknown): Beat | null => {
    if (typeof text !== 'string') return null;
    const opened = unseal(key, where.beat(worker), text, clock.now());
    const beat = opened.ok ? readMessage(BeatSchema, opened.body) : null;
    if (beat?.worker !== worker) {
      log.warn({ worker, why: opened.ok ? 'not understood' : opened.why }, 'what a worker shows was dropped');
      return null;
    }
    return beat;
  };

  const see = (beat: Beat): void => {
    const before = seen.get(beat.worker);
    // A beat that was played back renews no lease.
    if (before !== undefined && beat.beat <= before.beat.beat) return;
    seen.set(beat.worker, { beat, at: clock.now() });
    expected.delete(beat.worker);
    const isNew = before?.beat.life !== beat.life;
    if (before === undefined)
      log.info({ worker: beat.name, host: beat.host, serves: beat.serves }, 'a worker is there');
    onBeat(beat, isNew);
  };

  const gone = (worker: string, why: string): void => {
    const name = seen.get(worker)?.beat.name ?? worker;
    seen.delete(worker);
    expected.delete(worker);
    log.warn({ worker: name, why }, 'a worker is gone');
    onGone(worker);
  };

  const look = async (client: RedisClient): Promise<void> => {
    const workers = (await ask(client, 'smembers', where.workers)) as string[];
    if (workers.length > 0) {
      const texts = (await ask(client, 'mget', ...workers.map(where.beat))) as unknown[];
      const [absent, present] = [[] as string[], [] as (readonly [string, unknown])[]];
      for (const [index, worker] of workers.entries()) {
        const text = texts[index] ?? null;
        if (text === null) absent.push(worker);
        else present.push([worker, text]);
      }
      for (const [worker, text] of present) {
        const beat = beatOf(worker, text);
        if (beat !== null) see(beat);
      }
      if (absent.length > 0) await ask(client, 'srem', where.workers, ...absent);
    }
    const oldest = clock.now() - LIMITS.workerLeaseMs;
    const late = [
      ...[...seen].flatMap(([worker, { at }]) => (at < oldest ? [worker] : [])),
      ...[...expected].flatMap(([worker, at]) => (at < oldest ? [worker] : [])),
    ];
    for (const worker of late) gone(worker, 'it no longer shows itself');
  };

  link.each(async (life: Life) => {
    // While Redis was away nobody could show himself.
    const now = clock.now();
    for (const [worker, { beat }] of seen) seen.set(worker, { beat, at: now });
    for (const worker of expected.keys()) expected.set(worker, now);
    await look(life.client);
    const again = (): void => {
      stopLooking = clock.after(LIMITS.workerLookMs, () => {
        look(life.client)
          .catch((error: unknown) => {
            life.end(wordsOf(error));
          })
          .finally(() => {
            if (!life.over.aborted) again();
          });
      });
    };
    again();
    life.over.addEventListener('abort', () => {
      stopLooking();
    });
  });

  return {
    live: () => [...seen.values()],
    lifeOf: (worker) => seen.get(worker)?.beat.life ?? null,
    expect: (worker) => {
      if (!seen.has(worker)) expected.set(worker, clock.now());
    },
    left: (worker) => {
      gone(worker, 'it said goodbye');
    },
    close: () => {
      stopLooking();
    },
  };
};
