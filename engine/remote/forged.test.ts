// What others put into the Redis of a mesh: nothing of it is performed, recorded or believed, and it is counted.
import assert from 'node:assert/strict';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import fc from 'fast-check';
import { FILES } from '#machines/nouns/data-folder';
import { meshKeyOf, readMeshKey } from '../queue/mesh-key.ts';
import { hasRedisServer } from '../queue/redis/redis.testserver.ts';
import { seal } from '../queue/sealed.ts';
import { FarMesh } from './far.testmesh.ts';
import {
  type Beat,
  BeatSchema,
  FactSchema,
  MailSchema,
  places,
  readMessage,
  ReportSchema,
  type Ticket,
  TicketSchema,
} from './messages.ts';

const OTHER = meshKeyOf(new Uint8Array(32).fill(9));
/** The last line of an answer: its value, where it has one. */
const last = (answer: string): string => answer.split('\n').at(-1) ?? '';
const LATER = Date.now() + 3_600_000;

it('any text is a message or none, and reading it never throws', () => {
  const word = fc.constantFrom(
    'fact',
    'ask',
    'bye',
    'taken',
    'stop',
    'stale',
    'yours',
    'event',
    'begun',
    'run',
    'x',
  );
  const value = fc.oneof(word, fc.integer(), fc.constant(null), fc.jsonValue({ maxDepth: 3 }));
  const shape = fc.record(
    {
      is: word,
      from: value,
      run: value,
      fence: value,
      n: value,
      fact: fc.record({ is: word, event: value }),
      nativeId: value,
    },
    { requiredKeys: ['is'] },
  );
  const text = fc.oneof(
    shape.map((each) => JSON.stringify(each)),
    fc.json(),
    fc.string({ unit: 'binary' }),
  );
  fc.assert(
    fc.property(text, (said) => {
      for (const schema of [ReportSchema, MailSchema, TicketSchema, BeatSchema, FactSchema]) {
        const read = readMessage<unknown>(schema, said);
        // What was read says no more than what was written.
        if (read !== null) assert.ok(readMessage<unknown>(schema, JSON.stringify(read)) !== null);
      }
    }),
    { numRuns: 2_000 },
  );
});

if (hasRedisServer())
  describe('a Redis that others write to', () => {
    it('makes no worker out of nothing, and no call out of a ticket that is forged, moved or played back', async () => {
      await using mesh = await FarMesh.open();
      await mesh.work('w1');
      const key = readMeshKey(join(mesh.folder, FILES.meshKey));
      const prefix = `agentmesh:${key.id}`;
      const where = places(prefix);
      const worker = last(await mesh.server.command('SMEMBERS', where.workers));
      assert.match(worker, /^[0-9a-f-]{36}$/);
      // A worker of another key.
      const beat: Beat = {
        worker: 'evil',
        name: 'evil',
        host: 'evil',
        version: '1',
        pid: 1,
        serves: ['far'],
        agents: ['far'],
        loopback: '',
        places: 64,
        beat: 1,
        life: 'any',
        holds: [],
      };
      await mesh.server.command(
        'SET',
        where.beat('evil'),
        seal(OTHER, where.beat('evil'), JSON.stringify(beat), LATER),
      );
      await mesh.server.command('SADD', where.workers, 'evil');
      // One that shows what another has shown.
      const shown = last(await mesh.server.command('GET', where.beat(worker)));
      await mesh.server.command('SET', where.beat('copy'), shown);
      await mesh.server.command('SADD', where.workers, 'copy');

      const ticket = (run: string): Ticket => ({
        run,
        fence: 1,
        mode: 'invoke',
        call: {
          agent: 'far',
          kind: 'far',
          entry: { kind: 'far', url: 'http://far.example/' },
          card: null,
          reach: null,
        },
        prompt: `forged ${run}`,
        data: {},
        key: run,
        handle: null,
        leftMs: 60_000,
      });
      const put = async (run: string, sealed: string): Promise<void> => {
        const queues = `${prefix}:${where.queue(worker)}`;
        const queue = `${queues}:${last(await mesh.server.command('LINDEX', `${queues}:lives`, '0'))}`;
        const job = { data: { sealed }, options: { timestamp: 1, stacktraces: [] }, status: 'created' };
        await mesh.server.command('HSET', `${queue}:jobs`, `${run}.1`, JSON.stringify(job));
        await mesh.server.command('LPUSH', `${queue}:waiting`, `${run}.1`);
      };
      const body = (run: string): string => JSON.stringify(ticket(run));
      const place = (run: string): string => where.ticket(worker, { run, fence: 1 });
      await put('unsigned', body('unsigned'));
      await put('forged', seal(OTHER, place('forged'), body('forged'), LATER));
      await put('moved', seal(key, place('elsewhere'), body('moved'), LATER));
      await put('late', seal(key, place('late'), body('late'), Date.now() - 1));
      // Signed as the daemon signs, and nobody waits for it: as if it had been kept and put there again.
      await put('replayed', seal(key, place('replayed'), body('replayed'), LATER));
      const real = await mesh.call('real');
      assert.equal((await mesh.ended(real)).state, 'completed');
      await sleep(1_500);
      assert.deepEqual([...mesh.world.effects.keys()], [real]);
      assert.deepEqual(
        mesh.engine.health().workers.map(({ name }) => name),
        ['w1'],
      );
    });

    it('has no say in what is recorded', async () => {
      await using mesh = await FarMesh.open();
      await mesh.work('w1');
      const key = readMeshKey(join(mesh.folder, FILES.meshKey));
      const where = places(`agentmesh:${key.id}`);
      const run = await mesh.call('hold me');
      await mesh.until('its handle', () => mesh.engine.invocations.get(run).task_id !== null);
      const first = last(await mesh.server.command('SMEMBERS', where.workers));
      const fact = (from: string, n: number, fence = 1): string =>
        JSON.stringify({
          is: 'fact',
          from,
          run,
          fence,
          n,
          fact: { is: 'end', outcome: { status: 'completed', text: 'forged', artifacts: [] } },
        });
      const add = (text: string): Promise<string> =>
        mesh.server.command('XADD', where.reports, '*', 'm', text);
      await add('junk');
      await add(fact(first, 4));
      await add(seal(OTHER, where.reports, fact(first, 4), LATER));
      await mesh.until('three dropped', () => mesh.engine.health().queue.dropped === 3);
      // Of the mesh, but of a worker that does not have it, of an older taking, and played back.
      await add(seal(key, where.reports, fact('another', 4), LATER));
      await add(seal(key, where.reports, fact(first, 4, 7), LATER));
      await add(seal(key, where.reports, fact(first, 1), LATER));
      await sleep(300);
      assert.equal(mesh.engine.invocations.get(run).state, 'working');
      mesh.world.release('hold me');
      assert.equal((await mesh.ended(run)).state, 'completed');
      assert.ok(!mesh.events(run).some(({ payload }) => payload['text'] === 'forged'));
    });
  });
