// The admin commands that we use, with what they answer: agent groups, the way to one, and sessions.
import { z } from 'zod';
import { Fault } from './fault.ts';
import { ask, type Asking, type Command } from './ncl.ts';
import { CHANNEL } from './place.ts';

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

/** The agent groups of a host. Throws Fault. */
export const groupsOf = (asking: Asking): Promise<Group[]> =>
  listOf(asking, GroupSchema, { command: 'groups-list', args: {} });

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

/** One session; null when it is gone. Throws Fault. */
export const sessionOf = async (asking: Asking, thread: string, id: string): Promise<Session | null> =>
  (await sessionsOfThread(asking, thread)).find((session) => session.id === id) ?? null;

/** Why the host dropped what was sent to an address, in its own word; null when it says nothing. Throws Fault. */
export const whyDropped = async (asking: Asking, platform: string): Promise<string | null> => {
  const rows = await listOf(asking, DroppedSchema, {
    command: 'dropped-messages-list',
    args: { channel_type: CHANNEL, platform_id: platform },
  });
  return rows.find((row) => row.platform_id === platform)?.reason ?? null;
};
