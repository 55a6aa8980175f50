// Installing: doing what the plan says at the OpenClaw that was found, and taking it back.
import type { AgentEntry } from '#machines/nouns/agent';
import { MeshError } from '#machines/nouns/error';
import { z } from 'zod';
import type { Ports } from '../../ports.ts';
import type { InstallPlan, InstallReceipt, InstallSession } from '../adapter.ts';
import { addPeer, peerToken, PeerUndoSchema, peerUndoLeft, removePeer, type PeerUndo } from './a2a-peer.ts';
import { pairingCommand, toFailure } from './faults.ts';
import { AgentsSchema } from './frames.ts';
import type { Identity } from './identity.ts';
import type { Links } from './link.ts';
import { gatewaySecret, locate, openclaw, readConfig } from './locate.ts';
import { installProgram } from './install-program.ts';
import type { PlanDetails } from './plan.ts';
import { invoke } from './run.ts';

const KIND = 'openclaw';
const CONNECT_MS = 15_000;
/** The first word of a cold OpenClaw takes half a minute. */
const TEST_MS = 120_000;
const TEST_WAIT_MS = 2_000;

export interface InstallParts {
  readonly ports: Pick<Ports, 'clock' | 'net' | 'disk' | 'random' | 'log' | 'ids'>;
  readonly links: Links;
  readonly identity: Identity;
}

/** What undoes an install; without a url it was one of the program alone. */
const DetailsSchema = z.object({ url: z.string().nullable(), peer: PeerUndoSchema.nullable() });

const targetOf = (url: string, token: string | null, agent = 'main') => ({
  name: KIND,
  kind: KIND,
  entry: { kind: KIND, url, settings: { agent } },
  card: null,
  token,
  reach: { given: new URL(url).origin },
});

const failed = (error: unknown): MeshError => {
  if (error instanceof MeshError && error.code === 'install_failed') return error;
  const command = pairingCommand(error);
  if (command !== null)
    return new MeshError('install_failed', 'The gateway waits for somebody who lets this device in', {
      remedy: `On the gateway’s host, type: ${command}; then run this again.`,
    });
  return new MeshError('install_failed', toFailure(error)?.message ?? String(error), {
    remedy: 'See what is wrong: openclaw doctor; then run this again.',
  });
};

/** Pairs when our device has no token yet, and answers the ids of the gateway's agents: the proof that it works. */
const pairAndList = async (parts: InstallParts, url: string, secret: string | null): Promise<string[]> => {
  const lease = parts.links.lease(targetOf(url, secret), {
    onEvent: () => undefined,
    onLost: () => undefined,
  });
  try {
    const connection = await lease.connect(AbortSignal.timeout(CONNECT_MS));
    return AgentsSchema.parse(await connection.request('agents.list', {})).agents.map(({ id }) => id);
  } catch (error) {
    throw failed(error);
  } finally {
    lease.release();
  }
};

/** A gateway that has just taken a change of its configuration may fail a run that began meanwhile. */
const TEST_TRIES = 3;

const oneWord = async (parts: InstallParts, url: string, agent: string): Promise<string> => {
  const { clock, ids } = parts.ports;
  const signal = AbortSignal.timeout(TEST_MS);
  for (let tries = 1; ; tries += 1) {
    const key = ids.uuidv7();
    const outcome = await invoke(
      parts,
      {
        target: targetOf(url, null, agent),
        prompt: 'Answer with one word: ready',
        data: {},
        runId: key,
        key,
        deadline: clock.now() + TEST_MS,
        signal,
      },
      {
        handle: () => Promise.resolve(),
        event: () => Promise.resolve(),
        sent: () => undefined,
        approval: () => Promise.resolve({ decision: 'deny', reason: 'this is only a test', by: 'install' }),
      },
    );
    if (outcome.status === 'completed') return outcome.text ?? '';
    if (outcome.error?.retryable === true && tries < TEST_TRIES) {
      await new Promise<void>((resolve) => {
        clock.after(TEST_WAIT_MS, resolve);
      });
      continue;
    }
    throw new MeshError(
      'install_failed',
      `${agent} did not answer: ${outcome.error?.message ?? outcome.status}`,
      { remedy: 'See that its model works: openclaw doctor; then run this again.' },
    );
  }
};

/** Does what the plan says. */
export const install = async (
  parts: InstallParts,
  { steps, details }: InstallPlan,
  { env, keep, note }: InstallSession,
): Promise<InstallReceipt> => {
  const { located, previous, wantsPeer, wantsTest, isByProgram } = details as PlanDetails;
  if (isByProgram)
    return installProgram(parts.ports, { steps, located, previous, wantsTest }, { env, keep, note });
  const { url, dir, config } = located;
  const before = DetailsSchema.safeParse(previous?.details);
  let peer: PeerUndo | null = before.success ? before.data.peer : null;
  const receiptWith = (agents: readonly AgentEntry[]): InstallReceipt => ({
    kind: KIND,
    dir,
    steps: [
      ...(previous?.steps ?? []),
      ...steps.filter(({ change }) => !previous?.steps.some((each) => each.change === change)),
    ],
    agents,
    details: { url, peer },
  });
  await keep(receiptWith(previous?.agents ?? []));
  const isPaired = parts.identity.token(url) !== null;
  const ids = await pairAndList(parts, url, isPaired ? null : gatewaySecret(config, env));
  if (!isPaired) note('a device of the mesh is paired with the gateway');
  note(`the gateway has ${ids.length === 1 ? 'the agent' : 'the agents'} ${ids.join(', ')}`);
  // As it stands now: the plan may be older.
  const current = readConfig(parts.ports.disk, located.configFile);
  let token = 'channels' in current ? peerToken(current) : null;
  if (wantsPeer && token !== null) peer ??= peerUndoLeft(parts.ports.disk, located.configFile);
  if (wantsPeer && token === null) {
    const added = await addPeer(parts.ports, located, env, (undo) => {
      peer = undo;
      return keep(receiptWith(previous?.agents ?? []));
    });
    token = added.token;
    note('the peer agentmesh is in OpenClaw’s A2A channel');
  }
  const [first = 'main'] = ids;
  if (wantsTest) note(`${first} answered: ${(await oneWord(parts, url, first)).slice(0, 200)}`);
  const agents: AgentEntry[] = ids.map((id) => ({
    kind: KIND,
    name: id === 'main' ? 'openclaw' : `openclaw-${id}`,
    url,
    settings: { agent: id },
  }));
  const byA2a: AgentEntry[] =
    peer === null || token === null ? [] : [{ kind: 'a2a', name: 'openclaw-a2a', url, token }];
  return receiptWith([...agents, ...byA2a]);
};

/** Takes back what installs did there. */
export const uninstall = async (
  parts: InstallParts,
  receipt: InstallReceipt,
  session: InstallSession,
): Promise<void> => {
  const { env, note } = session;
  const { url, peer } = DetailsSchema.parse(receipt.details);
  const found = await locate(parts.ports.disk, receipt.dir, env);
  const program = 'program' in found ? found.program : null;
  if (url === null) return;
  if (peer !== null) await removePeer(parts.ports, peer, program, session);
  if (parts.identity.token(url) === null) return;
  const { id } = await parts.identity.device();
  try {
    if (program === null) throw new Error('there is no program openclaw on your PATH');
    await openclaw(program, ['devices', 'remove', id], env);
    note('our device is no longer known at the gateway');
  } catch (error) {
    note(
      `our device is still listed at the gateway (${String(error)}); its token is gone here. To remove it: openclaw devices remove ${id}`,
    );
  }
  parts.identity.dropToken(url);
  parts.links.close();
};
