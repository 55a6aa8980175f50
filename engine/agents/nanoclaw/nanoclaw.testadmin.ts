// The admin commands of a fake host, over the real tables: what data/ncl.sock answers in 2.0.64 and 2.4.0.
import { randomUUID } from 'node:crypto';
import type { Database } from 'better-sqlite3';
import type { HostVersion } from './nanoclaw.testschema.ts';

type Row = Record<string, unknown>;

interface Resource {
  readonly table: string;
  /** Columns that only later hosts have. */
  readonly later?: readonly string[];
  readonly singular: string;
  readonly id: string;
  readonly columns: readonly string[];
  /** Columns that a create fills in, and those that it must be given. */
  readonly required: readonly string[];
  readonly defaults: Row;
  readonly verbs: readonly string[];
}

const RESOURCES: Readonly<Record<string, Resource>> = {
  groups: {
    table: 'agent_groups',
    singular: 'group',
    id: 'id',
    columns: ['id', 'name', 'folder', 'created_at'],
    required: ['name', 'folder'],
    defaults: {},
    verbs: ['list', 'get', 'create'],
  },
  'messaging-groups': {
    table: 'messaging_groups',
    singular: 'messaging-group',
    id: 'id',
    columns: [
      'id',
      'channel_type',
      'platform_id',
      'name',
      'is_group',
      'unknown_sender_policy',
      'denied_at',
      'created_at',
    ],
    required: ['channel_type', 'platform_id'],
    defaults: { is_group: 0, unknown_sender_policy: 'strict' },
    verbs: ['list', 'get', 'create', 'update', 'delete'],
  },
  wirings: {
    table: 'messaging_group_agents',
    singular: 'wiring',
    id: 'id',
    columns: [
      'id',
      'messaging_group_id',
      'agent_group_id',
      'engage_mode',
      'engage_pattern',
      'sender_scope',
      'ignored_message_policy',
      'session_mode',
      'created_at',
    ],
    later: ['threads'],
    required: ['messaging_group_id', 'agent_group_id'],
    defaults: {
      engage_mode: 'mention',
      sender_scope: 'all',
      ignored_message_policy: 'drop',
      session_mode: 'shared',
    },
    verbs: ['list', 'get', 'create', 'delete'],
  },
  destinations: {
    table: 'agent_destinations',
    singular: 'destination',
    id: 'agent_group_id',
    columns: ['agent_group_id', 'local_name', 'target_type', 'target_id', 'created_at'],
    required: [],
    defaults: {},
    verbs: ['list', 'add', 'remove'],
  },
  sessions: {
    table: 'sessions',
    singular: 'session',
    id: 'id',
    columns: [
      'id',
      'agent_group_id',
      'messaging_group_id',
      'thread_id',
      'agent_provider',
      'status',
      'container_status',
      'last_active',
      'created_at',
    ],
    required: [],
    defaults: {},
    verbs: ['list', 'get'],
  },
  roles: {
    table: 'user_roles',
    singular: 'role',
    id: 'user_id',
    columns: ['user_id', 'role', 'agent_group_id', 'granted_by', 'granted_at'],
    required: [],
    defaults: {},
    verbs: ['list'],
  },
  'dropped-messages': {
    table: 'unregistered_senders',
    singular: 'dropped-message',
    id: 'channel_type',
    columns: ['channel_type', 'platform_id', 'user_id', 'reason', 'message_count', 'first_seen', 'last_seen'],
    required: [],
    defaults: {},
    verbs: ['list'],
  },
};

export interface AdminParts {
  readonly db: Database;
  readonly version: HostVersion;
  /** Destinations go to the sessions of the group at once. */
  readonly project: (agentGroupId: string) => void;
}

const now = (): string => new Date().toISOString();

/** How a name becomes an address that the agent can write: lower case, dashes. */
const toLocalName = (name: string): string =>
  name
    .toLowerCase()
    .replace(/[^a-z0-9]+/g, '-')
    .replace(/^-+|-+$/g, '');

const insert = (db: Database, table: string, values: Row): void => {
  const names = Object.keys(values);
  db.prepare(
    `INSERT INTO ${table} (${names.join(', ')}) VALUES (${names.map((name) => `@${name}`).join(', ')})`,
  ).run(values);
};

const columnsOf = (version: HostVersion, { columns, later = [] }: Resource): readonly string[] =>
  version === '2.4.0' ? [...columns, ...later] : columns;

/** What `ncl <resource> help` prints, in its main part: the fields that a command takes. */
const help = (version: HostVersion, resource: Resource): string =>
  columnsOf(version, resource)
    .map((name) => `  --${name.replaceAll('_', '-')}`)
    .join('\n');

const list = ({ db, version }: AdminParts, resource: Resource, args: Row): unknown => {
  const { table, id } = resource;
  const columns = columnsOf(version, resource);
  const filters = Object.entries(args).filter(
    ([key]) => columns.includes(key) && key !== 'id' && key !== 'created_at',
  );
  const where = filters.map(([key]) => `${key} = ?`).join(' AND ');
  const limit = args['limit'] === undefined ? 200 : Math.max(1, Number(args['limit']));
  const newest = columns.find((name) => name.endsWith('_at')) ?? id;
  const order = version === '2.4.0' ? ` ORDER BY ${newest} DESC, ${id}` : '';
  return db
    .prepare(
      `SELECT ${columns.join(', ')} FROM ${table}${where === '' ? '' : ` WHERE ${where}`}${order} LIMIT ?`,
    )
    .all(...filters.map(([, value]) => value), limit);
};

const create = (parts: AdminParts, resource: Resource, args: Row): unknown => {
  const { db, version } = parts;
  const values: Row = { id: randomUUID(), ...resource.defaults, created_at: now() };
  for (const column of columnsOf(version, resource))
    if (args[column] !== undefined) values[column] = args[column];
  for (const column of resource.required) {
    if (values[column] === undefined) throw new Error(`--${column.replaceAll('_', '-')} is required`);
  }
  if (version === '2.0.64') {
    insert(db, resource.table, values);
    return values;
  }
  // 2.4.0: the same again answers what is there, and a wiring brings its destination.
  if (resource.singular === 'messaging-group') {
    values['instance'] = values['channel_type'];
    const known = db
      .prepare('SELECT * FROM messaging_groups WHERE channel_type = ? AND platform_id = ? AND instance = ?')
      .get(values['channel_type'], values['platform_id'], values['instance']);
    if (known !== undefined) return known;
  }
  if (resource.singular === 'wiring') {
    const known = db
      .prepare('SELECT * FROM messaging_group_agents WHERE messaging_group_id = ? AND agent_group_id = ?')
      .get(values['messaging_group_id'], values['agent_group_id']);
    if (known !== undefined) return known;
    if (values['engage_mode'] === 'pattern' && values['engage_pattern'] === undefined)
      throw new Error("engage_mode 'pattern' requires --engage-pattern");
  }
  insert(db, resource.table, values);
  if (resource.singular === 'wiring') {
    const group = db
      .prepare('SELECT name, channel_type FROM messaging_groups WHERE id = ?')
      .get(values['messaging_group_id']) as { name: string | null; channel_type: string };
    const base = toLocalName(group.name ?? group.channel_type);
    const isTaken = (name: string): boolean =>
      db
        .prepare('SELECT 1 FROM agent_destinations WHERE agent_group_id = ? AND local_name = ?')
        .get(values['agent_group_id'], name) !== undefined;
    let name = base;
    const hasOne = db
      .prepare('SELECT 1 FROM agent_destinations WHERE agent_group_id = ? AND target_id = ?')
      .get(values['agent_group_id'], values['messaging_group_id']);
    if (hasOne !== undefined) return values;
    for (let count = 2; isTaken(name); count += 1) name = `${base}-${String(count)}`;
    insert(db, 'agent_destinations', {
      agent_group_id: values['agent_group_id'],
      local_name: name,
      target_type: 'channel',
      target_id: values['messaging_group_id'],
      created_at: now(),
    });
    parts.project(String(values['agent_group_id']));
  }
  return values;
};

const run = (parts: AdminParts, resource: Resource, verb: string, args: Row): unknown => {
  const { db } = parts;
  const { table, id, singular } = resource;
  const columns = columnsOf(parts.version, resource);
  const given = args['id'];
  switch (verb) {
    case 'list':
      return list(parts, resource, args);
    case 'create':
      return create(parts, resource, args);
    case 'get': {
      const row = db.prepare(`SELECT ${columns.join(', ')} FROM ${table} WHERE ${id} = ?`).get(given);
      if (row === undefined) throw new Error(`${singular} not found: ${String(given)}`);
      return row;
    }
    case 'delete':
      if (db.prepare(`DELETE FROM ${table} WHERE ${id} = ?`).run(given).changes === 0)
        throw new Error(`${singular} not found: ${String(given)}`);
      return { deleted: given };
    case 'add':
      insert(db, table, {
        agent_group_id: args['agent_group_id'],
        local_name: args['local_name'],
        target_type: args['target_type'],
        target_id: args['target_id'],
        created_at: now(),
      });
      parts.project(String(args['agent_group_id']));
      return args;
    case 'remove':
      if (
        db
          .prepare('DELETE FROM agent_destinations WHERE agent_group_id = ? AND local_name = ?')
          .run(args['agent_group_id'], args['local_name']).changes === 0
      )
        throw new Error('destination not found');
      parts.project(String(args['agent_group_id']));
      return { removed: args };
    default:
      throw new Error(`verb ${verb}`);
  }
};

/** Answers one frame as the host does. */
export const dispatch = (parts: AdminParts, line: string): unknown => {
  let frame: { id: string; command: string; args: Row };
  try {
    frame = JSON.parse(line) as typeof frame;
    if (typeof frame.id !== 'string' || typeof frame.command !== 'string')
      throw new Error('bad request shape');
  } catch (error) {
    const message = `bad frame: ${error instanceof Error ? error.message : String(error)}`;
    return { id: 'unknown', ok: false, error: { code: 'transport-error', message } };
  }
  const { id, command, args } = frame;
  const name = Object.keys(RESOURCES).find((each) => command.startsWith(`${each}-`)) ?? '';
  const resource = RESOURCES[name];
  const verb = command.slice(name.length + 1);
  if (resource !== undefined && verb === 'help') return { id, ok: true, data: help(parts.version, resource) };
  if (resource?.verbs.includes(verb) !== true)
    return { id, ok: false, error: { code: 'unknown-command', message: `no command "${command}"` } };
  try {
    return { id, ok: true, data: run(parts, resource, verb, args) };
  } catch (error) {
    const message = error instanceof Error ? error.message : String(error);
    return { id, ok: false, error: { code: 'handler-error', message } };
  }
};
