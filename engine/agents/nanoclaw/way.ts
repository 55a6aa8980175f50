// The way from the mesh to one agent group: messaging group, wiring and destination, and whether it stands.
import { CHANNEL, platformOf } from './place.ts';
import {
  destinationsOf,
  groupsOf,
  meshGroupsOf,
  sessionsOfThread,
  wiringsOf,
  type Destination,
  type Group,
  type MessagingGroup,
  type Session,
  type Wiring,
} from './admin.ts';
import { Fault } from './fault.ts';
import type { Asking } from './ncl.ts';

/** How a wiring must be: every message, and a session of its own for each thread. */
export const ENGAGE = { engage_mode: 'pattern', engage_pattern: '.', session_mode: 'per-thread' } as const;

/** Where messages for one agent group go. */
export interface Way {
  readonly group: Group;
  readonly platform: string;
  readonly messagingGroup: MessagingGroup;
}

/** The agent group that is meant by folder, id or name; the only one when nothing is said. Throws Fault. */
export const chooseGroup = (groups: readonly Group[], wanted: string | null, dir: string): Group => {
  const known = groups.map(({ folder }) => folder).join(', ');
  if (wanted === null) {
    const [only, second] = groups;
    if (only === undefined)
      throw new Fault('agent_unreachable', `The NanoClaw in ${dir} has no agent group yet`);
    if (second === undefined) return only;
    throw new Fault(
      'invalid_input',
      `The NanoClaw in ${dir} has several agent groups: say which one in settings.agent (${known})`,
    );
  }
  const found =
    groups.find(({ folder, id }) => folder === wanted || id === wanted) ??
    groups.find(({ name }) => name === wanted);
  if (found !== undefined) return found;
  throw new Fault(
    'agent_unreachable',
    `The NanoClaw in ${dir} has no agent group ${wanted}${known === '' ? '' : ` (it has ${known})`}`,
  );
};

/** The messaging group of the mesh for an agent group, if it was made. */
export const messagingGroupFor = (
  meshGroups: readonly MessagingGroup[],
  { folder }: Group,
): MessagingGroup | undefined =>
  meshGroups.find((row) => row.channel_type === CHANNEL && row.platform_id === platformOf(folder));

/** The wiring between the two, if it was made. */
export const wiringFor = (
  wirings: readonly Wiring[],
  messagingGroup: MessagingGroup | undefined,
  group: Group,
): Wiring | undefined =>
  wirings.find((row) => row.messaging_group_id === messagingGroup?.id && row.agent_group_id === group.id);

/** The destination by which the agent answers the mesh, if it was made. */
export const destinationFor = (
  destinations: readonly Destination[],
  messagingGroup: MessagingGroup | undefined,
): Destination | undefined =>
  destinations.find((row) => row.target_type === 'channel' && row.target_id === messagingGroup?.id);

const installCommand = (dir: string, { folder }: Group): string =>
  `agentmesh nanoclaw install --dir ${dir} --group ${folder}`;

const checked = (
  asking: Asking,
  group: Group,
  meshGroups: readonly MessagingGroup[],
  wirings: readonly Wiring[],
): Way => {
  const messagingGroup = messagingGroupFor(meshGroups, group);
  const wiring = wiringFor(wirings, messagingGroup, group);
  const remedy = `run \`${installCommand(asking.dir, group)}\``;
  if (messagingGroup === undefined || wiring === undefined)
    throw new Fault(
      'agent_unreachable',
      `The agent group ${group.folder} is not wired to the mesh: ${remedy}`,
    );
  if (wiring.engage_mode !== ENGAGE.engage_mode || wiring.session_mode !== ENGAGE.session_mode)
    throw new Fault(
      'agent_unreachable',
      `The wiring of the agent group ${group.folder} was changed: it must be engage_mode pattern, session_mode per-thread`,
    );
  if (messagingGroup.unknown_sender_policy !== 'public')
    throw new Fault(
      'agent_unreachable',
      `NanoClaw’s messaging group ${messagingGroup.id} was changed: its unknown_sender_policy must be public`,
    );
  return { group, platform: messagingGroup.platform_id, messagingGroup };
};

/** The way to an agent group, for a message of a thread: with the session of that thread when there is one. Throws Fault. */
export const wayFor = async (
  asking: Asking,
  wanted: string | null,
  thread: string,
): Promise<{ readonly way: Way; readonly session: Session | null }> => {
  const [groups, meshGroups, wirings, sessions] = await Promise.all([
    groupsOf(asking),
    meshGroupsOf(asking),
    wiringsOf(asking),
    sessionsOfThread(asking, thread),
  ]);
  const way = checked(asking, chooseGroup(groups, wanted, asking.dir), meshGroups, wirings);
  return { way, session: ownSession(sessions, way, thread) };
};

/** Of the sessions of a thread, the one of our way. */
export const ownSession = (sessions: readonly Session[], way: Way, thread: string): Session | null =>
  sessions.find(
    (row) =>
      row.thread_id === thread &&
      row.agent_group_id === way.group.id &&
      row.messaging_group_id === way.messagingGroup.id,
  ) ?? null;

/** Whether the whole way stands, the answer’s part too. Throws Fault with what is missing. */
export const checkWay = async (asking: Asking, wanted: string | null): Promise<Way> => {
  const [groups, meshGroups, wirings] = await Promise.all([
    groupsOf(asking),
    meshGroupsOf(asking),
    wiringsOf(asking),
  ]);
  const group = chooseGroup(groups, wanted, asking.dir);
  const way = checked(asking, group, meshGroups, wirings);
  if (destinationFor(await destinationsOf(asking, group.id), way.messagingGroup) === undefined)
    throw new Fault(
      'agent_unreachable',
      `The agent group ${group.folder} has no destination for its answers: run \`${installCommand(asking.dir, group)}\``,
    );
  return way;
};
