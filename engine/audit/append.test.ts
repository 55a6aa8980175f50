// The audit trail: a row stands exactly when its mutation does, lists newest first, and keeps hashes instead of arguments.
import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, it } from 'node:test';
import { AuditRowSchema } from '#machines/nouns/audit';
import { testPorts } from '../events/arbitraries.ts';
import { loopbackCaller, socketCaller } from '../identity/caller.ts';
import { openStore, type Store } from '../store/open.ts';
import { argsSha256, type Audit, createAudit } from './append.ts';

let folder = '';
let store: Store;
let audit: Audit;

beforeEach(async () => {
  folder = mkdtempSync(join(tmpdir(), 'audit-'));
  store = await openStore(join(folder, 'a.db'), { synchronous: 'NORMAL' }, testPorts());
  audit = createAudit(store);
});
afterEach(() => {
  store.close();
  rmSync(folder, { recursive: true, force: true });
});

describe('audit', () => {
  it('stands exactly when what it records does', async () => {
    const caller = socketCaller('uid:1000');
    await store.writer.submit((tx) => {
      audit.append(tx, caller, 'agent.add', 'write', 'calc', { url: 'http://127.0.0.1:1' });
    });
    await assert.rejects(
      store.writer.submit((tx) => {
        audit.append(tx, caller, 'agent.remove', 'write', 'calc', {});
        throw new Error('no');
      }),
    );
    const rows = audit.list({ limit: 10 });
    assert.equal(rows.length, 1);
    assert.deepEqual(rows[0]?.caller, { kind: 'socket', role: 'owner', detail: 'uid:1000' });
    AuditRowSchema.parse(rows[0]);
  });

  it('lists newest first, in pages that neither repeat nor skip', async () => {
    await store.writer.submit((tx) => {
      for (let n = 0; n < 25; n++)
        audit.append(tx, loopbackCaller('test'), 'invocation.start', 'write', `r${n}`, { n });
    });
    const seen: (string | null)[] = [];
    for (let before: number | undefined; ;) {
      const rows = audit.list({ limit: 10, ...(before === undefined ? {} : { before }) });
      if (rows.length === 0) break;
      seen.push(...rows.map(({ subject }) => subject));
      before = rows.at(-1)?.seq;
    }
    assert.deepEqual(
      seen,
      Array.from({ length: 25 }, (_, n) => `r${24 - n}`),
    );
  });

  it('hashes arguments by what they say, not by the order of their keys, and never keeps them', async () => {
    assert.equal(argsSha256({ a: 1, b: { c: [1], d: 2 } }), argsSha256({ b: { d: 2, c: [1] }, a: 1 }));
    assert.notEqual(argsSha256({ a: [1, 2] }), argsSha256({ a: [2, 1] }));
    // Known answer: SHA-256 of {"a":1}.
    assert.equal(argsSha256({ a: 1 }), '015abd7f5cc57a2dd94b7590f04ad8084273905ee33ec5cebeae62276a97f862');
    await store.writer.submit((tx) => {
      audit.append(tx, socketCaller('uid:1'), 'agent.add', 'write', 'x', { token: 'hush-hush' });
    });
    assert.doesNotMatch(JSON.stringify(store.db.prepare('SELECT * FROM audit').all()), /hush/);
  });
});
