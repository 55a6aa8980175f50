// Every step of the schema, in order, in code. A copy of the database is kept before each (open.ts).
import type { Kysely } from 'kysely';
import type { Migration } from 'kysely/migration';
import { kysely } from './kysely.ts';

const first: Migration = {
  async up(db: Kysely<unknown>): Promise<void> {
    const { sql } = kysely();
    const table = (name: string, columns: string, options = 'STRICT'): Promise<unknown> =>
      sql.raw(`CREATE TABLE ${name} (${columns}) ${options}`).execute(db);
    const index = (name: string, on: string): Promise<unknown> =>
      sql.raw(`CREATE INDEX ${name} ON ${on}`).execute(db);

    await table('meta', 'key TEXT PRIMARY KEY NOT NULL, value TEXT NOT NULL', 'STRICT, WITHOUT ROWID');
    await table(
      'events',
      `seq INTEGER PRIMARY KEY NOT NULL, id TEXT NOT NULL, at INTEGER NOT NULL, run_id TEXT NOT NULL,
       kind TEXT NOT NULL, task_id TEXT, team_run_id TEXT, agent TEXT, state TEXT,
       is_foreign INTEGER NOT NULL, line TEXT NOT NULL`,
    );
    await sql`CREATE UNIQUE INDEX events_id ON events (id)`.execute(db);
    await index('events_run', 'events (run_id, seq)');
    await index('events_team_run', 'events (team_run_id, seq) WHERE team_run_id IS NOT NULL');
    await index('events_task', 'events (task_id, seq) WHERE task_id IS NOT NULL');
    // Three more for filters that may fit nothing in a million rows: 3 us of CPU an event, where a scan blocks for half a second.
    await index('events_state', 'events (state, seq) WHERE state IS NOT NULL');
    await index('events_agent', 'events (agent, seq) WHERE agent IS NOT NULL');
    await index('events_kind', 'events (kind, seq)');

    await table(
      'templates',
      'hash TEXT PRIMARY KEY NOT NULL, name TEXT NOT NULL, text TEXT NOT NULL, parsed TEXT NOT NULL',
    );
    await table(
      'team_runs',
      `id TEXT PRIMARY KEY NOT NULL, template_hash TEXT NOT NULL REFERENCES templates (hash),
       compiler_version INTEGER NOT NULL, machine_hash TEXT NOT NULL, snapshot TEXT NOT NULL,
       status TEXT NOT NULL, inputs TEXT NOT NULL, origin TEXT NOT NULL, commit_id TEXT,
       last_at INTEGER NOT NULL, created_at INTEGER NOT NULL, updated_at INTEGER NOT NULL,
       ended_at INTEGER, blocked TEXT`,
    );
    await index('team_runs_status', 'team_runs (status, id)');
    await index('team_runs_live', 'team_runs (id) WHERE ended_at IS NULL');
    await table(
      'timers',
      `team_run_id TEXT NOT NULL, timer_id TEXT NOT NULL, generation INTEGER NOT NULL,
       due_at INTEGER NOT NULL, event TEXT NOT NULL, PRIMARY KEY (team_run_id, timer_id)`,
      'STRICT, WITHOUT ROWID',
    );
    await index('timers_due', 'timers (due_at)');
    await table(
      'jobs',
      `id TEXT PRIMARY KEY NOT NULL, queue TEXT NOT NULL, payload TEXT NOT NULL,
       created_at INTEGER NOT NULL`,
      'STRICT, WITHOUT ROWID',
    );
    await table(
      'invocations',
      `run_id TEXT PRIMARY KEY NOT NULL, team_run_id TEXT, step TEXT, execution INTEGER, attempt INTEGER,
       key TEXT NOT NULL, agent TEXT NOT NULL, from_agent TEXT, state TEXT NOT NULL, task_id TEXT,
       handle TEXT, prompt TEXT NOT NULL, data TEXT NOT NULL, on_unknown TEXT NOT NULL,
       output_schema TEXT, error TEXT, may_have_run_twice INTEGER NOT NULL, cancel_requested TEXT,
       cancel_confirmed INTEGER, created_at INTEGER NOT NULL, started_at INTEGER, ended_at INTEGER,
       deadline INTEGER NOT NULL, output_ref TEXT`,
    );
    await sql`CREATE UNIQUE INDEX invocations_key ON invocations (key)`.execute(db);
    await index('invocations_team_run', 'invocations (team_run_id) WHERE team_run_id IS NOT NULL');
    await index('invocations_state', 'invocations (state, run_id)');
    await index('invocations_plain', 'invocations (state, run_id) WHERE team_run_id IS NULL');
    await index('invocations_plain_newest', 'invocations (run_id) WHERE team_run_id IS NULL');
    await index('invocations_live', 'invocations (run_id) WHERE ended_at IS NULL');
    await table(
      'step_outputs',
      `team_run_id TEXT NOT NULL, step TEXT NOT NULL, execution INTEGER NOT NULL, output TEXT NOT NULL,
       PRIMARY KEY (team_run_id, step, execution)`,
      'STRICT, WITHOUT ROWID',
    );
    await table(
      'agents',
      `name TEXT PRIMARY KEY NOT NULL, kind TEXT NOT NULL, entry TEXT NOT NULL, token TEXT, token_origin TEXT,
       description TEXT NOT NULL, version TEXT, protocol TEXT, skills TEXT NOT NULL, presence TEXT NOT NULL,
       presence_snapshot TEXT NOT NULL, latency_ms REAL, problem TEXT, card TEXT,
       first_seen INTEGER NOT NULL, last_seen INTEGER`,
    );
    await table(
      'agent_provenance',
      `agent TEXT NOT NULL REFERENCES agents (name) ON DELETE CASCADE, source TEXT NOT NULL,
       detail TEXT NOT NULL, first_seen INTEGER NOT NULL, last_seen INTEGER NOT NULL,
       PRIMARY KEY (agent, source, detail)`,
      'STRICT, WITHOUT ROWID',
    );
    await table(
      'audit',
      `seq INTEGER PRIMARY KEY AUTOINCREMENT NOT NULL, at INTEGER NOT NULL, caller TEXT NOT NULL,
       operation TEXT NOT NULL, risk TEXT NOT NULL, subject TEXT, args_sha256 TEXT NOT NULL`,
    );
    await table(
      'idempotency',
      `key TEXT NOT NULL, operation TEXT NOT NULL, args_sha256 TEXT NOT NULL, subject TEXT NOT NULL,
       created_at INTEGER NOT NULL, PRIMARY KEY (operation, key)`,
      'STRICT, WITHOUT ROWID',
    );
  },
};

/** Questions of agents to people. `decided_at` is null while one waits: the three small indexes hold only those. */
const approvals: Migration = {
  async up(db: Kysely<unknown>): Promise<void> {
    const { sql } = kysely();
    await sql`CREATE TABLE approvals (
      id TEXT PRIMARY KEY NOT NULL, run_id TEXT NOT NULL, native_id TEXT NOT NULL, team_run_id TEXT, step TEXT,
      agent TEXT NOT NULL, kind TEXT NOT NULL, title TEXT NOT NULL, tool TEXT, operation TEXT NOT NULL,
      operation_hash TEXT NOT NULL, state TEXT NOT NULL, requested_at INTEGER NOT NULL,
      expires_at INTEGER NOT NULL, due_at INTEGER, decided_at INTEGER, decided_by TEXT, answer TEXT, reason TEXT
    ) STRICT`.execute(db);
    await sql`CREATE UNIQUE INDEX approvals_native ON approvals (run_id, native_id)`.execute(db);
    await sql`CREATE INDEX approvals_state ON approvals (state, id)`.execute(db);
    await sql`CREATE INDEX approvals_open ON approvals (due_at) WHERE decided_at IS NULL`.execute(db);
    await sql`CREATE INDEX approvals_open_run ON approvals (run_id, id) WHERE decided_at IS NULL`.execute(db);
    await sql`CREATE INDEX approvals_open_team ON approvals (team_run_id, id) WHERE decided_at IS NULL`.execute(
      db,
    );
  },
};

/** Who an agent is: pinned at first contact, and what a person said to it. Agents of before were all named by people. */
const agentTrust: Migration = {
  async up(db: Kysely<unknown>): Promise<void> {
    const { sql } = kysely();
    for (const column of [
      "trust TEXT NOT NULL DEFAULT 'trusted'",
      'pinned TEXT',
      'found TEXT',
      "changes TEXT NOT NULL DEFAULT '[]'",
      'card_signature TEXT',
      'credential TEXT',
    ])
      await sql.raw(`ALTER TABLE agents ADD COLUMN ${column}`).execute(db);
  },
};

/** What installs changed, so that it can be taken back. */
const installs: Migration = {
  async up(db: Kysely<unknown>): Promise<void> {
    const { sql } = kysely();
    await sql`CREATE TABLE installs (
      kind TEXT NOT NULL, dir TEXT NOT NULL, receipt TEXT NOT NULL, complete INTEGER NOT NULL, at INTEGER NOT NULL,
      PRIMARY KEY (kind, dir)) STRICT, WITHOUT ROWID`.execute(db);
  },
};

/** Calls that go to workers on other hosts. */
const remoteJobs: Migration = {
  async up(db: Kysely<unknown>): Promise<void> {
    const { sql } = kysely();
    await sql`CREATE TABLE remote_jobs (
      run_id TEXT PRIMARY KEY NOT NULL, fence INTEGER NOT NULL, worker TEXT, mode TEXT NOT NULL,
      begun INTEGER NOT NULL, taken INTEGER NOT NULL) STRICT, WITHOUT ROWID`.execute(db);
  },
};

/** On whose behalf a run was started. */
const originChain: Migration = {
  async up(db: Kysely<unknown>): Promise<void> {
    const { sql } = kysely();
    await sql`ALTER TABLE team_runs ADD COLUMN asked_by TEXT`.execute(db);
    await sql`ALTER TABLE team_runs ADD COLUMN context_id TEXT`.execute(db);
    await sql`CREATE INDEX team_runs_context ON team_runs (context_id, id) WHERE context_id IS NOT NULL`.execute(
      db,
    );
  },
};

/** Other names that people gave to agents. */
const agentAliases: Migration = {
  async up(db: Kysely<unknown>): Promise<void> {
    const { sql } = kysely();
    await sql`CREATE TABLE agent_aliases (
      alias TEXT PRIMARY KEY NOT NULL, agent TEXT NOT NULL REFERENCES agents (name) ON DELETE CASCADE
    ) STRICT, WITHOUT ROWID`.execute(db);
    await sql`CREATE INDEX agent_aliases_agent ON agent_aliases (agent)`.execute(db);
  },
};

/** What make of agent a call went to: an agent may be made another one while a call to it is open. */
const agentKindOfCall: Migration = {
  async up(db: Kysely<unknown>): Promise<void> {
    await kysely().sql`ALTER TABLE invocations ADD COLUMN agent_kind TEXT`.execute(db);
  },
};

/** Name -> step; names sort in the order in which they run. */
export const MIGRATIONS: Readonly<Record<string, Migration>> = {
  '0001-first': first,
  '0002-approvals': approvals,
  '0003-installs': installs,
  '0004-agent-trust': agentTrust,
  '0005-remote-jobs': remoteJobs,
  '0006-origin-chain': originChain,
  '0007-found-agents': agentAliases,
  '0008-agent-kind': agentKindOfCall,
};
