// The sessions of a fake host: a row, a folder and two mailboxes each, written as the real host writes them.
import { randomUUID } from 'node:crypto';
import { mkdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import Database from 'better-sqlite3';
import { INBOUND_SCHEMA, OUTBOUND_SCHEMA } from './nanoclaw.testschema.ts';

export interface Session {
  readonly id: string;
  readonly agent_group_id: string;
  readonly messaging_group_id: string;
  readonly thread_id: string | null;
}

/** Where a message came from, and the answer goes to. */
export interface Address {
  readonly channel: string;
  readonly platform: string;
  readonly thread: string | null;
}

export class FakeSessions {
  readonly #db: Database.Database;
  readonly #root: string;

  constructor(db: Database.Database, root: string) {
    this.#db = db;
    this.#root = root;
  }

  all(): Session[] {
    return this.#db.prepare<[], Session>('SELECT * FROM sessions').all();
  }

  dir({ agent_group_id: group, id }: Session): string {
    return join(this.#root, group, id);
  }

  /** The session of a thread, made when it is new. */
  resolve(agentGroup: string, messagingGroup: string, thread: string | null): Session {
    const find = this.#db.prepare<[string, string, string | null], Session>(
      'SELECT * FROM sessions WHERE agent_group_id = ? AND messaging_group_id = ? AND thread_id IS ?',
    );
    const known = find.get(agentGroup, messagingGroup, thread);
    if (known !== undefined) return known;
    const id = `sess-${String(Date.now())}-${Math.random().toString(36).slice(2, 8)}`;
    this.#db
      .prepare(
        `INSERT INTO sessions (id, agent_group_id, messaging_group_id, thread_id, status, container_status, created_at)
         VALUES (?, ?, ?, ?, 'active', 'stopped', ?)`,
      )
      .run(id, agentGroup, messagingGroup, thread, new Date().toISOString());
    const made = find.get(agentGroup, messagingGroup, thread);
    if (made === undefined) throw new Error('the session was not made');
    mkdirSync(join(this.dir(made), 'outbox'), { recursive: true });
    for (const [name, schema] of [
      ['inbound.db', INBOUND_SCHEMA],
      ['outbound.db', OUTBOUND_SCHEMA],
    ] as const) {
      const db = new Database(join(this.dir(made), name));
      db.pragma('journal_mode = DELETE');
      db.exec(schema);
      db.close();
    }
    return made;
  }

  /** Opens, writes and closes, as the host must for the container to see it. */
  inbound<T>(session: Session, work: (db: Database.Database) => T): T {
    const db = new Database(join(this.dir(session), 'inbound.db'));
    db.pragma('journal_mode = DELETE');
    db.pragma('busy_timeout = 5000');
    try {
      return work(db);
    } finally {
      db.close();
    }
  }

  take(session: Session, id: string, { channel, platform, thread }: Address, content: string): void {
    this.inbound(session, (db) => {
      const { m } = db.prepare('SELECT COALESCE(MAX(seq), 0) AS m FROM messages_in').get() as { m: number };
      db.prepare(
        `INSERT INTO messages_in (id, seq, kind, timestamp, series_id, platform_id, channel_type, thread_id, content)
         VALUES (?, ?, 'chat', ?, ?, ?, ?, ?, ?)`,
      ).run(
        id,
        m < 2 ? 2 : m + 2 - (m % 2),
        new Date().toISOString(),
        id,
        platform,
        channel,
        thread,
        content,
      );
    });
  }

  /** The session that holds a message of a thread, whatever the session itself is known by. */
  holding(thread: string): Session | undefined {
    return this.all().find((session) =>
      this.inbound(session, (db) =>
        db.prepare<[string], object>('SELECT 1 FROM messages_in WHERE thread_id = ?').get(thread),
      ),
    );
  }

  /** A word of the host itself to who wrote, past the agent. */
  tell(session: Session, { channel, platform, thread }: Address, text: string): void {
    const db = new Database(join(this.dir(session), 'outbound.db'), { timeout: 5_000 });
    try {
      db.prepare(
        `INSERT INTO messages_out (id, seq, timestamp, kind, platform_id, channel_type, thread_id, content)
         VALUES (?, (SELECT COALESCE(MAX(seq), 0) + 2 FROM messages_out), datetime('now'), 'chat', ?, ?, ?, ?)`,
      ).run(`deny-${randomUUID()}`, platform, channel, thread, JSON.stringify({ text }));
    } finally {
      db.close();
    }
  }

  /** Brings the destinations of an agent group to all its sessions. */
  project(agentGroup: string): void {
    for (const session of this.all())
      if (session.agent_group_id === agentGroup) this.writeDestinations(session);
  }

  writeDestinations(session: Session): void {
    const rows = this.#db
      .prepare<
        [string],
        { local_name: string; name: string | null; channel_type: string; platform_id: string }
      >(
        `SELECT d.local_name, m.name, m.channel_type, m.platform_id FROM agent_destinations d
         JOIN messaging_groups m ON d.target_type = 'channel' AND d.target_id = m.id WHERE d.agent_group_id = ?`,
      )
      .all(session.agent_group_id);
    this.inbound(session, (db) => {
      db.prepare('DELETE FROM destinations').run();
      const put = db.prepare(
        "INSERT INTO destinations (name, display_name, type, channel_type, platform_id) VALUES (?, ?, 'channel', ?, ?)",
      );
      for (const row of rows)
        put.run(row.local_name, row.name ?? row.local_name, row.channel_type, row.platform_id);
    });
  }

  status(session: Session, status: 'running' | 'stopped'): void {
    this.#db.prepare('UPDATE sessions SET container_status = ? WHERE id = ?').run(status, session.id);
  }

  /** What the container has dealt with is completed; whether work is left. */
  settle(session: Session): boolean {
    const done = this.#outbound(
      session,
      "SELECT message_id AS id FROM processing_ack WHERE status <> 'processing'",
    );
    return this.inbound(session, (db) => {
      const set = db.prepare("UPDATE messages_in SET status = 'completed' WHERE id = ?");
      for (const id of done) set.run(id);
      const left = db.prepare("SELECT COUNT(*) AS n FROM messages_in WHERE status = 'pending'").get() as {
        n: number;
      };
      return left.n > 0;
    });
  }

  /** What was delivered is noted, and its files leave the outbox. */
  deliver(session: Session): void {
    const ids = this.#outbound(session, 'SELECT id FROM messages_out');
    this.inbound(session, (db) => {
      const note = db.prepare(
        "INSERT OR IGNORE INTO delivered (message_out_id, delivered_at) VALUES (?, datetime('now'))",
      );
      for (const id of ids)
        if (note.run(id).changes > 0 && /^[\w-]+$/.test(id))
          rmSync(join(this.dir(session), 'outbox', id), { recursive: true, force: true });
    });
  }

  #outbound(session: Session, query: string): string[] {
    const db = new Database(join(this.dir(session), 'outbound.db'), { readonly: true, timeout: 5_000 });
    try {
      return db
        .prepare<[], { id: string }>(query)
        .all()
        .map(({ id }) => id);
    } finally {
      db.close();
    }
  }
}
