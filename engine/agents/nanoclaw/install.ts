// Wires agent groups of a NanoClaw to the mesh by its own admin commands, and takes back exactly what was made.
import { existsSync } from 'node:fs';
import { MeshError } from '#machines/nouns/error';
import type { Clock, Ports } from '../../ports.ts';
import type { InstallPlan, InstallReceipt, InstallSession } from '../adapter.ts';
import { destinationsOf, groupsOf, meshGroupsOf, wiringsOf, type MessagingGroup } from './admin.ts';
import { Fault } from './fault.ts';
import { ask, Refused, type Asking, type Command } from './ncl.ts';
import { makeDestination, makeMessagingGroup, makeWiring, type Made } from './parts.ts';
import { CHANNEL } from './place.ts';
import { DetailsSchema, type Details } from './plan.ts';
import { proveByAWord } from './prove.ts';
import { checkWay, destinationFor, messagingGroupAt, wiringFor } from './way.ts';

const REMEDY =
  'Look at logs/nanoclaw.error.log of NanoClaw, then run it again; uninstall takes back what was done.';
const REMEDY_TO_UNDO = 'Start NanoClaw, then run uninstall again.';

const failed = (fault: Fault, remedy: string): MeshError =>
  new MeshError('install_failed', fault.message, { remedy }, { cause: fault });

/** Makes one thing, unless somebody was faster: then it is there all the same. Whether it was made now. */
const make = async (asking: Asking, command: Command, isThere: () => Promise<boolean>): Promise<boolean> => {
  if (await isThere()) return false;
  try {
    await ask(asking, command);
    return true;
  } catch (error) {
    if (error instanceof Refused && (await isThere())) return false;
    throw error;
  }
};

const messagingGroupOf = async (asking: Asking, platform: string): Promise<MessagingGroup | undefined> =>
  messagingGroupAt(await meshGroupsOf(asking), platform);

const wireOne = async (asking: Asking, made: Made, session: InstallSession): Promise<void> => {
  const { folder, group, platform, destination } = made;
  const isThere = async (): Promise<boolean> => (await messagingGroupOf(asking, platform)) !== undefined;
  if (await make(asking, makeMessagingGroup(made), isThere))
    session.note(`made the messaging group ${CHANNEL} ${platform}`);
  const messagingGroup = await messagingGroupOf(asking, platform);
  if (messagingGroup === undefined)
    throw new Fault('agent_failed', `NanoClaw did not keep the messaging group ${platform}`);
  const isWired = async (): Promise<boolean> =>
    wiringFor(await wiringsOf(asking), messagingGroup, group) !== undefined;
  if (await make(asking, makeWiring(made, messagingGroup.id), isWired))
    session.note(`wired ${platform} to the agent group ${folder}`);
  const canAnswer = async (): Promise<boolean> =>
    destinationFor(await destinationsOf(asking, group), messagingGroup) !== undefined;
  const name = destination ?? platform.replace(/[^a-z0-9]+/gi, '-');
  if (await make(asking, makeDestination(made, messagingGroup.id, name), canAnswer))
    session.note(`the agent group ${folder} answers ${platform} as ${name}`);
};

/** What was made at each address, by whichever install. */
const merged = (ways: readonly Made[]): Made[] => {
  const byPlatform = new Map<string, Made>();
  for (const way of ways) {
    const before = byPlatform.get(way.platform);
    byPlatform.set(way.platform, {
      ...way,
      messagingGroup: way.messagingGroup || before?.messagingGroup === true,
      wiring: way.wiring || before?.wiring === true,
      destination: way.destination ?? before?.destination ?? null,
    });
  }
  return [...byPlatform.values()];
};

const receiptOf = (dir: string, { steps, agents, ways, earlier }: Details): InstallReceipt => {
  const details: Details = { ways: merged([...earlier, ...ways]), earlier: [], steps, agents, tested: [] };
  const entries = agents.map(({ name, folder }) => ({
    name,
    kind: 'nanoclaw' as const,
    dir,
    settings: { agent: folder },
  }));
  return { kind: 'nanoclaw', dir, steps, agents: entries, details };
};

/** Does what a plan says. Throws MeshError install_failed. */
export const install = async (
  ports: Pick<Ports, 'clock' | 'ids'>,
  { dir, details }: InstallPlan,
  session: InstallSession,
): Promise<InstallReceipt> => {
  const parsed = DetailsSchema.safeParse(details);
  if (dir === undefined || !parsed.success)
    throw new MeshError('install_failed', 'There is no plan to follow', { remedy: REMEDY });
  const { ways, tested } = parsed.data;
  const receipt = receiptOf(dir, parsed.data);
  const asking = { clock: ports.clock, dir };
  try {
    await session.keep(receipt);
    for (const way of ways) await wireOne(asking, way, session);
    for (const folder of new Set(ways.map((way) => way.folder))) await checkWay(asking, folder);
  } catch (error) {
    if (error instanceof Fault) throw failed(error, REMEDY);
    throw error;
  }
  for (const entry of receipt.agents ?? [])
    if (tested.includes(String(entry.settings?.['agent']))) await proveByAWord(ports, entry, session);
  return receipt;
};

/** Takes one thing away; whether it was there. */
const takeAway = async (asking: Asking, command: Command): Promise<boolean> => {
  try {
    await ask(asking, command);
    return true;
  } catch (error) {
    if (error instanceof Refused && /not found/i.test(error.reason)) return false;
    throw error;
  }
};

const removeMessagingGroup = async (
  asking: Asking,
  { id, platform_id: platform }: MessagingGroup,
  session: InstallSession,
): Promise<void> => {
  if ((await wiringsOf(asking)).some((row) => row.messaging_group_id === id)) {
    session.note(`left the messaging group ${platform}: something else is wired to it`);
    return;
  }
  try {
    if (await takeAway(asking, { command: 'messaging-groups-delete', args: { id } }))
      session.note(`took the messaging group ${platform} away`);
  } catch (error) {
    // NanoClaw keeps a chat as long as it keeps sessions of it, and has no command to remove those.
    if (!(error instanceof Refused) || !/FOREIGN KEY/i.test(error.reason)) throw error;
    session.note(
      `left the messaging group ${platform}: NanoClaw keeps the sessions of past tasks with it; nothing is wired to it any more`,
    );
  }
};

const unwireOne = async (asking: Asking, made: Made, session: InstallSession): Promise<void> => {
  const { folder, group, platform } = made;
  const messagingGroup = await messagingGroupOf(asking, platform);
  if (messagingGroup === undefined) return;
  const destination = destinationFor(await destinationsOf(asking, group), messagingGroup);
  if (made.destination !== null && destination !== undefined) {
    const args = { agent_group_id: group, local_name: destination.local_name };
    if (await takeAway(asking, { command: 'destinations-remove', args }))
      session.note(`the agent group ${folder} has no way to ${platform} any more`);
  }
  const wiring = wiringFor(await wiringsOf(asking), messagingGroup, group);
  if (made.wiring && wiring !== undefined) {
    if (await takeAway(asking, { command: 'wirings-delete', args: { id: wiring.id } }))
      session.note(`took the wiring of ${platform} to the agent group ${folder} away`);
  }
  if (made.messagingGroup) await removeMessagingGroup(asking, messagingGroup, session);
};

/** Says which wirings to the mesh stand after all was taken back: what was there before is not ours to take. */
const noteLeft = async (
  asking: Asking,
  { agents = [] }: InstallReceipt,
  session: InstallSession,
): Promise<void> => {
  const ours = agents.map(({ settings }) => settings?.['agent']);
  const groups = (await groupsOf(asking)).filter(({ folder }) => ours.includes(folder));
  const [meshGroups, wirings] = [await meshGroupsOf(asking), await wiringsOf(asking)];
  for (const { id, folder } of groups)
    for (const each of meshGroups.filter((mesh) => wiringFor(wirings, mesh, id) !== undefined))
      session.note(
        `left ${each.platform_id} wired to the agent group ${folder}: it was so before this install`,
      );
};

/** Takes back what a receipt says. Throws MeshError install_failed when NanoClaw does not run, or refuses. */
export const uninstall = async (
  clock: Clock,
  receipt: InstallReceipt,
  session: InstallSession,
): Promise<void> => {
  const { dir, details } = receipt;
  const parsed = DetailsSchema.safeParse(details);
  if (dir === undefined || !parsed.success) return;
  if (!existsSync(dir)) {
    session.note(`there is no ${dir} any more, and with it went all that was made there`);
    return;
  }
  try {
    for (const made of merged([...parsed.data.earlier, ...parsed.data.ways]))
      await unwireOne({ clock, dir }, made, session);
    await noteLeft({ clock, dir }, receipt, session);
  } catch (error) {
    if (error instanceof Fault) throw failed(error, REMEDY_TO_UNDO);
    throw error;
  }
};
