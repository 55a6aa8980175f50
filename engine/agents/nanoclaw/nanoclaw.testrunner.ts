// A container of the fake host: polls its mailboxes as the real runner does, in its order and at its pace.
import { mkdirSync, utimesSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import Database from 'better-sqlite3';
import { turn, type Hands, type TurnResult } from './nanoclaw.testagent.ts';
import type { HostVersion } from './nanoclaw.testschema.ts';

/** The runner’s own times. */
const IDLE_POLL_MS = 1_000;
const ACTIVE_POLL_MS = 500;
const SPAWN_MS = 60;
const NUDGE_MS = 1_200;

interface MessageIn {
  readonly id: string;
  readonly kind: string;
  readonly content: string;
  readonly thread_id: string | null;
  readonly platform_id: string | null;
  readonly channel_type: string | null;
}

export interface ContainerParts {
  /** The session’s folder: /workspace inside. */
  readonly dir: string;
  readonly version: HostVersion;
  /** Told when the agent begins and ends to work on a thread. */
  readonly onWork: (thread: string, isWorking: boolean) => void;
}

const textOf = ({ content }: MessageIn): string => (JSON.parse(content) as { text: string }).text;
const isCommand = (message: MessageIn): boolean => textOf(message).trim().startsWith('/');

export class FakeContainer {
  readonly #parts: ContainerParts;
  readonly #dead = new AbortController();
  readonly #out: Database.Database;
  /** What was said in this conversation since it was last cleared. */
  readonly #memory: string[] = [];
  /** Resolves when the container has ended. */
  readonly ended: Promise<void>;

  constructor(parts: ContainerParts) {
    this.#parts = parts;
    this.#out = new Database(join(parts.dir, 'outbound.db'));
    this.#out.pragma('journal_mode = DELETE');
    this.#out.pragma('busy_timeout = 5000');
    this.ended = this.#loop()
      .catch((error: unknown) => {
        if (!this.#dead.signal.aborted) throw error;
      })
      .finally(() => this.#out.close());
  }

  /** SIGKILL: whatever is written stays, nothing more is. */
  kill(): Promise<void> {
    this.#dead.abort();
    return this.ended;
  }

  async #loop(): Promise<void> {
    const { signal } = this.#dead;
    await sleep(SPAWN_MS, undefined, { signal });
    this.#out.prepare("DELETE FROM processing_ack WHERE status = 'processing'").run();
    for (;;) {
      const pending = this.#pending();
      const [first] = pending;
      if (first === undefined) {
        await sleep(IDLE_POLL_MS, undefined, { signal });
        continue;
      }
      this.#acknowledge(pending, 'processing');
      await this.#batch(first, pending);
    }
  }

  #pending(): MessageIn[] {
    const inbound = new Database(join(this.#parts.dir, 'inbound.db'), { readonly: true, timeout: 5_000 });
    try {
      const acked = new Set(
        this.#out
          .prepare<[], { message_id: string }>('SELECT message_id FROM processing_ack')
          .all()
          .map(({ message_id: id }) => id),
      );
      return inbound
        .prepare<[], MessageIn>(
          `SELECT id, kind, content, thread_id, platform_id, channel_type FROM messages_in
           WHERE status = 'pending' AND (process_after IS NULL OR datetime(process_after) <= datetime('now'))
           ORDER BY seq DESC LIMIT 10`,
        )
        .all()
        .filter(({ id }) => !acked.has(id))
        .reverse();
    } finally {
      inbound.close();
    }
  }

  async #batch(first: MessageIn, batch: readonly MessageIn[]): Promise<void> {
    const thread = first.thread_id ?? '';
    if (isCommand(first)) {
      await sleep(100, undefined, { signal: this.#dead.signal });
      if (textOf(first).trim() === '/clear') {
        this.#memory.length = 0;
        this.#write(first, { in_reply_to: null, content: JSON.stringify({ text: 'Session cleared.' }) });
        this.#acknowledge([first], 'completed');
        if (batch.length > 1) await this.#batch(batch[1] ?? first, batch.slice(1));
        return;
      }
      this.#answer(first, `Unknown slash command: ${textOf(first)}`);
      this.#acknowledge(batch, 'completed');
      return;
    }
    const aborted = new AbortController();
    const stopPolling = this.#followUps(aborted);
    const signal = AbortSignal.any([aborted.signal, this.#dead.signal]);
    this.#parts.onWork(thread, true);
    try {
      this.#beat();
      const result = await turn(textOf(first), this.#hands(first, signal));
      this.#memory.push(textOf(first));
      this.#beat();
      this.#dead.signal.throwIfAborted();
      await this.#finish(first, batch, result);
    } catch (error) {
      this.#dead.signal.throwIfAborted();
      if (!aborted.signal.aborted)
        this.#write(first, {
          in_reply_to: null,
          content: JSON.stringify({
            text: `Error: ${error instanceof Error ? error.message : String(error)}`,
          }),
        });
    } finally {
      stopPolling();
      this.#parts.onWork(thread, false);
    }
    this.#acknowledge(batch, 'completed');
  }

  async #finish(first: MessageIn, batch: readonly MessageIn[], result: TurnResult): Promise<void> {
    const { version } = this.#parts;
    const send = (): void => {
      if ('answers' in result) for (const text of result.answers) this.#answer(first, text.trim());
    };
    // 2.4.0 delivers while the text streams; 2.0.64 when the result is there and acknowledged.
    if (version === '2.4.0') send();
    this.#acknowledge(batch, 'completed');
    if (version === '2.0.64') send();
    if (!('unwrapped' in result)) return;
    const bare = result.unwrapped.replace(/<internal>[\s\S]*?<\/internal>/g, '').trim();
    if (bare === '') return;
    // The runner asks again, once, for an answer that has an address.
    await sleep(NUDGE_MS, undefined, { signal: this.#dead.signal });
    this.#beat();
    this.#answer(first, bare);
  }

  /** While a turn lasts, what comes meanwhile is pushed into it; a command ends it (2.4.0) or waits (2.0.64). */
  #followUps(aborted: AbortController): () => void {
    const timer = setInterval(() => {
      if (this.#dead.signal.aborted || aborted.signal.aborted) return;
      const pending = this.#pending();
      if (pending.length === 0) return;
      if (pending.some(isCommand)) {
        if (this.#parts.version === '2.4.0') aborted.abort();
        return;
      }
      this.#acknowledge(pending, 'processing');
      this.#acknowledge(pending, 'completed');
    }, ACTIVE_POLL_MS);
    return () => {
      clearInterval(timer);
    };
  }

  #hands(message: MessageIn, signal: AbortSignal): Hands {
    return {
      signal,
      memory: this.#memory,
      send: (text) => {
        this.#write(message, {
          // 2.0.64: the tool runs in a process of its own and does not know what it answers to.
          in_reply_to: this.#parts.version === '2.4.0' ? message.id : null,
          content: JSON.stringify({ text }),
        });
      },
      tool: async (name, work) => {
        this.#tool(name);
        this.#beat();
        try {
          await work();
        } finally {
          if (!this.#dead.signal.aborted) this.#tool(null);
        }
      },
      file: (name, bytes, text = '') => {
        const id = this.#id();
        const folder = join(this.#parts.dir, 'outbox', id);
        mkdirSync(folder, { recursive: true });
        writeFileSync(join(folder, name), bytes);
        this.#write(message, { id, content: JSON.stringify({ text, files: [name] }) });
      },
      raw: (row) => {
        this.#write(message, row);
      },
    };
  }

  #id(): string {
    return `msg-${String(Date.now())}-${Math.random().toString(36).slice(2, 8)}`;
  }

  #answer(message: MessageIn, text: string): void {
    // Without a destination for where the message came from, the block is dropped.
    const inbound = new Database(join(this.#parts.dir, 'inbound.db'), { readonly: true, timeout: 5_000 });
    const known = inbound
      .prepare('SELECT name FROM destinations WHERE channel_type = ? AND platform_id = ?')
      .get(message.channel_type, message.platform_id);
    inbound.close();
    if (known !== undefined)
      this.#write(message, { in_reply_to: message.id, content: JSON.stringify({ text }) });
  }

  #write(message: MessageIn, row: Readonly<Record<string, unknown>>): void {
    const max = (db: Database.Database, table: string): number =>
      (db.prepare(`SELECT COALESCE(MAX(seq), 0) AS m FROM ${table}`).get() as { m: number }).m;
    const inbound = new Database(join(this.#parts.dir, 'inbound.db'), { readonly: true, timeout: 5_000 });
    const top = Math.max(max(this.#out, 'messages_out'), max(inbound, 'messages_in'));
    inbound.close();
    this.#out
      .prepare(
        `INSERT INTO messages_out (id, seq, in_reply_to, timestamp, deliver_after, kind, platform_id, channel_type,
           thread_id, content)
         VALUES (@id, @seq, @in_reply_to, datetime('now'), @deliver_after, @kind, @platform_id, @channel_type,
           @thread_id, @content)`,
      )
      .run({
        id: this.#id(),
        seq: top % 2 === 0 ? top + 1 : top + 2,
        in_reply_to: message.id,
        deliver_after: null,
        kind: 'chat',
        platform_id: message.platform_id,
        channel_type: message.channel_type,
        thread_id: message.thread_id,
        ...row,
      });
  }

  #acknowledge(messages: readonly MessageIn[], status: string): void {
    const set = this.#out.prepare(
      "INSERT OR REPLACE INTO processing_ack (message_id, status, status_changed) VALUES (?, ?, datetime('now'))",
    );
    this.#out.transaction(() => {
      for (const { id } of messages) set.run(id, status);
    })();
  }

  #tool(name: string | null): void {
    const at = new Date().toISOString();
    this.#out
      .prepare(
        `INSERT INTO container_state (id, current_tool, tool_started_at, updated_at) VALUES (1, @name, @started, @at)
         ON CONFLICT (id) DO UPDATE SET current_tool = @name, tool_started_at = @started, updated_at = @at`,
      )
      .run({ name, started: name === null ? null : at, at });
  }

  #beat(): void {
    const file = join(this.#parts.dir, '.heartbeat');
    try {
      utimesSync(file, new Date(), new Date());
    } catch {
      writeFileSync(file, '');
    }
  }
}
