// A container writes the mailbox that we read, and may be hostile: nothing that it puts there leads us astray.
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import {
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  symlinkSync,
  truncateSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, describe, it } from 'node:test';
import Database from 'better-sqlite3';
import fc from 'fast-check';
import { texts } from '../adapter.testkit.ts';
import { Fault } from './fault.ts';
import { lookAtInbound, lookAtOutbound, NotNow, type OutRow } from './mail.ts';
import { openLab, statuses } from './nanoclaw.testkit.ts';
import { INBOUND_SCHEMA, OUTBOUND_SCHEMA } from './nanoclaw.testschema.ts';
import { readFromOutbox } from './outbox.ts';
import { saidBy } from './said.ts';

const root = mkdtempSync(join(tmpdir(), 'nanoclaw-hostile-'));
after(() => {
  rmSync(root, { recursive: true, force: true });
});

let count = 0;
const mailbox = (schema: string, fill: (db: Database.Database) => void = () => undefined): string => {
  count += 1;
  const path = join(root, `${String(count)}.db`);
  const db = new Database(path);
  db.pragma('journal_mode = DELETE');
  db.exec(schema);
  fill(db);
  db.close();
  return path;
};

const put = (db: Database.Database, id: string, content: unknown, more: object = {}): void => {
  const row = { id, in_reply_to: 'm', deliver_after: null, thread_id: null, content, ...more };
  db.prepare(
    `INSERT INTO messages_out (id, in_reply_to, timestamp, deliver_after, kind, platform_id, channel_type, thread_id, content)
     VALUES (@id, @in_reply_to, datetime('now'), @deliver_after, 'chat', 'mesh:main', 'agentmesh', @thread_id, @content)`,
  ).run(row);
};

const KNOWN = { platform: 'mesh:main', messageId: 'm', thread: 't' };
const isFault = (error: unknown): boolean =>
  error instanceof Fault && error.failure.code === 'invalid_agent_response';
const isNotNow = (error: unknown): boolean => error instanceof NotNow;
const without = (table: string): string =>
  OUTBOUND_SCHEMA.replace(new RegExp(`CREATE TABLE ${table} \\([\\s\\S]*?\\);`), '');

describe('nanoclaw: mailboxes that are none', () => {
  const cases: Readonly<Record<string, () => string>> = {
    'a view that never ends': () =>
      mailbox(
        `${without('messages_out')} CREATE VIEW messages_out AS
         WITH RECURSIVE n(x) AS (SELECT 1 UNION ALL SELECT x + 1 FROM n)
         SELECT x AS id, NULL AS in_reply_to, NULL AS deliver_after, 'chat' AS kind, '' AS channel_type,
           '' AS platform_id, '' AS content FROM n;`,
      ),
    'a column that is computed': () =>
      mailbox(
        OUTBOUND_SCHEMA.replace(
          'content TEXT NOT NULL',
          'content TEXT GENERATED ALWAYS AS (hex(zeroblob(400000000))) VIRTUAL',
        ),
      ),
    'a virtual table': () =>
      mailbox(
        `${without('processing_ack')} CREATE VIRTUAL TABLE processing_ack USING fts5(message_id, status, status_changed);`,
      ),
    'no tables at all': () => mailbox('CREATE TABLE other (x)'),
    'a link to somebody else’s database': () => {
      const link = join(root, 'link.db');
      symlinkSync(mailbox(OUTBOUND_SCHEMA), link);
      return link;
    },
    'a pipe': () => {
      const pipe = join(root, 'pipe.db');
      execFileSync('mkfifo', [pipe]);
      return pipe;
    },
    'a folder': () => {
      mkdirSync(join(root, 'folder.db'));
      return join(root, 'folder.db');
    },
    'a file that is larger than any': () => {
      const path = mailbox(OUTBOUND_SCHEMA);
      truncateSync(path, 300 * 1024 * 1024);
      return path;
    },
  };
  for (const [name, make] of Object.entries(cases)) {
    it(`is refused: ${name}`, () => {
      const path = make();
      assert.throws(() => lookAtOutbound(path, 'm', 0), isFault);
    });
  }

  it('is tried again: not there, half written, being written', () => {
    assert.throws(() => lookAtOutbound(join(root, 'nothing.db'), 'm', 0), isNotNow);
    const half = mailbox(OUTBOUND_SCHEMA);
    writeFileSync(half, readFileSync(half).subarray(0, 5_000));
    assert.throws(() => lookAtOutbound(half, 'm', 0), isNotNow);
    const path = mailbox(OUTBOUND_SCHEMA);
    const writer = new Database(path);
    writer.exec('BEGIN EXCLUSIVE');
    assert.throws(() => lookAtOutbound(path, 'm', 0), isNotNow);
    writer.exec('COMMIT');
    assert.equal(lookAtOutbound(path, 'm', 0).ack, null);
    writer.close();
  });

  it('holds nothing open and changes nothing', () => {
    const path = mailbox(OUTBOUND_SCHEMA, (db) => {
      put(db, 'a', '{"text":"x"}');
    });
    const before = readFileSync(path);
    lookAtOutbound(path, 'm', 0);
    assert.deepEqual(readFileSync(path), before);
    const writer = new Database(path, { timeout: 0 });
    writer.exec('BEGIN EXCLUSIVE; COMMIT');
    writer.close();
  });

  it('knows the sessions of early hosts, which say nothing of tools', () => {
    const path = mailbox(without('container_state'));
    assert.equal(lookAtOutbound(path, 'm', 0).tool, null);
    const inbound = mailbox(INBOUND_SCHEMA);
    assert.equal(lookAtInbound(inbound, { thread: 't', channel: 'c', platform: 'p' }), null);
  });

  it('is read in pieces: a flood of rows is bounded in each look and lost in none', () => {
    const path = mailbox(OUTBOUND_SCHEMA, (db) => {
      db.transaction(() => {
        for (let at = 0; at < 1_000; at += 1) put(db, `r${String(at)}`, '{"text":"x"}');
      })();
    });
    const seen: OutRow[] = [];
    for (let looks = 0; looks < 10; looks += 1) {
      const { rows } = lookAtOutbound(path, 'm', seen.at(-1)?.rowid ?? 0);
      assert.ok(rows.length <= 200);
      seen.push(...rows);
    }
    assert.equal(new Set(seen.map(({ id }) => id)).size, 1_000);
  });
});

describe('nanoclaw: rows of every sort', () => {
  it('are read as what they are, never as more', () => {
    const path = mailbox(OUTBOUND_SCHEMA, (db) => {
      put(db, 'big', `"${'x'.repeat(17 * 1024 * 1024)}"`);
      put(db, 'blob', Buffer.from([0, 1, 2]));
      put(db, 'number', 7);
      put(db, 'later', '{"text":"tomorrow"}', { deliver_after: '2999-01-01 00:00:00' });
      put(db, 'plain', 'not JSON');
      put(db, 'control', JSON.stringify({ text: 'a\u0000b\u001b[31mred\u202e' }));
      put(db, 'other', '{"text":"of another"}', { in_reply_to: 'other-message' });
      put(db, 'tagged', '{"text":"of another"}', { in_reply_to: null, thread_id: 'clear:t' });
      put(db, 'own', '{"text":"of ours"}', { in_reply_to: null, thread_id: 't' });
    });
    const said = lookAtOutbound(path, 'm', 0).rows.map((row) => saidBy(row, KNOWN));
    assert.deepEqual(
      said.map((each) => ('text' in each ? `${each.kind}: ${each.text}` : each.kind)),
      [
        'note: The agent wrote something that cannot be read',
        'note: The agent wrote something that cannot be read',
        'message: ',
        'note: The agent left a message for later',
        'message: not JSON',
        'message: a\u0000b\u001b[31mred\u202e',
        'nothing',
        'nothing',
        'message: of ours',
      ],
    );
  });

  it('never throw, and name no file but by its own name', () => {
    const row = fc.record({
      rowid: fc.nat(),
      id: fc.string(),
      inReplyTo: fc.option(fc.string(), { nil: null }),
      kind: fc.constantFrom('chat', 'chat-sdk', 'system', 'task', ''),
      channel: fc.constantFrom('agentmesh', 'telegram', null),
      platform: fc.constantFrom('mesh:main', 'mesh:other', null),
      thread: fc.option(fc.constantFrom('clear:x', 'stop:x', 'x'), { nil: null }),
      content: fc.option(
        fc.oneof(
          fc.string(),
          fc.json(),
          fc
            .record({
              text: fc.anything(),
              files: fc.anything(),
              type: fc.string(),
              operation: fc.anything(),
            })
            .map((value) => (JSON.stringify(value) as string | undefined) ?? ''),
          fc
            .array(fc.oneof(fc.string(), fc.constantFrom('..', '.', '../x', 'a/b', 'a\\b', 'x\0y', 'ok.txt')))
            .map((files) => JSON.stringify({ text: '', files })),
        ),
        { nil: null },
      ),
      isForLater: fc.boolean(),
    });
    fc.assert(
      fc.property(row, (each) => {
        const said = saidBy(each, KNOWN);
        if (said.kind !== 'message') return;
        for (const name of said.files) assert.doesNotMatch(name, /[/\\\0]|^\.{1,2}$/);
      }),
    );
  });

  it('are told and are no harm to a run', async () => {
    const lab = await openLab();
    try {
      const raw = (row: object): string => `raw ${JSON.stringify(row)}`;
      const elsewhere = await lab.run(
        raw({ channel_type: 'telegram', platform_id: '1', content: '{"text":"hi"}' }),
      );
      assert.equal(elsewhere.outcome.text, 'done');
      assert.deepEqual(texts(elsewhere.sink.events, false), []);
      assert.ok(statuses(elsewhere.sink).includes('The agent wrote to telegram'));
      const control = await lab.run(raw({ content: JSON.stringify({ text: 'bell\u0007' }) }));
      assert.deepEqual(texts(control.sink.events, false), ['bell\u0007']);
    } finally {
      await lab.close();
    }
  });
});

describe('nanoclaw: files in the outbox', () => {
  const session = join(root, 'session');
  const folder = join(session, 'outbox', 'msg-1');
  mkdirSync(folder, { recursive: true });
  writeFileSync(join(root, 'secret.txt'), 'secret');

  it('are text, data or bytes', () => {
    writeFileSync(join(folder, 'a.md'), '# hé');
    writeFileSync(join(folder, 'b.json'), '{"answer":42}');
    writeFileSync(join(folder, 'c.json'), '[['.repeat(100_000));
    writeFileSync(join(folder, 'd.png'), Buffer.from([0x89, 0x50, 0xff]));
    assert.deepEqual(readFromOutbox(session, 'msg-1', 'a.md'), {
      name: 'a.md',
      mime: 'text/markdown',
      text: '# hé',
    });
    assert.deepEqual(readFromOutbox(session, 'msg-1', 'b.json'), {
      name: 'b.json',
      mime: 'application/json',
      data: { answer: 42 },
    });
    const deep = readFromOutbox(session, 'msg-1', 'c.json');
    assert.ok(typeof deep !== 'string' && deep.data === undefined && deep.text?.length === 200_000);
    assert.deepEqual(readFromOutbox(session, 'msg-1', 'd.png'), {
      name: 'd.png',
      files: [{ name: 'd.png', mime: 'image/png', base64: 'iVD/' }],
    });
  });

  it('are never read through a link, out of a pipe, or from elsewhere', () => {
    symlinkSync(join(root, 'secret.txt'), join(folder, 'link.txt'));
    symlinkSync(root, join(session, 'outbox', 'msg-2'));
    execFileSync('mkfifo', [join(folder, 'pipe.txt')]);
    mkdirSync(join(root, 'moved'));
    symlinkSync(join(session, 'outbox'), join(root, 'moved', 'outbox'));
    truncateSync(join(folder, 'd.png'), 17 * 1024 * 1024);
    for (const [place, id, name] of [
      [session, 'msg-1', 'link.txt'],
      [session, 'msg-2', 'secret.txt'],
      [session, 'msg-1', 'pipe.txt'],
      [session, '..', 'inbound.db'],
      [session, 'msg-1', 'gone.txt'],
      [session, 'msg-1', 'd.png'],
      [join(root, 'moved'), 'msg-1', 'a.md'],
    ] as const) {
      const found = readFromOutbox(place, id, name);
      assert.equal(typeof found, 'string', `${id}/${name}`);
    }
  });
});
