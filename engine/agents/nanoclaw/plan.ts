// What it takes to let agent groups of a NanoClaw take part: found, compared with what is there, and shown.
import { z } from 'zod';
import type { Clock } from '../../ports.ts';
import type { InstallOptions, InstallPlan, InstallReceipt } from '../adapter.ts';
import {
  destinationsOf,
  groupsOf,
  keepsThreads,
  meshGroupsOf,
  mayClear,
  wiringsOf,
  type Group,
  type MessagingGroup,
  type Wiring,
} from './admin.ts';
import { chosenGroups, findDir, howToStart, InTheWay, obstacle } from './choice.ts';
import { agentName } from './discover.ts';
import { Fault } from './fault.ts';
import type { Asking } from './ncl.ts';
import { freeLocalName, MadeSchema, StepSchema, stepsFor, type Made, type Step } from './parts.ts';
import { LANES_MAX, platformOf, versionOf } from './place.ts';
import { destinationFor, messagingGroupAt, whyNot, wiringFor } from './way.ts';

/** Conversations at once with an agent group, where the host keeps no threads for us. */
const LANES = 3;

const AgentSchema = z.object({ name: z.string(), folder: z.string() });

/** What an install does, and what an uninstall undoes. */
export const DetailsSchema = z.object({
  /** What is made now. */
  ways: z.array(MadeSchema),
  /** What earlier installs made and this one keeps. */
  earlier: z.array(MadeSchema),
  /** What all of them did, in words. */
  steps: z.array(StepSchema),
  /** The agents of earlier installs and of this one. */
  agents: z.array(AgentSchema),
  /** Folders of the agent groups that are proved by a word at the end. */
  tested: z.array(z.string()),
});
export type Details = z.infer<typeof DetailsSchema>;

interface Choices {
  readonly group: string | null;
  readonly atOnce: number | null;
  readonly isTested: boolean;
}

const KNOWN = ['group', 'at_once', 'test'];

const choicesOf = ({ settings }: InstallOptions): Choices => {
  const unknown = Object.keys(settings).filter((name) => !KNOWN.includes(name));
  if (unknown.length > 0)
    throw new InTheWay(`NanoClaw knows no ${unknown.join(', ')}`, `Its choices are ${KNOWN.join(', ')}.`);
  const { group, at_once: atOnce, test } = settings;
  const isCount =
    typeof atOnce === 'number' && Number.isSafeInteger(atOnce) && atOnce >= 1 && atOnce <= LANES_MAX;
  if (atOnce !== undefined && !isCount)
    throw new InTheWay(
      `An agent group takes 1 to ${String(LANES_MAX)} tasks at once, not ${String(atOnce)}`,
      'Give another number with --at-once.',
    );
  return {
    group: group === undefined ? null : String(group),
    atOnce: isCount ? atOnce : null,
    isTested: test === true,
  };
};

/** What earlier installs in a folder left. */
const earlierIn = (receipts: readonly InstallReceipt[], dir: string): Details => {
  const receipt = receipts.find((each) => each.dir === dir);
  const parsed = DetailsSchema.safeParse(receipt?.details);
  if (parsed.success) return parsed.data;
  return { ways: [], earlier: [], steps: [], agents: [], tested: [] };
};

/** What there is at a host for the mesh. */
interface There {
  readonly meshGroups: readonly MessagingGroup[];
  readonly wirings: readonly Wiring[];
  readonly keepsThreads: boolean;
}

const lanesOf = (
  { meshGroups, wirings, keepsThreads: isOne }: There,
  group: Group,
  { atOnce }: Choices,
): number => {
  if (isOne && atOnce !== null)
    throw new InTheWay(
      'This NanoClaw gives each task a session of its own: there is no limit to set',
      'Leave --at-once out.',
    );
  if (isOne) return 1;
  let there = 0;
  for (let lane = 1; lane <= LANES_MAX; lane += 1)
    if (
      wiringFor(wirings, messagingGroupAt(meshGroups, platformOf(group.folder, lane)), group.id) !== undefined
    )
      there = lane;
  return Math.max(there, atOnce ?? LANES);
};

interface GroupPlan {
  readonly found: readonly string[];
  readonly ways: readonly Made[];
  readonly steps: readonly Step[];
}

const planGroup = async (
  asking: Asking,
  there: There,
  group: Group,
  choices: Choices,
): Promise<GroupPlan> => {
  const { folder, id } = group;
  const { meshGroups, wirings } = there;
  const lanes = lanesOf(there, group, choices);
  const destinations = await destinationsOf(asking, id);
  const names = new Set(destinations.map((row) => row.local_name));
  const ways: Made[] = [];
  const steps: Step[] = [];
  for (let lane = 1; lane <= lanes; lane += 1) {
    const platform = platformOf(folder, lane);
    const messagingGroup = messagingGroupAt(meshGroups, platform);
    const wiring = wiringFor(wirings, messagingGroup, id);
    const fault =
      messagingGroup === undefined || wiring === undefined ? null : whyNot(group, messagingGroup, wiring);
    if (fault !== null)
      throw new InTheWay(
        fault,
        `Put it back, or take it away with \`bin/ncl wirings delete --id ${wiring?.id ?? ''}\` in ${asking.dir}, then install again.`,
      );
    const hasDestination = destinationFor(destinations, messagingGroup) !== undefined;
    const destination = hasDestination ? null : freeLocalName(lane, names);
    if (destination !== null) names.add(destination);
    const made: Made = {
      group: id,
      folder,
      lane,
      platform,
      messagingGroup: messagingGroup === undefined,
      wiring: wiring === undefined,
      destination,
      comesWithWiring: !there.keepsThreads,
    };
    ways.push(made);
    steps.push(...stepsFor(made, messagingGroup?.id ?? null));
  }
  const state = steps.length > 0 ? '' : ', wired to the mesh';
  const tasks = there.keepsThreads ? '' : `; ${String(lanes)} ${lanes === 1 ? 'task' : 'tasks'} at once`;
  const found = [`agent group ${folder} (${group.name})${state}${tasks}`];
  if (!there.keepsThreads && !(await mayClear(asking, id)))
    found.push(
      `  its conversations remember earlier tasks; \`bin/ncl roles grant --user cli:local --role admin --group ${id}\` lets the mesh clear them`,
    );
  return { found, ways, steps };
};

const askGroups = async (asking: Asking): Promise<Group[]> => {
  try {
    return await groupsOf(asking);
  } catch (error) {
    if (!(error instanceof Fault)) throw error;
    throw new InTheWay(
      error,
      error.failure.code === 'agent_unreachable'
        ? howToStart(asking.dir)
        : 'See what listens on data/ncl.sock in that folder.',
    );
  }
};

const eachOnce = (steps: readonly Step[]): Step[] => [
  ...new Map(steps.map((step) => [JSON.stringify(step), step])).values(),
];

/** What an agent group is called: as before, short when it is the only one, its folder otherwise. */
const namesFor = (
  groups: readonly Group[],
  chosen: readonly Group[],
  before: Details['agents'],
): Details['agents'] => {
  const fresh = chosen.filter(({ folder }) => !before.some((agent) => agent.folder === folder));
  return [...before, ...fresh.map((group) => ({ name: agentName(groups, group), folder: group.folder }))];
};

const planIn = async (asking: Asking, options: InstallOptions): Promise<InstallPlan> => {
  const { dir } = asking;
  const choices = choicesOf(options);
  const found = [`NanoClaw ${versionOf(dir)} in ${dir}`];
  const groups = await askGroups(asking);
  const earlier = earlierIn(options.receipts, dir);
  const chosen = chosenGroups(
    groups,
    choices.group,
    earlier.agents.map(({ folder }) => folder),
    dir,
  );
  const [meshGroups, wirings, isKept] = await Promise.all([
    meshGroupsOf(asking),
    wiringsOf(asking),
    keepsThreads(asking),
  ]);
  const ways: Made[] = [];
  const steps: Step[] = [];
  for (const group of chosen) {
    const each = await planGroup(asking, { meshGroups, wirings, keepsThreads: isKept }, group, choices);
    found.push(...each.found);
    ways.push(...each.ways);
    steps.push(...each.steps);
  }
  const details: Details = {
    ways,
    earlier: [...earlier.earlier, ...earlier.ways],
    steps: eachOnce([...earlier.steps, ...steps]),
    agents: namesFor(groups, chosen, earlier.agents),
    tested: choices.isTested ? chosen.map(({ folder }) => folder) : [],
  };
  return { kind: 'nanoclaw', dir, found, steps, obstacles: [], details };
};

/** Looks what is there and says what is left to do. Never throws for what it finds: that is an obstacle. */
export const plan = async (clock: Clock, options: InstallOptions): Promise<InstallPlan> => {
  let dir: string | undefined;
  try {
    dir = findDir(options);
    return await planIn({ clock, dir }, options);
  } catch (error) {
    if (!(error instanceof InTheWay) && !(error instanceof Fault)) throw error;
    return {
      kind: 'nanoclaw',
      ...(dir === undefined ? {} : { dir }),
      found: [],
      steps: [],
      obstacles: [obstacle(error)],
      details: null,
    };
  }
};
