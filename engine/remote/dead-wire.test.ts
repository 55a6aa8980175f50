// A worker whose wire goes dead without a word, while Redis goes on to hold its connections for alive: no call is lost to them.
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { hasRedisServer } from '../queue/redis/redis.testserver.ts';
import { FarMesh } from './far.testmesh.ts';

const CALLS = 12;

const callAll = async (mesh: FarMesh, what: string): Promise<void> => {
  const runs = await Promise.all(Array.from({ length: CALLS }, (_, n) => mesh.call(`${what} ${n}`)));
  for (const run of runs) assert.equal((await mesh.ended(run)).state, 'completed');
};

if (hasRedisServer())
  describe('a worker on a wire that goes dead', () => {
    for (const [what, carrying] of [
      ['all of it', ''],
      ['what it takes calls by', 'brpoplpush'],
      ['what it reads its mail by', 'blpop'],
    ] as const)
      it(`goes on with new connections, and takes each call once: ${what}`, async () => {
        await using mesh = await FarMesh.open();
        const { wire } = await mesh.work('w1');
        // Every place has asked for its next call by then.
        await callAll(mesh, 'before');
        wire.freeze(carrying);
        await callAll(mesh, 'after');
        const begun = mesh.world.log.filter((line) => line.includes('invoke'));
        assert.ok(
          begun.every((line) => line.startsWith('w1 ')),
          begun.join(),
        );
        assert.equal(begun.length, 2 * CALLS);
        assert.ok([...mesh.world.effects.values()].every((times) => times === 1));
      });
  });
