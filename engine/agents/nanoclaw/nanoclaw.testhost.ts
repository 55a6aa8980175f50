// A NanoClaw host for tests: both sockets, the real tables, a folder and a container for each session.
import { randomUUID } from 'node:crypto';
import { chmodSync, existsSync, mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { createServer, type Server, type Socket } from 'node:net';
import { join } from 'node:path';
import Database from 'better-sqlite3';
import { dispatch } from './nanoclaw.testadmin.ts';
import { FakeContainer } from './nanoclaw.testrunner.ts';
import { centralSchema, type HostVersion } from './nanoclaw.testschema.ts';
import { FakeSessions, type Address, type Session } from './nanoclaw.testsessions.ts';

export interface FakeHostOptions {
  readonly version?: HostVersion;
  /** Folders of its agent groups; `main` when absent. */
  readonly groups?: readonly string[];
  /** Whether containers live, or die at once as one without its image does. */
  readonly containers?: 'live' | 'die';
  /** Who is an admin; the terminal’s user, as a setup without a chat makes it. */
  readonly admins?: readonly string[];
  /** Between two looks at sessions whose container is gone; a minute in the real one. */
  readonly sweepMs?: number;
}

/** Commands that the host keeps from agents: dropped without a word, or refused to who is no admin. */
const FILTERED = new Set('/help /login /logout /doctor /config /remote-control'.split(' '));
const FOR_ADMINS = new Set('/clear /compact /context /cost /files'.split(' '));
const now = (): string => new Date().toISOString();

const addressOf = (value: unknown): Address | null => {
  const { channelType, platformId, threadId } = (value ?? {}) as Record<string, unknown>;
  if (typeof channelType !== 'string' || typeof platformId !== 'string') return null;
  return {
    channel: channelType,
    platform: platformId,
    thread: typeof threadId === 'string' ? threadId : null,
  };
};

export class FakeHost {
  readonly dir: string;
  readonly version: HostVersion;
  /** Agent groups: ids by folder. */
  readonly groups = new Map<string, string>();
  /** How often an agent began to work, by thread. */
  readonly effects = new Map<string, number>();
  readonly working = new Set<string>();
  /** Admin commands in the order they came. */
  readonly commands: string[] = [];
  containers: 'live' | 'die';
  readonly #db: Database.Database;
  readonly #sessions: FakeSessions;
  readonly #alive = new Map<string, FakeContainer>();
  readonly #sockets = new Set<Socket>();
  readonly #servers: Server[] = [];
  readonly #timers: NodeJS.Timeout[] = [];
  #chat: Socket | null = null;
  #changesLeft: number | null = null;

  private constructor(dir: string, options: FakeHostOptions) {
    this.dir = dir;
    this.version = options.version ?? '2.4.0';
    this.containers = options.containers ?? 'live';
    mkdirSync(join(dir, 'data', 'v2-sessions'), { recursive: true });
    writeFileSync(
      join(dir, 'package.json'),
      JSON.stringify({ name: 'nanoclaw', version: this.version, bin: { ncl: 'bin/ncl' } }),
    );
    const file = join(dir, 'data', 'v2.db');
    const isNew = !existsSync(file);
    this.#db = new Database(file);
    this.#db.pragma('journal_mode = WAL');
    this.#db.pragma('foreign_keys = ON');
    if (isNew) this.#db.exec(centralSchema(this.version));
    for (const folder of isNew ? (options.groups ?? ['main']) : []) {
      mkdirSync(join(dir, 'groups', folder), { recursive: true });
      this.#db
        .prepare('INSERT INTO agent_groups (id, name, folder, created_at) VALUES (?, ?, ?, ?)')
        .run(`ag-${randomUUID()}`, `Agent ${folder}`, folder, now());
    }
    for (const user of isNew ? (options.admins ?? ['cli:local']) : []) {
      this.#db.prepare("INSERT INTO users (id, kind, created_at) VALUES (?, 'cli', ?)").run(user, now());
      this.#db
        .prepare("INSERT INTO user_roles (user_id, role, granted_at) VALUES (?, 'owner', datetime('now'))")
        .run(user);
    }
    for (const row of this.rows('agent_groups')) this.groups.set(String(row['folder']), String(row['id']));
    this.#sessions = new FakeSessions(this.#db, join(dir, 'data', 'v2-sessions'));
    this.#every(1_000, () => {
      for (const session of this.#sessions.all())
        if (this.#alive.has(session.id)) this.#sessions.deliver(session);
    });
    this.#every(options.sweepMs ?? 60_000, () => {
      for (const session of this.#sessions.all()) if (this.#sessions.settle(session)) this.#wake(session);
    });
  }

  /** Starts a host over a folder; one that is there already goes on with what it holds. */
  static async start(dir: string, options: FakeHostOptions = {}): Promise<FakeHost> {
    const host = new FakeHost(dir, options);
    const { version } = host;
    const parts = { db: host.#db, version, project: host.#sessions.project.bind(host.#sessions) };
    await host.#listen('ncl.sock', (socket, line) => {
      host.commands.push(line);
      if (host.#changesLeft === 0) socket.destroy();
      else socket.end(`${JSON.stringify(dispatch(parts, line))}\n`);
      if (host.#changesLeft !== null && /"command":"[^"]*-(?:create|add)"/.test(line)) host.#changesLeft -= 1;
    });
    await host.#listen('cli.sock', (socket, line) => {
      host.#take(socket, line);
    });
    return host;
  }

  /** Ends the host with its containers; the folder stays. */
  async stop(): Promise<void> {
    for (const timer of this.#timers) clearInterval(timer);
    await Promise.all([...this.#alive.values()].map((container) => container.kill()));
    await this.closeDoors();
    this.#db.close();
  }

  /** The host is gone for who wants to talk to it; its containers go on. */
  async closeDoors(): Promise<void> {
    for (const socket of this.#sockets) socket.destroy();
    for (const server of this.#servers.splice(0))
      await new Promise<void>((resolve) => {
        server.close(() => {
          resolve();
        });
      });
  }

  /** The session that a message of this thread is in. */
  session(thread: string): Session | undefined {
    return this.#sessions.holding(thread);
  }

  sessionDir(session: Session): string {
    return this.#sessions.dir(session);
  }

  /** Writes into the inbound mailbox of a session. */
  inbound<T>(session: Session, work: (db: Database.Database) => T): T {
    return this.#sessions.inbound(session, work);
  }

  /** Ends the container of a thread as `docker kill` does. */
  async killContainer(thread: string): Promise<void> {
    await this.#alive.get(this.session(thread)?.id ?? '')?.kill();
  }

  /** Answers nothing more on the admin socket once it has made `changes` things; null: answers again. */
  refuseAfter(changes: number | null): void {
    this.#changesLeft = changes;
  }

  /** Changes the host’s own database behind its back. */
  exec(sql: string): void {
    this.#db.exec(sql);
  }

  /** Everything in one of the host’s tables. */
  rows(table: string): Record<string, unknown>[] {
    return this.#db.prepare<[], Record<string, unknown>>(`SELECT * FROM ${table}`).all();
  }

  #every(ms: number, work: () => void): void {
    const timer = setInterval(work, ms);
    timer.unref();
    this.#timers.push(timer);
  }

  async #listen(name: string, onLine: (socket: Socket, line: string) => void): Promise<void> {
    const path = join(this.dir, 'data', name);
    rmSync(path, { force: true });
    const server = createServer((socket) => {
      this.#sockets.add(socket);
      socket.on('close', () => {
        this.#sockets.delete(socket);
        if (this.#chat === socket) this.#chat = null;
      });
      socket.on('error', () => undefined);
      let buffer = '';
      socket.setEncoding('utf8');
      socket.on('data', (chunk: string) => {
        buffer += chunk;
        for (let at = buffer.indexOf('\n'); at >= 0; at = buffer.indexOf('\n')) {
          const line = buffer.slice(0, at).trim();
          buffer = buffer.slice(at + 1);
          if (line !== '') onLine(socket, line);
        }
      });
    });
    this.#servers.push(server);
    await new Promise<void>((resolve) => server.listen(path, resolve));
    chmodSync(path, 0o600);
  }

  /** A line of data/cli.sock: routed ones go their way, others are the one terminal that chats. */
  #take(socket: Socket, line: string): void {
    const { text, to, reply_to: replyTo, sender, senderId } = JSON.parse(line) as Record<string, unknown>;
    if (typeof text !== 'string' || text === '') return;
    const from = addressOf(to);
    if (from !== null) {
      const content = {
        text,
        sender: typeof sender === 'string' ? sender : 'cli',
        senderId: typeof senderId === 'string' ? senderId : 'cli:local',
      };
      this.#route(from, addressOf(replyTo), content);
      return;
    }
    if (this.#chat !== null && this.#chat !== socket)
      this.#chat.end(`${JSON.stringify({ text: '[superseded by a newer client]' })}\n`);
    this.#chat = socket;
    socket.write(`${JSON.stringify({ text: `you said ${text}` })}\n`);
  }

  #route(sent: Address, replyTo: Address | null, content: { text: string; senderId: string }): void {
    // Later hosts take the thread away where the channel has no adapter that knows threads; where answers go stays.
    const from = this.version === '2.4.0' ? { ...sent, thread: null } : sent;
    const answers = replyTo ?? from;
    const group = this.rows('messaging_groups').find(
      (row) => row['channel_type'] === from.channel && row['platform_id'] === from.platform,
    );
    // Nobody asked for it by name: dropped without a word.
    if (group === undefined) return;
    this.#db
      .prepare('INSERT OR IGNORE INTO users (id, kind, created_at) VALUES (?, ?, ?)')
      .run(content.senderId, from.channel, now());
    for (const wiring of this.rows('messaging_group_agents')) {
      if (wiring['messaging_group_id'] !== group['id']) continue;
      if (wiring['engage_mode'] !== 'pattern' || group['unknown_sender_policy'] !== 'public') {
        this.#drop(from, 'no_agent_engaged');
        continue;
      }
      const agent = String(wiring['agent_group_id']);
      const thread = wiring['session_mode'] === 'per-thread' ? from.thread : null;
      const session = this.#sessions.resolve(agent, String(group['id']), thread);
      const [word = ''] = content.text.trim().toLowerCase().split(/\s/);
      if (FILTERED.has(word)) continue;
      if (FOR_ADMINS.has(word) && !this.#isAdmin(content.senderId, agent)) {
        this.#sessions.tell(session, answers, `Permission denied: ${word} requires admin access.`);
        continue;
      }
      this.#sessions.take(session, `cli-${randomUUID()}:${agent}`, answers, JSON.stringify(content));
      this.#wake(session);
    }
  }

  #isAdmin(user: string, agent: string): boolean {
    return this.rows('user_roles').some(
      (row) => row['user_id'] === user && [null, agent].includes(row['agent_group_id'] as string | null),
    );
  }

  #drop({ channel, platform }: Address, reason: string): void {
    this.#db
      .prepare(
        `INSERT INTO unregistered_senders (channel_type, platform_id, reason, first_seen, last_seen)
         VALUES (@channel, @platform, @reason, @at, @at)
         ON CONFLICT DO UPDATE SET message_count = message_count + 1, last_seen = @at`,
      )
      .run({ channel, platform, reason, at: now() });
  }

  #wake(session: Session): void {
    if (this.#alive.has(session.id)) return;
    this.#sessions.writeDestinations(session);
    const dir = this.#sessions.dir(session);
    rmSync(join(dir, '.heartbeat'), { force: true });
    if (this.containers === 'die') return;
    const container = new FakeContainer({
      dir,
      version: this.version,
      onWork: (thread, isWorking) => {
        if (isWorking) {
          this.effects.set(thread, (this.effects.get(thread) ?? 0) + 1);
          this.working.add(thread);
        } else this.working.delete(thread);
      },
    });
    this.#alive.set(session.id, container);
    this.#sessions.status(session, 'running');
    void container.ended.then(() => {
      this.#alive.delete(session.id);
      if (this.#db.open) this.#sessions.status(session, 'stopped');
    });
  }
}
