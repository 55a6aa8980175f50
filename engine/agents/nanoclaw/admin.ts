// The admin commands that we use, with what they answer: agent groups, the way to one, and sessions.
import { z } from 'zod';
import { Fault } from './fault.ts';
import { ask, Refused, type Asking, type Command } from './ncl.ts';
import { CHANNEL } from './place.ts';

/** Who a line on data/cli.sock is from when it does not say. */
const OPERATOR = 'cli:local';
/** Lists are cut at 200 rows when nothing is said. */
const ALL = 100_000;

const GroupSchema = z.looseObject({ id: z.string(), name: z.string(), folder: z.string() });
export type Group = z.infer<typeof GroupSchema>;

const MessagingGroupSchema = z.looseObject({
  id: z.string(),
  channel_type: z.string(),
  platform_id: z.string(),
  unknown_sender_policy: z.string().nullish(),
});
export type MessagingGroup = z.infer<typeof MessagingGroupSchema>;

const WiringSchema = z.looseObject({
  id: z.string(),
  messaging_group_id: z.string(),
  agent_group_id: z.string(),
  engage_mode: z.string().nullish(),
  session_mode: z.string().nullish(),
  /** Known to hosts that take the thread of a message away where no channel adapter has threads. */
  threads: z.unknown().optional(),
});
export type Wiring = z.infer<typeof WiringSchema>;

const DestinationSchema = z.looseObject({
  agent_group_id: z.string(),
  local_name: z.string(),
  target_type: z.string(),
  target_id: z.string(),
});
export type Destination = z.infer<typeof DestinationSchema>;

const SessionSchema = z.looseObject({
  id: z.string(),
  agent_group_id: z.string(),
  messaging_group_id: z.string().nullable(),
  thread_id: z.string().nullable(),
  container_status: z.string().nullish(),
});
export type Session = z.infer<typeof SessionSchema>;

const DroppedSchema = z.looseObject({
  channel_type: z.string(),
  platform_id: z.string(),
  reason: z.string(),
});

const listOf = async <T>(asking: Asking, schema: z.ZodType<T>, command: Command): Promise<T[]> => {
  const rows = z
    .array(schema)
    .safeParse(await ask(asking, { ...command, args: { ...command.args, limit: ALL } }));
  if (rows.success) return rows.data;
  throw new Fault('invalid_agent_response', `NanoClaw answered ${command.command} with something else`);
};

/** The agent groups of a host, by their folders: later hosts list the newest first. Throws Fault. */
export const groupsOf = async (asking: Asking): Promise<Group[]> => {
  const groups = await listOf(asking, GroupSchema, { command: 'groups-list', args: {} });
  return groups.sort((one, other) => (one.folder < other.folder ? -1 : 1));
};

/** The messaging groups of the mesh. Throws Fault. */
export const meshGroupsOf = (asking: Asking): Promise<MessagingGroup[]> =>
  listOf(asking, MessagingGroupSchema, {
    command: 'messaging-groups-list',
    args: { channel_type: CHANNEL },
  });

/** All wirings of a host. Throws Fault. */
export const wiringsOf = (asking: Asking): Promise<Wiring[]> =>
  listOf(asking, WiringSchema, { command: 'wirings-list', args: {} });

/** The destinations of an agent group. Throws Fault. */
export const destinationsOf = (asking: Asking, group: string): Promise<Destination[]> =>
  listOf(asking, DestinationSchema, { command: 'destinations-list', args: { agent_group_id: group } });

/** The sessions of a thread: one for each agent group that it reached. Throws Fault. */
export const sessionsOfThread = (asking: Asking, thread: string): Promise<Session[]> =>
  listOf(asking, SessionSchema, { command: 'sessions-list', args: { thread_id: thread } });

/** The sessions of a chat. Throws Fault. */
export const sessionsOfChat = (asking: Asking, messagingGroup: string): Promise<Session[]> =>
  listOf(asking, SessionSchema, {
    command: 'sessions-list',
    args: { messaging_group_id: messagingGroup },
  });

/** Whether the host keeps the thread of a message for a channel without an adapter; later hosts do not. Throws Fault. */
export const keepsThreads = async (asking: Asking): Promise<boolean> => {
  const help = await ask(asking, { command: 'wirings-help', args: {} });
  return !/--threads\b/.test(typeof help === 'string' ? help : JSON.stringify(help));
};

const RoleSchema = z.looseObject({
  user_id: z.string(),
  role: z.string(),
  agent_group_id: z.string().nullable(),
});

/** Whether who opens the host’s own socket may make an agent group forget: the terminal’s user must be an admin. Throws Fault. */
export const mayClear = async (asking: Asking, group: string): Promise<boolean> => {
  const roles = await listOf(asking, RoleSchema, { command: 'roles-list', args: { user_id: OPERATOR } });
  return roles.some(
    (row) => row.user_id === OPERATOR && (row.agent_group_id === null || row.agent_group_id === group),
  );
};

/** One session by its id; null when it is gone. Throws Fault. */
export const sessionOf = async (asking: Asking, id: string): Promise<Session | null> => {
  try {
    const found = SessionSchema.safeParse(await ask(asking, { command: 'sessions-get', args: { id } }));
    return found.success ? found.data : null;
  } catch (error) {
    if (error instanceof Refused) return null;
    throw error;
  }
};

/** Why the host dropped what was sent to an address, in its own word; null when it says nothing. Throws Fault. */
export const whyDropped = async (asking: Asking, platform: string): Promise<string | null> => {
  const rows = await listOf(asking, DroppedSchema, {
    command: 'dropped-messages-list',
    args: { channel_type: CHANNEL, platform_id: platform },
  });
  return rows.find((row) => row.platform_id === platform)?.reason ?? null;
};
