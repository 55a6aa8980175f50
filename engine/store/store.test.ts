// The store: batches roll back alone, seqs stay gapless, the schema is as declared, copies are kept, newer data is refused.
import assert from 'node:assert/strict';
import { mkdtempSync, readdirSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, it } from 'node:test';
import SqliteDatabase from 'better-sqlite3';
import fc from 'fast-check';
import type { Migration } from 'kysely/migration';
import type { EventRow } from '../engine.ts';
import { MIGRATIONS } from './migrations.ts';
import { openStore, type Store } from './open.ts';
import { param, statement } from './statement.ts';
import type { Tx } from './writer.ts';

let folder = '';
let ids = 0;
const ports = {
  clock: { now: () => 1_000, after: () => () => undefined },
  crash: { reach: () => undefined },
  ids: { uuidv7: () => `id-${++ids}` },
};
const open = (): Promise<Store> => openStore(join(folder, 'a.db'), { synchronous: 'FULL' }, ports);

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'store-'));
});
afterEach(() => {
  rmSync(folder, { recursive: true, force: true });
});

/** A migration that changes nothing. */
const nothing: Migration = { up: () => Promise.resolve() };

const insertMeta = (store: Store) =>
  statement<{ key: string; value: string }>()(store.db, (k) =>
    k.insertInto('meta').values({ key: param('key'), value: param('value') }),
  );

describe('store', () => {
  it('answers stopping to who asks when it is closed, whether the question was asked before or not', async () => {
    const store = await open();
    const find = (key: 'key' | 'value') =>
      statement<{ is: string }>()(store.db, (k) =>
        k.selectFrom('meta').selectAll().where(key, '=', param<string>('is')),
      );
    const [asked, neverAsked] = [find('key'), find('value')];
    asked.get({ is: 'a' });
    store.close();
    for (const each of [asked, neverAsked])
      assert.throws(() => each.get({ is: 'a' }), { name: 'MeshError', code: 'stopping' });
  });

  it('answers only what is durable, and keeps nothing of work that throws', async () => {
    const store = await open();
    const insert = insertMeta(store);
    const results = await Promise.allSettled([
      store.writer.submit(() => insert.run({ key: 'a', value: '1' })),
      store.writer.submit(() => {
        insert.run({ key: 'b', value: '2' });
        throw new Error('no');
      }),
      store.writer.submit(() => insert.run({ key: 'c', value: '3' })),
    ]);
    assert.deepEqual(
      results.map(({ status }) => status),
      ['fulfilled', 'rejected', 'fulfilled'],
    );
    const other = new SqliteDatabase(join(folder, 'a.db'), { readonly: true });
    assert.equal(store.meta.get('b'), null);
    assert.deepEqual(
      other.prepare("SELECT key FROM meta WHERE key IN ('a','b','c') ORDER BY key").pluck().all(),
      ['a', 'c'],
    );
    other.close();
    store.close();
  });

  it('numbers staged rows without a gap whatever rolls back (property)', async () => {
    const store = await open();
    const seen: number[] = [];
    store.writer.onCommit((rows) => void seen.push(...rows.map(({ seq }) => seq)));
    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.record({ rows: fc.nat(4), fails: fc.boolean() }), { maxLength: 20 }),
        async (works) => {
          await Promise.allSettled(
            works.map(({ rows, fails }) =>
              store.writer.submit((tx) => {
                for (let n = 0; n < rows; n++) tx.stage({ seq: tx.nextSeq() } as EventRow);
                if (fails) throw new Error('no');
              }),
            ),
          );
          assert.deepEqual(
            seen,
            Array.from({ length: seen.length }, (_, index) => index + 1),
          );
          assert.equal(store.writer.head, seen.length);
        },
      ),
      { numRuns: 50 },
    );
    store.close();
  });

  it('answers disk_full for the whole batch when the disk is full, and goes on when there is room again', async () => {
    const store = await open();
    const insert = insertMeta(store);
    const pages = store.db.pragma('page_count', { simple: true }) as number;
    store.db.pragma(`max_page_count = ${pages}`);
    const big = 'x'.repeat(1_000_000);
    await assert.rejects(
      store.writer.submit(() => insert.run({ key: 'big', value: big })),
      { code: 'disk_full' },
    );
    store.db.pragma('max_page_count = 100000');
    await store.writer.submit(() => insert.run({ key: 'big', value: big }));
    assert.equal(store.meta.get('big'), big);
    store.close();
  });

  it('puts memory right in the opposite order, for one work and for a whole batch', async () => {
    const store = await open();
    const insert = insertMeta(store);
    let memory = 0;
    const change =
      (to: number, more: () => void = () => undefined) =>
      (tx: Tx) => {
        for (const value of [to, to + 1]) {
          const before = memory;
          memory = value;
          tx.undone(() => {
            memory = before;
          });
        }
        more();
      };
    const no = (): never => {
      throw new Error('no');
    };
    await store.writer.submit(change(10));
    await assert.rejects(store.writer.submit(change(20, no)));
    assert.equal(memory, 11);
    store.db.pragma(`max_page_count = ${store.db.pragma('page_count', { simple: true }) as number}`);
    const fill = (): void => void insert.run({ key: 'big', value: 'x'.repeat(1_000_000) });
    await Promise.allSettled([store.writer.submit(change(30)), store.writer.submit(change(40, fill))]);
    assert.equal(memory, 11);
    store.close();
  });

  it('refuses a folder that a newer version has migrated', async () => {
    (await open()).close();
    const db = new SqliteDatabase(join(folder, 'a.db'));
    db.prepare("INSERT INTO kysely_migration (name, timestamp) VALUES ('9999-later', '')").run();
    db.close();
    await assert.rejects(open(), { code: 'data_newer' });
  });

  const copies = (): string[] => readdirSync(folder).filter((name) => name.includes('.before-'));

  it('keeps a copy from before each migration of existing data, the last three of them', async () => {
    const store = await open();
    assert.deepEqual(copies(), [], 'a new database was copied');
    await store.writer.submit(() => {
      store.meta.set('fact', 'kept');
    });
    store.close();
    const later = (count: number): typeof MIGRATIONS => ({
      ...MIGRATIONS,
      ...Object.fromEntries(Array.from({ length: count }, (_, n) => [`900${n}-later`, nothing])),
    });
    const file = join(folder, 'a.db');
    (await openStore(file, { synchronous: 'FULL' }, ports, later(5))).close();
    assert.deepEqual(copies(), [
      'a.db.before-9002-later',
      'a.db.before-9003-later',
      'a.db.before-9004-later',
    ]);
    assert.equal(statSync(join(folder, 'a.db.before-9002-later')).mode & 0o777, 0o600);
    const copy = new SqliteDatabase(join(folder, 'a.db.before-9002-later'), { readonly: true });
    assert.equal(copy.prepare("SELECT value FROM meta WHERE key = 'fact'").pluck().get(), 'kept');
    copy.close();
  });

  it('gives every log its own id, once', async () => {
    const store = await open();
    const id = store.meta.get('log_id');
    store.close();
    const again = await open();
    assert.equal(again.meta.get('log_id'), id);
    again.close();
  });
});
