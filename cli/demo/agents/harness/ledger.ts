// The durable memory of a sample agent: tasks by message id, checkpoints, and how often each effect happened.
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import Database from 'better-sqlite3';
import { Task, TaskState } from '@a2a-js/sdk';

export interface EffectRow {
  readonly key: string;
  readonly effect: string;
  /** Times it happened for this key: more than 1 is what at-most-once forbids. */
  readonly times: number;
}

export interface Ledger {
  /** The task that a message started, or null. */
  byMessage(messageId: string): Task | null;
  get(taskId: string): Task | null;
  all(): Task[];
  /** Writes a task; durable when it returns. */
  save(task: Task, messageId: string): void;
  effect(key: string, effect: string): void;
  effects(): EffectRow[];
  checkpoint(key: string, value: unknown): void;
  checkpointOf(key: string): unknown;
  messageOf(taskId: string): string;
  close(): void;
}

const SCHEMA = `
  create table if not exists task (
    id text primary key not null, message_id text not null unique, context_id text not null,
    state integer not null, json text not null, ordinal integer not null
  ) strict;
  create index if not exists task_context on task (context_id);
  create table if not exists effect (
    key text not null, effect text not null, times integer not null, primary key (key, effect)
  ) strict;
  create table if not exists checkpoint (key text primary key not null, json text not null) strict;
`;

/** States that a task never leaves. */
export const TERMINAL: readonly TaskState[] = [
  TaskState.TASK_STATE_COMPLETED,
  TaskState.TASK_STATE_FAILED,
  TaskState.TASK_STATE_CANCELED,
  TaskState.TASK_STATE_REJECTED,
];

/** Whether a task has ended for good. */
export const isEnded = (task: Task): boolean =>
  task.status !== undefined && TERMINAL.includes(task.status.state);

/** Opens the ledger of an agent in a folder (made when absent), or in memory when there is none. */
export const openLedger = (dir: string | null, name: string): Ledger => {
  if (dir !== null) mkdirSync(dir, { recursive: true, mode: 0o700 });
  const db = new Database(dir === null ? ':memory:' : join(dir, `${name}.db`));
  db.pragma('journal_mode = WAL');
  // An effect that was recorded stays recorded through a power cut.
  db.pragma('synchronous = FULL');
  db.exec(SCHEMA);
  const select = {
    byMessage: db.prepare<[string], { json: string }>('select json from task where message_id = ?'),
    byId: db.prepare<[string], { json: string }>('select json from task where id = ?'),
    message: db.prepare<[string], { message_id: string }>('select message_id from task where id = ?'),
    all: db.prepare<[], { json: string }>('select json from task order by ordinal'),
    effects: db.prepare<[], EffectRow>('select key, effect, times from effect order by rowid'),
    checkpoint: db.prepare<[string], { json: string }>('select json from checkpoint where key = ?'),
  };
  const insert = {
    task: db.prepare(`
      insert into task (id, message_id, context_id, state, json, ordinal)
      values (?, ?, ?, ?, ?, (select coalesce(max(ordinal), 0) + 1 from task))
      on conflict (id) do update set state = excluded.state, json = excluded.json`),
    effect: db.prepare(
      'insert into effect values (?, ?, 1) on conflict (key, effect) do update set times = times + 1',
    ),
    checkpoint: db.prepare('insert or replace into checkpoint values (?, ?)'),
  };
  const read = (row: { json: string } | undefined): Task | null =>
    row === undefined ? null : Task.fromJSON(JSON.parse(row.json) as object);
  return {
    byMessage: (messageId) => read(select.byMessage.get(messageId)),
    get: (taskId) => read(select.byId.get(taskId)),
    all: () => select.all.all().flatMap((row) => read(row) ?? []),
    save: (task, messageId) => {
      const state = task.status?.state ?? TaskState.TASK_STATE_UNSPECIFIED;
      insert.task.run(task.id, messageId, task.contextId, state, JSON.stringify(Task.toJSON(task)));
    },
    effect: (key, effect) => void insert.effect.run(key, effect),
    effects: () => select.effects.all(),
    checkpoint: (key, value) => void insert.checkpoint.run(key, JSON.stringify(value)),
    checkpointOf: (key) => {
      const row = select.checkpoint.get(key);
      return row === undefined ? null : (JSON.parse(row.json) as unknown);
    },
    messageOf: (taskId) => select.message.get(taskId)?.message_id ?? '',
    close: () => void db.close(),
  };
};
