// The tables of a NanoClaw installation as 2.0.64 and 2.4.0 have them: the host’s own, and the two mailboxes of a session.

/** Versions whose manners the fake host knows. */
export type HostVersion = '2.0.64' | '2.4.0';

const MESSAGING_GROUPS = {
  '2.0.64': `
    CREATE TABLE messaging_groups (
      id TEXT PRIMARY KEY, channel_type TEXT NOT NULL, platform_id TEXT NOT NULL, name TEXT,
      is_group INTEGER DEFAULT 0, unknown_sender_policy TEXT NOT NULL DEFAULT 'strict', denied_at TEXT,
      created_at TEXT NOT NULL, UNIQUE (channel_type, platform_id)
    );`,
  '2.4.0': `
    CREATE TABLE messaging_groups (
      id TEXT PRIMARY KEY, channel_type TEXT NOT NULL, platform_id TEXT NOT NULL, instance TEXT NOT NULL, name TEXT,
      is_group INTEGER DEFAULT 0, unknown_sender_policy TEXT NOT NULL DEFAULT 'strict', denied_at TEXT,
      created_at TEXT NOT NULL, UNIQUE (channel_type, platform_id, instance)
    );`,
} as const;

/** data/v2.db: what the admin commands read and write. The adapter never opens it. */
export const centralSchema = (version: HostVersion): string => `
  CREATE TABLE agent_groups (
    id TEXT PRIMARY KEY, name TEXT NOT NULL, folder TEXT NOT NULL UNIQUE, agent_provider TEXT, created_at TEXT NOT NULL
  );
  ${MESSAGING_GROUPS[version]}
  CREATE TABLE messaging_group_agents (
    id TEXT PRIMARY KEY,
    messaging_group_id TEXT NOT NULL REFERENCES messaging_groups(id),
    agent_group_id TEXT NOT NULL REFERENCES agent_groups(id),
    engage_mode TEXT, engage_pattern TEXT, sender_scope TEXT, ignored_message_policy TEXT,
    session_mode TEXT DEFAULT 'shared', priority INTEGER DEFAULT 0,
    ${version === '2.4.0' ? 'threads INTEGER,' : ''}
    created_at TEXT NOT NULL, UNIQUE (messaging_group_id, agent_group_id)
  );
  CREATE TABLE agent_destinations (
    agent_group_id TEXT NOT NULL REFERENCES agent_groups(id), local_name TEXT NOT NULL, target_type TEXT NOT NULL,
    target_id TEXT NOT NULL, created_at TEXT NOT NULL, PRIMARY KEY (agent_group_id, local_name)
  );
  CREATE TABLE users (
    id TEXT PRIMARY KEY, kind TEXT NOT NULL, display_name TEXT, created_at TEXT NOT NULL
  );
  CREATE TABLE user_roles (
    user_id TEXT NOT NULL REFERENCES users(id), role TEXT NOT NULL, agent_group_id TEXT REFERENCES agent_groups(id),
    granted_by TEXT, granted_at TEXT NOT NULL, PRIMARY KEY (user_id, role, agent_group_id)
  );
  CREATE TABLE sessions (
    id TEXT PRIMARY KEY,
    agent_group_id TEXT NOT NULL REFERENCES agent_groups(id),
    messaging_group_id TEXT REFERENCES messaging_groups(id),
    thread_id TEXT, agent_provider TEXT, status TEXT DEFAULT 'active', container_status TEXT DEFAULT 'stopped',
    last_active TEXT, created_at TEXT NOT NULL
  );
  CREATE TABLE unregistered_senders (
    channel_type TEXT NOT NULL, platform_id TEXT NOT NULL, user_id TEXT, sender_name TEXT, reason TEXT NOT NULL,
    messaging_group_id TEXT, agent_group_id TEXT, message_count INTEGER NOT NULL DEFAULT 1,
    first_seen TEXT NOT NULL, last_seen TEXT NOT NULL, PRIMARY KEY (channel_type, platform_id)
  );`;

/** inbound.db: the host writes, the container reads. */
export const INBOUND_SCHEMA = `
  CREATE TABLE messages_in (
    id TEXT PRIMARY KEY, seq INTEGER UNIQUE, kind TEXT NOT NULL, timestamp TEXT NOT NULL,
    status TEXT DEFAULT 'pending', process_after TEXT, recurrence TEXT, series_id TEXT, tries INTEGER DEFAULT 0,
    trigger INTEGER NOT NULL DEFAULT 1, platform_id TEXT, channel_type TEXT, thread_id TEXT, content TEXT NOT NULL,
    source_session_id TEXT, on_wake INTEGER NOT NULL DEFAULT 0
  );
  CREATE INDEX idx_messages_in_series ON messages_in(series_id);
  CREATE TABLE delivered (
    message_out_id TEXT PRIMARY KEY, platform_message_id TEXT, status TEXT NOT NULL DEFAULT 'delivered',
    delivered_at TEXT NOT NULL
  );
  CREATE TABLE destinations (
    name TEXT PRIMARY KEY, display_name TEXT, type TEXT NOT NULL, channel_type TEXT, platform_id TEXT,
    agent_group_id TEXT
  );
  CREATE TABLE session_routing (
    id INTEGER PRIMARY KEY CHECK (id = 1), channel_type TEXT, platform_id TEXT, thread_id TEXT
  );`;

/** outbound.db: the container writes, the host reads. */
export const OUTBOUND_SCHEMA = `
  CREATE TABLE messages_out (
    id TEXT PRIMARY KEY, seq INTEGER UNIQUE, in_reply_to TEXT, timestamp TEXT NOT NULL, deliver_after TEXT,
    recurrence TEXT, kind TEXT NOT NULL, platform_id TEXT, channel_type TEXT, thread_id TEXT, content TEXT NOT NULL
  );
  CREATE TABLE processing_ack (
    message_id TEXT PRIMARY KEY, status TEXT NOT NULL, status_changed TEXT NOT NULL
  );
  CREATE TABLE session_state (
    key TEXT PRIMARY KEY, value TEXT NOT NULL, updated_at TEXT NOT NULL
  );
  CREATE TABLE container_state (
    id INTEGER PRIMARY KEY CHECK (id = 1), current_tool TEXT, tool_declared_timeout_ms INTEGER, tool_started_at TEXT,
    updated_at TEXT NOT NULL
  );`;
