// The contract of JobQueue, for every driver. It knows nothing of where a driver keeps its jobs or who wakes its handlers.
import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, it } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { pino } from 'pino';
import { nodePorts } from '../ports-node.ts';
import { openStore, type Store } from '../store/open.ts';
import { createOutbox } from './outbox.ts';
import type { Job, JobQueue, QueueName } from './queue.ts';

/** What a driver brings to be tested. */
export interface QueueFixture {
  readonly driver: string;
  /** A new life of the driver on the same storage; the one before was closed. `onError` hears what handlers throw. */
  open(onError: (error: unknown, job: Job) => void): Promise<JobQueue>;
  /** Empties the storage, between tests. */
  clear(): Promise<void>;
}

const JOBS = 5_000;
/** A handler that threw must not get its job again at once. */
const LEAST_BACKOFF_MS = 50;
/** How far a job may be overtaken by later ones. */
const OVERTAKEN_MOST = 16;

const job = (id: string, queue: QueueName = 'invocations'): Job => ({ id, queue, payload: '{}' });
const many = (count: number): Job[] => Array.from({ length: count }, (_, n) => job(`job-${n}`));

const until = async (what: string, holds: () => boolean): Promise<void> => {
  const end = Date.now() + 20_000;
  while (!holds()) {
    assert.ok(Date.now() < end, `waited in vain for: ${what}`);
    await sleep(5);
  }
};

/** A handler that notes its jobs and works until it is let go. */
const gated = () => {
  const begun: string[] = [];
  const gate = Promise.withResolvers<undefined>();
  let active = 0;
  let most = 0;
  return {
    begun,
    most: () => most,
    open: () => {
      gate.resolve(undefined);
    },
    handler: async ({ id }: Job): Promise<void> => {
      begun.push(id);
      active += 1;
      most = Math.max(most, active);
      await gate.promise;
      active -= 1;
    },
  };
};

/** Runs the contract against a driver. */
export const testJobQueue = (fixture: QueueFixture): void => {
  describe(`the queue driver ${fixture.driver}`, () => {
    let opened: JobQueue[] = [];
    const errors: { readonly error: unknown; readonly job: Job }[] = [];
    const open = async (): Promise<JobQueue> => {
      const queue = await fixture.open((error, about) => {
        errors.push({ error, job: about });
      });
      opened.push(queue);
      return queue;
    };
    beforeEach(() => {
      errors.length = 0;
    });
    afterEach(async () => {
      await Promise.all(opened.map((queue) => queue.close()));
      opened = [];
      await fixture.clear();
    });

    it('hands over jobs offered before there is a handler, and after', async () => {
      const queue = await open();
      const got: Job[] = [];
      const payload = JSON.stringify({ text: 'é 😀 \u2028 "quoted"\n' });
      await queue.offer([{ ...job('before'), payload }]);
      queue.work('invocations', 2, async (each) => void got.push(each));
      await queue.offer([job('after')]);
      await until('both jobs', () => got.length === 2);
      assert.deepEqual(got, [{ ...job('before'), payload }, job('after')]);
      await until('an empty queue', () => queue.waiting('invocations') === 0);
    });

    it('takes an id once while its job waits or runs', async () => {
      const queue = await open();
      const { begun, handler, open: letGo } = gated();
      await queue.offer([job('a'), job('a')]);
      queue.work('invocations', 1, handler);
      await until('the first job', () => begun.length === 1);
      await queue.offer([job('b'), job('a')]);
      await queue.offer([job('b')]);
      letGo();
      await until('an empty queue', () => queue.waiting('invocations') === 0);
      assert.deepEqual(begun, ['a', 'b']);
    });

    it('keeps to its concurrency, and uses all of it', async () => {
      const queue = await open();
      const { begun, most, handler, open: letGo } = gated();
      queue.work('invocations', 3, handler);
      await queue.offer(many(20));
      await until('three jobs at once', () => begun.length === 3);
      await sleep(50);
      assert.equal(begun.length, 3);
      letGo();
      await until('all jobs', () => begun.length === 20);
      assert.equal(most(), 3);
    });

    it('keeps queues apart: one that is busy holds up no other', async () => {
      const queue = await open();
      const busy = gated();
      let probes = 0;
      queue.work('invocations', 1, busy.handler);
      queue.work('discovery', 1, async () => void (probes += 1));
      await queue.offer([job('x'), job('y'), job('p', 'discovery'), job('q', 'discovery')]);
      await until('the other queue', () => probes === 2);
      busy.open();
    });

    it('gives a handler that threw its job again, after a while, and says what it threw', async () => {
      const queue = await open();
      const at: number[] = [];
      queue.work('invocations', 1, async () => {
        at.push(performance.now());
        if (at.length < 3) throw new Error(`not the ${at.length}. time`);
      });
      await queue.offer([job('again')]);
      // Offered meanwhile it is still the same job.
      await until('the first time', () => at.length === 1);
      await queue.offer([job('again')]);
      await until('the third time', () => at.length === 3);
      await sleep(2 * LEAST_BACKOFF_MS);
      assert.equal(at.length, 3, 'done is done');
      for (const [index, time] of at.slice(1).entries())
        assert.ok(time - (at[index] ?? 0) >= LEAST_BACKOFF_MS, 'tried again without a pause');
      assert.deepEqual(
        errors.map(({ error, job: { id } }) => [(error as Error).message, id]),
        [
          ['not the 1. time', 'again'],
          ['not the 2. time', 'again'],
        ],
      );
    });

    it('a job that fails for ever holds up no other', async () => {
      const queue = await open();
      const done: string[] = [];
      queue.work('invocations', 1, async ({ id }) => {
        if (id === 'bad') throw new Error('bad');
        done.push(id);
      });
      await queue.offer([job('bad'), job('good'), job('better')]);
      await until('the others', () => done.length === 2);
      assert.deepEqual(done, ['good', 'better']);
    });

    it('close waits for the handlers in hand and begins no more', async () => {
      const queue = await open();
      const { begun, handler, open: letGo } = gated();
      queue.work('invocations', 2, handler);
      await queue.offer(many(5));
      await until('two jobs', () => begun.length === 2);
      let closed = false;
      const closing = queue.close().then(() => (closed = true));
      await sleep(30);
      assert.equal(closed, false);
      letGo();
      await closing;
      await queue.offer([job('late')]).catch(() => undefined);
      await sleep(30);
      assert.equal(begun.length, 2);
    });

    it('hands over in the order of the offers, nearly', async () => {
      const queue = await open();
      const begun: string[] = [];
      queue.work('invocations', 4, async ({ id }) => void begun.push(id));
      const jobs = many(400);
      for (let n = 0; n < jobs.length; n += 40) await queue.offer(jobs.slice(n, n + 40));
      await until('all jobs', () => begun.length === jobs.length);
      for (const [place, id] of begun.entries()) {
        const offered = Number(id.slice('job-'.length));
        assert.ok(Math.abs(place - offered) <= OVERTAKEN_MOST, `${id} came as number ${place}`);
      }
    });

    it(`loses none of ${JOBS} jobs and doubles none, offered in any number at a time, some twice`, async () => {
      const queue = await open();
      const times = new Map<string, number>();
      let hold = true;
      const held = Promise.withResolvers<undefined>();
      queue.work('invocations', 64, async ({ id }) => {
        times.set(id, (times.get(id) ?? 0) + 1);
        if (hold) await held.promise;
      });
      const jobs = many(JOBS);
      const offers: Promise<void>[] = [];
      for (let n = 0, size = 1; n < JOBS; n += size, size = (size * 7) % 997) {
        offers.push(queue.offer(jobs.slice(n, n + size)));
        if (n % 3 === 0) offers.push(queue.offer(jobs.slice(n, n + size)));
      }
      await Promise.all(offers);
      hold = false;
      held.resolve(undefined);
      await until('all jobs', () => times.size === JOBS && queue.waiting('invocations') === 0);
      assert.deepEqual(
        [...times].filter(([, count]) => count !== 1),
        [],
      );
    });

    describe('behind the outbox', () => {
      let folder: string;
      let store: Store;
      beforeEach(async () => {
        folder = mkdtempSync(join(tmpdir(), 'queue-'));
        const ports = nodePorts(pino({ level: 'silent' }), {});
        store = await openStore(join(folder, 'agentmesh.db'), { synchronous: 'NORMAL' }, ports);
      });
      afterEach(() => {
        store.close();
        rmSync(folder, { recursive: true, force: true });
      });

      it('gets a job after the COMMIT that decided it, and never one that was rolled back', async () => {
        const queue = await open();
        const outbox = createOutbox(store, queue, assert.ifError);
        const got: string[] = [];
        queue.work('invocations', 4, async ({ id }) => void got.push(id));
        await store.writer.submit((tx) => {
          outbox.add(tx, job('kept'));
        });
        await assert.rejects(
          store.writer.submit((tx) => {
            outbox.add(tx, job('rolled back'));
            throw new Error('not after all');
          }),
        );
        await until('the job', () => got.length > 0);
        await sleep(30);
        assert.deepEqual(got, ['kept']);
      });

      it('is offered again, in the next life, what nobody has recorded as done; and only that', async () => {
        const first = await open();
        const outbox = createOutbox(store, first, assert.ifError);
        await store.writer.submit((tx) => {
          for (const each of many(20)) outbox.add(tx, each);
        });
        await store.writer.submit((tx) => {
          for (const { id } of many(5)) outbox.remove(tx, id);
        });
        await first.close();
        await fixture.clear();

        const second = await open();
        const again = createOutbox(store, second, assert.ifError);
        const got: string[] = [];
        second.work('invocations', 2, async ({ id }) => {
          got.push(id);
          await store.writer.submit((tx) => {
            again.remove(tx, id);
          });
        });
        assert.equal(await again.offerLeft(), 15);
        await until('what was left', () => got.length === 15);
        assert.deepEqual(
          got.toSorted(),
          many(20)
            .slice(5)
            .map(({ id }) => id)
            .toSorted(),
        );
        assert.equal(await again.offerLeft(), 0);
      });
    });
  });
};
