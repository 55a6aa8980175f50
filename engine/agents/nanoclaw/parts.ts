// The three things that an install makes for an address of an agent group, each an admin command, and how each is shown.
import { z } from 'zod';
import type { Command } from './ncl.ts';
import { CHANNEL, LOCAL_NAME } from './place.ts';
import { ENGAGE } from './way.ts';

/** What stands in a shown command for an id that NanoClaw gives. */
const messagingGroupLater = (platform: string): string => `ID_OF_${platform}`;

/** What an install made for one address; what it found there is not its own. */
export const MadeSchema = z.object({
  /** The agent group: its id and its folder. */
  group: z.string(),
  folder: z.string(),
  lane: z.number().int().positive(),
  platform: z.string(),
  messagingGroup: z.boolean(),
  wiring: z.boolean(),
  /** The name by which the agent answers the mesh, when the install made it. */
  destination: z.string().nullable(),
  /** Whether the host makes the destination together with the wiring. */
  comesWithWiring: z.boolean(),
});
export type Made = z.infer<typeof MadeSchema>;

/** One change, as an install tells it. */
export const StepSchema = z.object({ change: z.string(), command: z.array(z.string()).readonly() });
export type Step = z.infer<typeof StepSchema>;

export const makeMessagingGroup = ({ platform, lane }: Pick<Made, 'platform' | 'lane'>): Command => ({
  command: 'messaging-groups-create',
  args: {
    channel_type: CHANNEL,
    platform_id: platform,
    // NanoClaw makes the name of the destination out of it.
    name: lane === 1 ? 'AgentMesh' : `AgentMesh ${String(lane)}`,
    unknown_sender_policy: 'public',
  },
});

export const makeWiring = ({ group }: Pick<Made, 'group'>, messagingGroup: string): Command => ({
  command: 'wirings-create',
  args: { messaging_group_id: messagingGroup, agent_group_id: group, ...ENGAGE },
});

export const makeDestination = (
  { group }: Pick<Made, 'group'>,
  messagingGroup: string,
  localName: string,
): Command => ({
  command: 'destinations-add',
  args: {
    agent_group_id: group,
    local_name: localName,
    target_type: 'channel',
    target_id: messagingGroup,
  },
});

/** A command as a person would type it in the installation’s folder. */
export const typed = ({ command, args }: Command): string[] => {
  const at = command.lastIndexOf('-');
  return [
    'bin/ncl',
    command.slice(0, at),
    command.slice(at + 1),
    ...Object.entries(args).flatMap(([name, value]) => [`--${name.replaceAll('_', '-')}`, String(value)]),
  ];
};

/** What an install would do for an address, in words and as it is sent. */
export const stepsFor = (made: Made, messagingGroup: string | null): Step[] => {
  const { folder, lane, platform, comesWithWiring, destination } = made;
  const target = messagingGroup ?? messagingGroupLater(platform);
  const which = lane === 1 ? folder : `${folder}, conversation ${String(lane)}`;
  const steps: Step[] = [];
  if (made.messagingGroup)
    steps.push({
      change: `${which}: makes a messaging group for the mesh`,
      command: typed(makeMessagingGroup(made)),
    });
  if (made.wiring)
    steps.push({
      change: `${which}: wires it to the agent group${comesWithWiring ? ', with the agent’s way to answer' : ''}`,
      command: typed(makeWiring(made, target)),
    });
  if (destination !== null && !(made.wiring && comesWithWiring))
    steps.push({
      change: `${which}: lets the agent answer the mesh`,
      command: typed(makeDestination(made, target, destination)),
    });
  return steps;
};

/** The first name for an address that the agent does not use for somebody else. */
export const freeLocalName = (lane: number, taken: ReadonlySet<string>): string => {
  const wanted = lane === 1 ? LOCAL_NAME : `${LOCAL_NAME}-${String(lane)}`;
  if (!taken.has(wanted)) return wanted;
  for (let count = 2; ; count += 1) {
    const name = `${wanted}-${String(count)}`;
    if (!taken.has(name)) return name;
  }
};
