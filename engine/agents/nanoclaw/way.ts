// The way from the mesh to one agent group: its addresses, each with its wiring and destination, and whether they stand.
import {
  destinationsOf,
  groupsOf,
  meshGroupsOf,
  wiringsOf,
  type Destination,
  type Group,
  type MessagingGroup,
  type Wiring,
} from './admin.ts';
import { Fault } from './fault.ts';
import type { Asking } from './ncl.ts';
import { CHANNEL, LANES_MAX, platformOf } from './place.ts';

/** How a wiring must be: every message, and a session of its own for each thread. */
export const ENGAGE = { engage_mode: 'pattern', engage_pattern: '.', session_mode: 'per-thread' } as const;

/** One address of an agent group. */
export interface Lane {
  readonly platform: string;
  readonly messagingGroup: MessagingGroup;
}

/** Where messages for one agent group go. */
export interface Way {
  readonly group: Group;
  /** Whether each thread gets a session of its own; otherwise each address has one, and takes one task at a time. */
  readonly keepsThreads: boolean;
  /** At least one. */
  readonly lanes: readonly Lane[];
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

/** The messaging group of an address, if it was made. */
export const messagingGroupAt = (
  meshGroups: readonly MessagingGroup[],
  platform: string,
): MessagingGroup | undefined =>
  meshGroups.find((row) => row.channel_type === CHANNEL && row.platform_id === platform);

/** The wiring between a messaging group and an agent group, if it was made. */
export const wiringFor = (
  wirings: readonly Wiring[],
  messagingGroup: MessagingGroup | undefined,
  agentGroup: string,
): Wiring | undefined =>
  wirings.find((row) => row.messaging_group_id === messagingGroup?.id && row.agent_group_id === agentGroup);

/** The destination by which the agent answers an address, if it was made. */
export const destinationFor = (
  destinations: readonly Destination[],
  messagingGroup: MessagingGroup | undefined,
): Destination | undefined =>
  destinations.find((row) => row.target_type === 'channel' && row.target_id === messagingGroup?.id);

const installCommand = (dir: string, { folder }: Group): string =>
  `agentmesh nanoclaw install --dir ${dir} --group ${folder}`;

/** Why a wiring that is there does not serve; null when it does. */
export const whyNot = (group: Group, messagingGroup: MessagingGroup, wiring: Wiring): string | null => {
  if (wiring.engage_mode !== ENGAGE.engage_mode || wiring.session_mode !== ENGAGE.session_mode)
    return `The wiring of the agent group ${group.folder} was changed: it must be engage_mode pattern, session_mode per-thread`;
  if (messagingGroup.unknown_sender_policy !== 'public')
    return `NanoClaw’s messaging group ${messagingGroup.id} was changed: its unknown_sender_policy must be public`;
  return null;
};

const standing = (
  asking: Asking,
  group: Group,
  meshGroups: readonly MessagingGroup[],
  wirings: readonly Wiring[],
): Way => {
  const lanes: Lane[] = [];
  let problem: string | null = null;
  let keepsThreads = true;
  for (let lane = 1; lane <= LANES_MAX; lane += 1) {
    const platform = platformOf(group.folder, lane);
    const messagingGroup = messagingGroupAt(meshGroups, platform);
    const wiring = wiringFor(wirings, messagingGroup, group.id);
    if (messagingGroup === undefined || wiring === undefined) continue;
    const fault = whyNot(group, messagingGroup, wiring);
    problem ??= fault;
    if (fault !== null) continue;
    if ('threads' in wiring && wiring.threads !== undefined) keepsThreads = false;
    lanes.push({ platform, messagingGroup });
  }
  if (lanes.length > 0) return { group, keepsThreads, lanes };
  throw new Fault(
    'agent_unreachable',
    problem ??
      `The agent group ${group.folder} is not wired to the mesh: run \`${installCommand(asking.dir, group)}\``,
  );
};

/** The way to an agent group. Throws Fault when there is none, with what to do. */
export const wayTo = async (asking: Asking, wanted: string | null): Promise<Way> => {
  const [groups, meshGroups, wirings] = await Promise.all([
    groupsOf(asking),
    meshGroupsOf(asking),
    wiringsOf(asking),
  ]);
  return standing(asking, chooseGroup(groups, wanted, asking.dir), meshGroups, wirings);
};

/** Whether the whole way stands, the answer’s part too. Throws Fault with what is missing. */
export const checkWay = async (asking: Asking, wanted: string | null): Promise<Way> => {
  const way = await wayTo(asking, wanted);
  const destinations = await destinationsOf(asking, way.group.id);
  if (way.lanes.some(({ messagingGroup }) => destinationFor(destinations, messagingGroup) === undefined))
    throw new Fault(
      'agent_unreachable',
      `The agent group ${way.group.folder} has no destination for its answers: run \`${installCommand(asking.dir, way.group)}\``,
    );
  return way;
};
