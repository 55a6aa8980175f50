// The daemon's post: reports of workers come in and stay in Redis until they are recorded, mail to workers goes out.
import type { RedisClient } from 'redis';
import type { Clock, Log } from '../ports.ts';
import type { MeshKey } from '../queue/mesh-key.ts';
import { ask, askWaiting, wordsOf } from '../queue/redis/client.ts';
import type { Life, Link } from '../queue/redis/link.ts';
import { seal, unseal } from '../queue/sealed.ts';
import { type Mail, type Places, readMessage, type Report, ReportSchema } from './messages.ts';

/** A message is worth nothing after this; clocks of two hosts may differ by as much. */
export const MESSAGE_MS = 24 * 3_600_000;
/** A mailbox that nobody reads is gone after this. */
const MAILBOX_MS = 600_000;
/** How long one look for reports waits, and how many it takes. */
const BLOCK_MS = 500;
const REPORTS_MOST = 256;
/** What was dropped is said at most this often. */
const SAID_MS = 10_000;

export interface PostParts {
  readonly link: Link;
  readonly key: MeshKey;
  readonly where: Places;
  readonly ports: { readonly clock: Clock; readonly log: Log };
  /**
   * A report. `done` removes it from Redis: called when what it says is recorded, or when nobody will ever want it.
   * One that is not done comes again after `again`, and in the next life.
   */
  readonly onReport: (report: Report, done: () => void) => void;
}

export interface Post {
  /** Sends mail if Redis is there; what is lost is sent again when a beat shows that it is missing. */
  mail(worker: string, mail: Mail): void;
  /** Reads everything that is still in Redis again: somebody is there for it now. */
  again(): void;
  /** Reports that were not signed with the mesh key, or not understood. */
  dropped(): number;
}

type Entries = readonly (readonly [string, readonly string[]])[];

/** Reads and sends on each life of the link. */
export const createPost = ({ link, key, where, ports, onReport }: PostParts): Post => {
  const { clock, log } = ports;
  /** From its beginning: what others set up on it may send at once. */
  let current: Life | null = null;
  let after = '0';
  let isAgain = false;
  let dropped = 0;
  let saidAt = Number.NEGATIVE_INFINITY;

  const drop = (why: string): void => {
    dropped += 1;
    if (clock.now() - saidAt < SAID_MS) return;
    saidAt = clock.now();
    log.warn({ why, dropped }, 'a report of a worker was dropped');
  };

  const reportOf = (text: string): Report | null => {
    const opened = unseal(key, where.reports, text, clock.now());
    const report = opened.ok ? readMessage(ReportSchema, opened.body) : null;
    if (report === null) drop(opened.ok ? 'not understood' : opened.why);
    return report;
  };

  const read = async (life: Life, reader: RedisClient): Promise<void> => {
    if (isAgain) after = '0';
    isAgain = false;
    const place = ['COUNT', REPORTS_MOST, 'BLOCK', BLOCK_MS, 'STREAMS', where.reports, after];
    const answer = await askWaiting(clock, reader, BLOCK_MS, 'xread', ...place);
    const [found] = (answer ?? []) as readonly (readonly [string, Entries])[];
    for (const [id, fields] of found?.[1] ?? []) {
      after = id;
      let isDone = false;
      const done = (): void => {
        if (isDone) return;
        isDone = true;
        ask(life.client, 'xdel', where.reports, id).catch(() => undefined);
      };
      const report = reportOf(fields[1] ?? '');
      if (report === null) done();
      else onReport(report, done);
    }
  };

  link.each(async (life) => {
    current = life;
    life.over.addEventListener('abort', () => {
      if (current === life) current = null;
    });
    const reader = await life.another();
    after = '0';
    const loop = async (): Promise<void> => {
      while (!life.over.aborted) await read(life, reader);
    };
    loop().catch((error: unknown) => {
      life.end(wordsOf(error));
    });
  });

  return {
    mail: (worker, mail) => {
      if (current === null) return;
      const { client } = current;
      const place = where.mail(worker);
      const sealed = seal(key, place, JSON.stringify(mail), clock.now() + MESSAGE_MS);
      Promise.all([ask(client, 'rpush', place, sealed), ask(client, 'pexpire', place, MAILBOX_MS)]).catch(
        () => undefined,
      );
    },
    again: () => {
      isAgain = true;
    },
    dropped: () => dropped,
  };
};
