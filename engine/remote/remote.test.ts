// Calls at workers: performed there, recorded here, each once; and what holds when a worker, the daemon or Redis is gone.
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import type { EventV1 } from '#machines/nouns/event';
import { hasRedisServer } from '../queue/redis/redis.testserver.ts';
import { FarMesh } from './far.testmesh.ts';

/** What events say, apart from when, and from how a text was cut into pieces. */
const told = (events: readonly EventV1[]): string[] =>
  events
    .filter(({ metadata }) => metadata['delta'] !== true)
    .map(({ kind, payload }) =>
      [kind, payload['state'], payload['name'], payload['phase'], payload['text']].map(String).join(' '),
    )
    .map((line) => line.replace(/[0-9a-f-]{36}/g, '…'));

const pieces = (events: readonly EventV1[]): string =>
  events
    .filter(({ metadata }) => metadata['delta'] === true)
    .map(({ payload }) => String(payload['text']))
    .join('');

if (hasRedisServer())
  describe('calls at workers', () => {
    it('are performed there, and recorded as if they had been performed here', async () => {
      await using mesh = await FarMesh.open();
      const here = await mesh.call('events');
      assert.equal((await mesh.ended(here)).state, 'completed');
      await mesh.work('w1');
      const there = await mesh.call('events');
      const { state, task_id: task } = await mesh.ended(there);
      assert.deepEqual([state, task], ['completed', `task-${there}`]);
      assert.deepEqual(
        mesh.world.log.filter((line) => line.includes('invoke')),
        ['here invoke events', 'w1 invoke events'],
      );
      assert.deepEqual(told(mesh.events(there)), told(mesh.events(here)));
      assert.equal(pieces(mesh.events(there)), pieces(mesh.events(here)));
      assert.ok(pieces(mesh.events(there)).includes('piece 19'));
    });

    it('fail as they fail here, and a fault of an adapter is one', async () => {
      await using mesh = await FarMesh.open();
      for (const worker of ['here', 'w1']) {
        if (worker !== 'here') await mesh.work(worker);
        const failed = await mesh.ended(await mesh.call('fail'));
        assert.deepEqual([failed.state, failed.error?.code], ['failed', 'agent_failed']);
        const thrown = await mesh.ended(await mesh.call('throw'));
        assert.deepEqual([thrown.state, thrown.error?.message], ['failed', 'an adapter that throws']);
        assert.ok(mesh.world.log.includes(`${worker} invoke throw`));
      }
    });

    it('go to a worker that serves the agent and can reach it, and are performed here otherwise', async () => {
      await using mesh = await FarMesh.open();
      await mesh.add({ name: 'secret', kind: 'far', url: 'http://secret.example/', token: 'hidden' });
      await mesh.add({ name: 'near', kind: 'far', url: 'http://127.0.0.1:1/' });
      await mesh.add({ name: 'folder', kind: 'far', dir: '/srv/agent' });
      await mesh.work('named', { serves: ['other'] });
      await mesh.work('own', {
        serves: ['secret', 'folder'],
        entries: [{ name: 'secret', kind: 'far', url: 'http://secret.example/', token: 'own' }],
      });
      const places: Record<string, string> = {};
      for (const to of ['far', 'other', 'secret', 'near', 'folder']) {
        await mesh.ended(await mesh.call(`to ${to}`, { to }));
        places[to] = mesh.world.log.find((line) => line.endsWith(` invoke to ${to}`))?.split(' ')[0] ?? '';
      }
      // The folder is of this machine, and its worker has no entry of that name.
      assert.deepEqual(places, { far: 'here', other: 'named', secret: 'own', near: 'here', folder: 'here' });
      const commands = await mesh.server.command('KEYS', '*');
      assert.ok(!commands.includes('hidden'));
    });

    it('are shared between workers, and probes go where the calls go', async () => {
      await using mesh = await FarMesh.open();
      await mesh.work('w1');
      await mesh.work('w2');
      const runs = await Promise.all(Array.from({ length: 20 }, (_, n) => mesh.call(`hold ${n}`)));
      await mesh.until('all begun', () => mesh.world.effects.size === 20);
      assert.deepEqual(
        mesh.engine
          .health()
          .workers.map(({ name, calls }) => [name, calls])
          .toSorted(),
        [
          ['w1', 10],
          ['w2', 10],
        ],
      );
      for (let n = 0; n < 20; n += 1) mesh.world.release(`hold ${n}`);
      for (const run of runs) assert.equal((await mesh.ended(run)).state, 'completed');
      mesh.world.log.length = 0;
      const { agents } = await mesh.engine.discovery.sweep(mesh.caller, { waitMs: 5_000 });
      assert.ok(
        mesh.world.log.every((line) => /^w[12] probe /.test(line)),
        mesh.world.log.join(),
      );
      assert.match(agents.find(({ name }) => name === 'far')?.description ?? '', /^seen by w/);
    });

    it('are cancelled there, by a person and by their time limit', async () => {
      await using mesh = await FarMesh.open();
      await mesh.work('w1');
      const cancelled = await mesh.call('hold a');
      await mesh.until('its beginning', () => mesh.world.effects.size === 1);
      await mesh.engine.invocations.cancel(mesh.caller, cancelled);
      const one = await mesh.ended(cancelled);
      assert.deepEqual([one.state, one.cancel_confirmed], ['cancelled', true]);
      const late = await mesh.ended(await mesh.call('hold b', { timeoutMs: 300 }));
      assert.deepEqual([late.state, late.error?.code, late.cancel_confirmed], ['failed', 'timeout', true]);
      assert.deepEqual(
        mesh.world.log.filter((line) => line.includes('cancelled')),
        ['w1 cancelled hold a', 'w1 cancelled hold b'],
      );
    });

    it('go on over a restart of the daemon: no event is lost, none is there twice', async () => {
      await using mesh = await FarMesh.open();
      await mesh.work('w1');
      const reference = await mesh.call('events hold');
      const prompt = 'events hold';
      await mesh.until('its artifact', () => mesh.events(reference).some(({ kind }) => kind === 'artifact'));
      await mesh.stop();
      mesh.world.release(prompt);
      await sleep(300);
      await mesh.start();
      const { state } = await mesh.ended(reference);
      assert.equal(state, 'completed');
      assert.deepEqual(
        mesh.world.log,
        ['here probe far', 'here probe other', 'w1 invoke events hold'].concat(mesh.world.log.slice(3)),
      );
      assert.ok(!mesh.world.log.some((line) => line.includes('reattach')));
      const alone = await FarMesh.open();
      await using other = alone;
      other.world.release(prompt);
      const here = await other.call(prompt);
      await other.ended(here);
      assert.deepEqual(told(mesh.events(reference)), told(other.events(here)));
      assert.equal(pieces(mesh.events(reference)), pieces(other.events(here)));
    });

    it('are given back by a worker that dies, and taken up by another; the dead one is not listened to', async () => {
      await using mesh = await FarMesh.open();
      const first = await mesh.work('w1');
      const run = await mesh.call('hold me');
      await mesh.logged('w1 invoke hold me');
      await mesh.until('its handle', () => mesh.engine.invocations.get(run).task_id !== null);
      first.wire.cut();
      await mesh.work('w2');
      await mesh.logged('w2 reattach hold me by handle');
      // It comes back late, and finds that it is somebody else's.
      first.wire.mend();
      await mesh.until('its return', () => mesh.engine.health().workers.length === 2);
      await sleep(1_500);
      mesh.world.release('hold me');
      assert.equal((await mesh.ended(run)).state, 'completed');
      const lines = mesh.events(run);
      assert.equal(lines.filter(({ metadata }) => metadata['final'] === true).length, 1);
      assert.ok(!lines.some(({ metadata }) => metadata['late'] === true));
      assert.equal(first.worker.calls(), 0);
      assert.ok(!mesh.world.log.includes('w1 cancelled hold me'), 'a run that was taken up was cancelled');
      assert.deepEqual([...mesh.world.effects.values()], [1]);
    });

    it('end as unknown where the agent cannot say what became of them, and are ended where they were', async () => {
      await using mesh = await FarMesh.open();
      const first = await mesh.work('w1', { resume: false });
      const run = await mesh.call('hold it');
      await mesh.logged('w1 invoke hold it');
      await mesh.until('its handle', () => mesh.engine.invocations.get(run).task_id !== null);
      mesh.world.remembers = false;
      first.wire.cut();
      await mesh.work('w2', { resume: false });
      const { state, error } = await mesh.ended(run);
      assert.deepEqual([state, error?.code], ['failed', 'outcome_unknown']);
      first.wire.mend();
      await mesh.logged('w1 cancelled hold it');
    });

    it('are begun elsewhere when their worker died before it began', async () => {
      await using mesh = await FarMesh.open();
      const first = await mesh.work('w1');
      first.wire.freeze();
      const run = await mesh.call('quick');
      await mesh.work('w2');
      assert.equal((await mesh.ended(run)).state, 'completed');
      assert.deepEqual([...mesh.world.effects.values()], [1]);
      assert.ok(!mesh.world.log.some((line) => line.includes('reattach')), mesh.world.log.join());
    });

    it('go on at a worker that was cut off and came back before anybody else had them', async () => {
      await using mesh = await FarMesh.open();
      const { wire } = await mesh.work('w1');
      const run = await mesh.call('events hold');
      await mesh.until('its artifact', () => mesh.events(run).some(({ kind }) => kind === 'artifact'));
      wire.cut();
      await mesh.until('its absence', () => mesh.engine.health().workers.length === 0);
      mesh.world.release('events hold');
      await sleep(200);
      assert.equal(mesh.engine.invocations.get(run).state, 'working');
      wire.mend();
      assert.equal((await mesh.ended(run)).state, 'completed');
      assert.ok(!mesh.world.log.some((line) => line.includes('reattach')));
      const lines = told(mesh.events(run));
      assert.equal(lines.length, new Set(lines).size, 'an event is there twice');
      assert.equal(lines.filter((line) => line.includes('nearly')).length, 1);
    });

    it('ask people through the daemon: allowed, denied, and over a restart and another worker', async () => {
      await using mesh = await FarMesh.open();
      const first = await mesh.work('w1');
      const asked = async (run: string) => {
        const pending = () =>
          mesh.engine.approvals.list({ status: 'pending', limit: 10 }).filter((each) => each.run_id === run);
        await mesh.until('the question', () => pending().length === 1);
        const [approval] = pending();
        assert.ok(approval);
        return approval;
      };
      const textOf = (run: string): unknown =>
        mesh.events(run).find(({ metadata }) => metadata['final'] === true)?.payload['text'];
      const decide = async (run: string, decision: 'allow' | 'deny'): Promise<void> => {
        const { approval_id: id, operation_hash: hash, operation } = await asked(run);
        assert.match(JSON.stringify(operation), /"command":"ask/);
        await mesh.engine.approvals.decide(mesh.caller, id, { decision, ...(hash === null ? {} : { hash }) });
      };
      for (const decision of ['allow', 'deny'] as const) {
        const run = await mesh.call(`ask to ${decision}`);
        await decide(run, decision);
        await mesh.ended(run);
        assert.equal(textOf(run), decision);
      }
      // Asked in one life of the daemon, decided in the next.
      const run = await mesh.call('ask for later');
      await asked(run);
      await mesh.stop();
      await mesh.start();
      await decide(run, 'allow');
      await mesh.ended(run);
      assert.equal(textOf(run), 'allow');
      // Cancelled, it is asked no more.
      const stopped = await mesh.call('ask in vain');
      await asked(stopped);
      await mesh.engine.invocations.cancel(mesh.caller, stopped);
      assert.equal((await mesh.ended(stopped)).state, 'cancelled');
      assert.deepEqual(mesh.engine.approvals.list({ status: 'pending', limit: 10 }), []);
      // It lets go of a call once the daemon has said that its end is recorded.
      await mesh.until('the worker has nothing left', () => first.worker.calls() === 0);
    });

    it('are given back at once by a worker that says goodbye', async () => {
      await using mesh = await FarMesh.open();
      const first = await mesh.work('w1');
      await mesh.work('w2', { serves: ['other'] });
      const run = await mesh.call('hold on');
      await mesh.logged('w1 invoke hold on');
      await mesh.until('its handle', () => mesh.engine.invocations.get(run).task_id !== null);
      const begun = Date.now();
      await first.worker.close({ drainMs: 0 });
      await mesh.work('w3');
      await mesh.logged('w3 reattach hold on by handle');
      assert.ok(Date.now() - begun < 8_000, 'it waited for the lease');
      mesh.world.release('hold on');
      assert.equal((await mesh.ended(run)).state, 'completed');
    });

    it('survive kills of Redis and FLUSHALL in the middle, each event once', async () => {
      await using mesh = await FarMesh.open();
      await mesh.work('w1');
      const runs = await Promise.all(Array.from({ length: 8 }, (_, n) => mesh.call(`events hold ${n}`)));
      await mesh.until('all begun', () => mesh.world.effects.size === 8);
      await mesh.server.kill();
      for (let n = 0; n < 4; n += 1) mesh.world.release(`events hold ${n}`);
      await sleep(200);
      await mesh.server.start();
      await mesh.until('the link', () => mesh.engine.health().queue.problem === null);
      await mesh.server.command('FLUSHALL');
      for (let n = 4; n < 8; n += 1) mesh.world.release(`events hold ${n}`);
      const later = await mesh.call('events');
      for (const run of [...runs, later]) {
        assert.equal((await mesh.ended(run)).state, 'completed');
        const lines = told(mesh.events(run));
        assert.equal(lines.length, new Set(lines).size, 'an event is there twice');
        assert.equal(lines.filter((line) => line.startsWith('tool')).length, 20);
        assert.equal(pieces(mesh.events(run)).split('piece').length, 21);
      }
      assert.deepEqual(
        [...mesh.world.effects.values()].filter((times) => times !== 1),
        [],
      );
    });
  });
