// What the queue on Redis does when Redis fails it: nothing is lost, nothing recorded twice, and health says why jobs wait.
import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { pino } from 'pino';
import { nodePorts } from '../../ports-node.ts';
import { openStore } from '../../store/open.ts';
import { meshKeyOf } from '../mesh-key.ts';
import { createIsOpen, createOutbox } from '../outbox.ts';
import { type Job, type JobQueue, QUEUE_NAMES } from '../queue.ts';
import { readRedisUrl } from '../redis/address.ts';
import { cuttableRedisWire } from '../redis/cuttable.testwire.ts';
import { createLink } from '../redis/link.ts';
import { hasRedisServer, RedisServer } from '../redis/redis.testserver.ts';
import { seal } from '../sealed.ts';
import { createBeeQueue } from './driver.ts';

const PREFIX = 'faults';
const KEY = meshKeyOf(new Uint8Array(32).fill(7));
const lines: string[] = [];
const log = pino(
  { level: 'debug' },
  {
    write: (line: string) => {
      lines.push(line);
    },
  },
);
const realPorts = nodePorts(log, {});
const { clock } = realPorts;
/** What is looked at now and then is looked at soon. */
const hurriedPorts = {
  ...realPorts,
  clock: {
    ...clock,
    after: (ms: number, run: () => void) => clock.after(ms >= 15_000 ? ms / 30 : ms, run),
  },
};

const until = async (what: string, holds: () => boolean): Promise<void> => {
  const end = Date.now() + 60_000;
  while (!holds()) {
    assert.ok(Date.now() < end, `waited in vain for: ${what}`);
    await sleep(5);
  }
};

/** A queue behind a real outbox, whose handler records each job as done, as the engine does. */
const openQueue = async (url: string, handlerMs = 0, ports = realPorts) => {
  const folder = mkdtempSync(join(tmpdir(), 'bee-'));
  const store = await openStore(join(folder, 'agentmesh.db'), { synchronous: 'NORMAL' }, ports);
  const link = createLink({ address: readRedisUrl(url, 'url'), prefix: PREFIX, ports });
  const queue: JobQueue = createBeeQueue({
    link,
    key: KEY,
    prefix: PREFIX,
    queues: QUEUE_NAMES,
    ports,
    onError: assert.ifError,
    isOpen: createIsOpen(store),
  });
  const outbox = createOutbox(store, queue, assert.ifError);
  const begun = new Map<string, number>();
  const done: string[] = [];
  queue.work('invocations', 8, async ({ id }) => {
    begun.set(id, (begun.get(id) ?? 0) + 1);
    if (handlerMs > 0) await sleep(handlerMs);
    await store.writer.submit((tx) => {
      outbox.remove(tx, id);
    });
    done.push(id);
  });
  link.begin();
  return {
    queue,
    begun,
    done,
    add: (ids: readonly string[]) =>
      store.writer.submit((tx) => {
        for (const id of ids)
          outbox.add(tx, { id, queue: 'invocations', payload: `{"of":"${id}"}` } satisfies Job);
      }),
    [Symbol.asyncDispose]: async () => {
      await queue.close();
      link.close();
      store.close();
      rmSync(folder, { recursive: true, force: true });
    },
  };
};

const names = (count: number, of = 'job'): string[] => Array.from({ length: count }, (_, n) => `${of}-${n}`);

/** Each id once in `begun`. */
const eachOnce = (begun: ReadonlyMap<string, number>, ids: readonly string[]): void => {
  assert.deepEqual([...begun.keys()].toSorted(), [...ids].toSorted());
  assert.deepEqual(
    [...begun].filter(([, times]) => times !== 1),
    [],
  );
};

if (hasRedisServer())
  describe('the queue on a Redis that fails', () => {
    it('waits for one that is down at the start, and says so', async () => {
      await using server = RedisServer.prepare();
      await using open = await openQueue(server.url);
      await open.add(names(20));
      await until('the reason', () => open.queue.state().problem !== null);
      assert.match(open.queue.state().problem ?? '', /^Redis at unix:.*ENOENT/);
      assert.equal(open.queue.waiting('invocations'), 20);
      assert.deepEqual(open.done, []);
      await server.start();
      await until('all jobs', () => open.done.length === 20);
      eachOnce(open.begun, names(20));
      assert.equal(open.queue.state().problem, null);
    });

    it('loses nothing in ten kills and restarts of one that keeps nothing, and does nothing twice', async () => {
      await using server = await RedisServer.start();
      await using open = await openQueue(server.url, 5);
      const ids = names(1_000);
      for (let kill = 0; kill < 10; kill += 1) {
        await open.add(ids.slice(kill * 100, kill * 100 + 60));
        await sleep(20);
        await server.kill();
        await open.add(ids.slice(kill * 100 + 60, (kill + 1) * 100));
        await server.start();
      }
      await until('all jobs', () => open.done.length === ids.length);
      eachOnce(open.begun, ids);
    });

    it('the same with one that keeps what it had', async () => {
      await using server = await RedisServer.start({ keeps: true });
      await using open = await openQueue(server.url, 5);
      const ids = names(400);
      for (let kill = 0; kill < 4; kill += 1) {
        await open.add(ids.slice(kill * 100, (kill + 1) * 100));
        await sleep(20);
        await server.kill();
        await server.start();
      }
      await until('all jobs', () => open.done.length === ids.length);
      eachOnce(open.begun, ids);
    });

    it('gives it again what FLUSHALL took, and goes on without its scripts', async () => {
      await using server = await RedisServer.start();
      await using open = await openQueue(server.url, 20);
      const ids = names(300);
      await open.add(ids);
      await until('some jobs', () => open.done.length > 20);
      await server.command('FLUSHALL');
      await until('some more', () => open.done.length > 150);
      await server.command('SCRIPT', 'FLUSH');
      await open.add(names(50, 'later'));
      await until('all jobs', () => open.done.length === 350);
      eachOnce(open.begun, [...ids, ...names(50, 'later')]);
    });

    it('survives a cut wire, and one that goes dead without a word', async () => {
      await using server = await RedisServer.start();
      await using wire = await cuttableRedisWire(server.path);
      await using open = await openQueue(wire.url, 5);
      await open.add(names(200));
      await until('some jobs', () => open.done.length > 20);
      wire.cut();
      await until('the reason', () => open.queue.state().problem !== null);
      wire.mend();
      await until('some more', () => open.done.length > 100);
      wire.freeze();
      await open.add(names(20, 'later'));
      await until('all jobs', () => open.done.length === 220);
      eachOnce(open.begun, [...names(200), ...names(20, 'later')]);
    });

    it('loses nothing to a connection that is dead here and alive there, and still asks for jobs', async () => {
      await using server = await RedisServer.start();
      await using wire = await cuttableRedisWire(server.path);
      await using open = await openQueue(wire.url);
      // Every place has asked for its next job by then.
      await open.add(names(40));
      await until('the first jobs', () => open.done.length === 40);
      wire.freeze();
      await open.add(names(40, 'later'));
      await until('all jobs', () => open.done.length === 80);
      eachOnce(open.begun, [...names(40), ...names(40, 'later')]);
    });

    it('notices that the one connection is dead on which it waits for jobs', async () => {
      await using server = await RedisServer.start();
      await using wire = await cuttableRedisWire(server.path);
      await using open = await openQueue(wire.url);
      await open.add(names(20));
      await until('the first jobs', () => open.done.length === 20);
      wire.freeze('brpoplpush');
      await open.add(names(20, 'later'));
      await until('all jobs', () => open.done.length === 40);
      eachOnce(open.begun, [...names(20), ...names(20, 'later')]);
      assert.ok(lines.some((line) => line.includes('no answer within')));
    });

    it('gives again what Redis says it has and does not hand over', async () => {
      await using server = await RedisServer.start();
      await using open = await openQueue(server.url, 400, hurriedPorts);
      await until('the queue', () => open.queue.state().problem === null);
      // Eight at work, four behind them.
      await open.add(names(12));
      await until('the first ones', () => open.begun.size === 8);
      const life = (await server.command('LINDEX', `${PREFIX}:invocations:lives`, '0')).split('\n').at(-1);
      await server.command('DEL', `${PREFIX}:invocations:${life ?? ''}:waiting`);
      await until('all jobs', () => open.done.length === 12);
      eachOnce(open.begun, names(12));
    });

    it('drops what is not signed, signed elsewhere, expired or done before, and does the true job all the same', async () => {
      await using server = await RedisServer.start();
      await using open = await openQueue(server.url);
      const other = meshKeyOf(new Uint8Array(32).fill(8));
      const hour = Date.now() + 3_600_000;
      const place = (id: string): string => `job ${PREFIX} invocations ${id}`;
      await until(
        'the queue',
        () => open.queue.state().problem === null && open.queue.waiting('invocations') === 0,
      );
      const queue = async (): Promise<string> => {
        const answer = await server.command('LINDEX', `${PREFIX}:invocations:lives`, '0');
        return `${PREFIX}:invocations:${answer.split('\n').at(-1) ?? ''}`;
      };
      const put = async (id: string, sealed: unknown): Promise<void> => {
        const place = await queue();
        const key = (name: string): string => `${place}:${name}`;
        const data = { data: { sealed }, options: { timestamp: 1, stacktraces: [] }, status: 'created' };
        await server.command('HSET', key('jobs'), id, JSON.stringify(data));
        await server.command('LPUSH', key('waiting'), id);
      };
      await open.add(['true']);
      await until('the true one', () => open.done.length === 1);
      await put('unsigned', '{"of":"unsigned"}');
      await put('nothing', { any: 'thing' });
      await put('forged', seal(other, place('forged'), '{}', hour));
      await put('moved', seal(KEY, place('another'), '{}', hour));
      await put('expired', seal(KEY, place('expired'), '{}', Date.now() - 1));
      await put('true', seal(KEY, place('true'), '{}', hour));
      await until('all six', () => open.queue.state().dropped === 6);
      // A job of ours, overwritten before it is handed over.
      await put('mine', 'junk');
      await open.add(['mine']);
      await until('ours', () => open.done.length === 2);
      // What bee-queue itself cannot read.
      await server.command('HSET', `${await queue()}:jobs`, 'junk', 'not json');
      await server.command('LPUSH', `${await queue()}:waiting`, 'junk');
      await open.add(['after']);
      await until('the last', () => open.done.length === 3);
      eachOnce(open.begun, ['true', 'mine', 'after']);
      assert.ok(lines.some((line) => line.includes('was dropped')));
    });

    it('begins anew when the connection goes dead while it is being set up', async () => {
      await using server = await RedisServer.start();
      const address = readRedisUrl(server.url, 'url');
      const link = createLink({ address, prefix: PREFIX, ports: hurriedPorts });
      let lives = 0;
      link.each(() => {
        lives += 1;
        return lives === 1 ? new Promise(() => undefined) : Promise.resolve();
      });
      link.begin();
      await until('the second life', () => link.life() !== null);
      assert.equal(lives, 2);
      link.close();
    });

    it('keeps its password to itself', async () => {
      const password = 'correct horse/battery:staple';
      await using server = await RedisServer.start({ password });
      const address = { options: { path: server.path, password: 'wrong-horse' }, shown: 'unix:shown' };
      const link = createLink({ address, prefix: PREFIX, ports: realPorts });
      link.begin();
      await until('the refusal', () => link.problem() !== null);
      assert.match(link.problem() ?? '', /WRONGPASS/);
      link.close();
      const right = createLink({
        address: { ...address, options: { path: server.path, password } },
        prefix: PREFIX,
        ports: realPorts,
      });
      right.begin();
      await until('the connection', () => right.life() !== null);
      right.close();
      assert.ok(!lines.some((line) => line.includes('horse')), 'a password is in the log');
    });
  });
