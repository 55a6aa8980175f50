// The two mailboxes of a session, read only. A container writes one of them and may be hostile: what is read is bounded,
// and a mailbox that is not what it should be is not read.
import { lstatSync } from 'node:fs';
import Database from 'better-sqlite3';
import { LIMITS } from '#machines/nouns/limits';
import { Fault, systemCode } from './fault.ts';

/** A mailbox of one task; a real one is some hundred KiB. */
const MAILBOX_BYTES = 256 * 1024 * 1024;
/** Rows taken in one look; more come with the next. */
const ROWS = 200;
/** A writer holds the file for milliseconds; we come again soon anyway. */
const BUSY_MS = 50;

/** A row that the container wrote, as it stands. */
export interface OutRow {
  /** Rises with each row that is written: where we have read to. */
  readonly rowid: number;
  readonly id: string;
  readonly inReplyTo: string | null;
  readonly kind: string;
  readonly channel: string | null;
  readonly platform: string | null;
  readonly thread: string | null;
  /** null: too large, or no text. */
  readonly content: string | null;
  /** Whether it is to be sent at some later time: then it is no answer of now. */
  readonly isForLater: boolean;
}

/** What the container says of its work. */
export interface Look {
  /** processing, completed, failed; null: it has not taken the message, or a new container has forgotten it. */
  readonly ack: string | null;
  /** When it said so: another time is another container’s word. */
  readonly ackAt: string;
  readonly rows: readonly OutRow[];
  /** The tool in flight, with the time it began: its identity. */
  readonly tool: { readonly name: string; readonly startedAt: string } | null;
}

/** The message as the host keeps it. */
export interface InRow {
  readonly id: string;
  readonly status: string;
  readonly tries: number;
}

/** Thrown when a mailbox cannot be read just now: it is being written, or its folder was put back. */
export class NotNow extends Error {}

type Columns = Readonly<Record<string, readonly string[]>>;

const OUTBOUND: Columns = {
  messages_out: [
    'id',
    'in_reply_to',
    'deliver_after',
    'kind',
    'channel_type',
    'platform_id',
    'thread_id',
    'content',
  ],
  processing_ack: ['message_id', 'status', 'status_changed'],
};
const INBOUND: Columns = {
  messages_in: ['id', 'seq', 'status', 'tries', 'thread_id', 'channel_type', 'platform_id'],
};
const TOOL_COLUMNS: Columns = { container_state: ['id', 'current_tool', 'tool_started_at'] };

/** Whether these are plain tables with plain columns: a view or a computed column could work for ever. */
const arePlain = (db: Database.Database, tables: Columns): boolean => {
  const names = Object.keys(tables);
  // One statement for all of them: a look is mostly the making of statements.
  const known = db
    .prepare<string[], { of: string; name: string }>(
      `SELECT t.name AS "of", c.name AS name FROM sqlite_master AS t, pragma_table_xinfo(t.name) AS c
       WHERE t.type = 'table' AND t.rootpage > 0 AND c.hidden = 0 AND t.name IN (${names.map(() => '?').join()})`,
    )
    .all(...names);
  return names.every((table) =>
    tables[table]?.every((column) => known.some((row) => row.of === table && row.name === column)),
  );
};

const read = <T>(path: string, tables: Columns, look: (db: Database.Database) => T): T => {
  let db: Database.Database | undefined;
  try {
    // A link or a pipe that the container put there would lead our reading elsewhere, or hold it up for ever.
    const found = lstatSync(path);
    if (!found.isFile())
      throw new Fault('invalid_agent_response', `${path} is not a file any more: the container changed it`);
    if (found.size > MAILBOX_BYTES)
      throw new Fault('invalid_agent_response', `${path} is larger than any mailbox of a task`);
    db = new Database(path, { readonly: true, fileMustExist: true, timeout: BUSY_MS });
    db.exec('PRAGMA trusted_schema = OFF; PRAGMA cell_size_check = ON');
    if (!arePlain(db, tables))
      throw new Fault('invalid_agent_response', `${path} is not a mailbox of NanoClaw as we know it`);
    return look(db);
  } catch (error) {
    if (error instanceof Fault) throw error;
    if (systemCode(error) === 'EACCES')
      throw new Fault('agent_unreachable', `${path} may not be read by this user`, { cause: error });
    throw new NotNow(`${path} cannot be read`, { cause: error });
  } finally {
    db?.close();
  }
};

const text = (value: unknown): string | null => (typeof value === 'string' ? value : null);
const number = (value: unknown): number => (typeof value === 'number' ? value : 0);

interface RawRow {
  readonly rowid: number;
  readonly id: unknown;
  readonly inReplyTo: unknown;
  readonly kind: unknown;
  readonly channel: unknown;
  readonly platform: unknown;
  readonly thread: unknown;
  readonly isForLater: number;
  readonly size: number | null;
}

/**
 * Reads what the container has written after the row `after`, and how far it is with a message.
 * Throws Fault when the mailbox is none, NotNow when it cannot be read just now.
 */
export const lookAtOutbound = (path: string, messageId: string, after: number): Look =>
  read(path, OUTBOUND, (db) => {
    const ack = db
      .prepare<[string], { status: unknown; at: unknown }>(
        'SELECT status, status_changed AS at FROM processing_ack WHERE message_id = ?',
      )
      .get(messageId);
    const raw = db
      .prepare<[number, number], RawRow>(
        `SELECT rowid, id, in_reply_to AS inReplyTo, kind, channel_type AS channel, platform_id AS platform,
           thread_id AS thread,
           COALESCE(datetime(deliver_after) > datetime('now'), 0) AS isForLater, octet_length(content) AS size
         FROM messages_out WHERE rowid > ? ORDER BY rowid LIMIT ?`,
      )
      .all(after, ROWS);
    const content = db.prepare<[number], { content: unknown }>(
      'SELECT content FROM messages_out WHERE rowid = ?',
    );
    const rows = raw.map(({ rowid, isForLater, size, ...row }): OutRow => ({
      rowid,
      id: text(row.id) ?? '',
      inReplyTo: text(row.inReplyTo),
      kind: text(row.kind) ?? '',
      channel: text(row.channel),
      platform: text(row.platform),
      thread: text(row.thread),
      isForLater: isForLater === 1,
      content: size === null || size > LIMITS.artifactBytes ? null : text(content.get(rowid)?.content),
    }));
    // Sessions of early hosts have no such table.
    const state = arePlain(db, TOOL_COLUMNS)
      ? db
          .prepare<[], { name: unknown; at: unknown }>(
            'SELECT current_tool AS name, tool_started_at AS at FROM container_state WHERE id = 1',
          )
          .get()
      : undefined;
    const name = text(state?.name)?.slice(0, 200) ?? '';
    return {
      ack: text(ack?.status),
      ackAt: text(ack?.at) ?? '',
      rows,
      tool: name === '' ? null : { name, startedAt: text(state?.at)?.slice(0, 40) ?? '' },
    };
  });

/**
 * The last row that was said to a thread; 0 when nothing was.
 * Throws Fault when the mailbox is none, NotNow when it cannot be read just now.
 */
export const lastWordTo = (path: string, thread: string): number =>
  read(path, OUTBOUND, (db) =>
    number(
      db
        .prepare<[string], { last: unknown }>(
          'SELECT MAX(rowid) AS last FROM messages_out WHERE thread_id = ?',
        )
        .get(thread)?.last,
    ),
  );

/**
 * The message that opened a thread, as the host keeps it; null when the host has not written it.
 * Throws Fault when the mailbox is none, NotNow when it cannot be read just now.
 */
export const lookAtInbound = (
  path: string,
  { thread, channel, platform }: { thread: string; channel: string; platform: string },
): InRow | null =>
  read(path, INBOUND, (db) => {
    const row = db
      .prepare<[string, string, string], { id: unknown; status: unknown; tries: unknown }>(
        `SELECT id, status, tries FROM messages_in
         WHERE thread_id = ? AND channel_type = ? AND platform_id = ? ORDER BY seq LIMIT 1`,
      )
      .get(thread, channel, platform);
    const id = text(row?.id);
    if (row === undefined || id === null) return null;
    return { id, status: text(row.status) ?? '', tries: number(row.tries) };
  });

/** The last message that came to a session, and what its agent said of it. */
export interface LastIn {
  readonly thread: string;
  readonly channel: string | null;
  readonly platform: string | null;
  readonly ack: string | null;
}

/**
 * Whether a session’s agent has dealt with all that came, and what came last. Throws Fault when a mailbox is none, NotNow
 * when it cannot be read just now.
 */
export const restOf = (
  inbound: string,
  outbound: string,
): { readonly isAtRest: boolean; readonly last: LastIn | null } => {
  const { pending, last } = read(inbound, INBOUND, (db) => ({
    pending: db
      .prepare<[], { id: unknown }>(
        "SELECT id FROM messages_in WHERE status = 'pending' ORDER BY seq DESC LIMIT 100",
      )
      .all()
      .map(({ id }) => text(id) ?? ''),
    last: db
      .prepare<[], { id: unknown; thread: unknown; channel: unknown; platform: unknown }>(
        `SELECT id, thread_id AS thread, channel_type AS channel, platform_id AS platform
         FROM messages_in ORDER BY seq DESC LIMIT 1`,
      )
      .get(),
  }));
  return read(outbound, OUTBOUND, (db) => {
    const ack = db.prepare<[string], { status: unknown }>(
      'SELECT status FROM processing_ack WHERE message_id = ?',
    );
    const ackOf = (id: string): string | null => text(ack.get(id)?.status);
    return {
      isAtRest: pending.every((id) => ![null, 'processing'].includes(ackOf(id))),
      last:
        last === undefined
          ? null
          : {
              thread: text(last.thread) ?? '',
              channel: text(last.channel),
              platform: text(last.platform),
              ack: ackOf(text(last.id) ?? ''),
            },
    };
  });
};

/**
 * The thread of the latest message before another one whose thread begins with `word`; null when there is none.
 * Throws Fault when the mailbox is none, NotNow when it cannot be read just now.
 */
export const threadBefore = (path: string, messageId: string, word: string): string | null =>
  read(path, INBOUND, (db) =>
    text(
      db
        .prepare<[string, number, string], { thread: unknown }>(
          `SELECT thread_id AS thread FROM messages_in
           WHERE seq < (SELECT seq FROM messages_in WHERE id = ?) AND substr(thread_id, 1, ?) = ?
           ORDER BY seq DESC LIMIT 1`,
        )
        .get(messageId, word.length, word)?.thread,
    ),
  );
