// The mesh as a peer of OpenClaw's own A2A channel: one checked change of its configuration, and the way back to each byte.
import { createHash } from 'node:crypto';
import { chmodSync } from 'node:fs';
import { MeshError } from '#machines/nouns/error';
import { z } from 'zod';
import type { Ports } from '../../ports.ts';
import type { InstallSession, Obstacle } from '../adapter.ts';
import { openclaw, readConfig, type Env, type Located, type OpenclawConfig } from './locate.ts';

const PEER = 'agentmesh';
const TOKEN_BYTES = 32;

/** What undoes the change. The bytes of before hold OpenClaw's secrets: they stay in its own folder. */
export const PeerUndoSchema = z.object({
  configFile: z.string(),
  /** The copy of what was there before, beside it. */
  copy: z.string(),
  mode: z.int(),
  before: z.string().describe('SHA-256'),
  /** Null while the change was not made, as far as we know. */
  after: z.string().nullable(),
});
export type PeerUndo = z.infer<typeof PeerUndoSchema>;

const sha256 = (bytes: Uint8Array): string => createHash('sha256').update(bytes).digest('hex');

/** The token of our peer, when it is there. */
export const peerToken = (config: OpenclawConfig): string | null => {
  const peer = config.channels.a2a?.peers[PEER] as { readonly token?: unknown } | undefined;
  return typeof peer?.token === 'string' ? peer.token : null;
};

/** Other plugins that call themselves a2a would be configured by our change instead of OpenClaw's own channel. */
export const peerClash = ({ plugins }: OpenclawConfig): Obstacle | null => {
  const other = Object.entries(plugins.entries).find(
    ([id, { enabled }]) => id !== 'a2a' && /a2a/i.test(id) && enabled !== false,
  );
  if (other === undefined) return null;
  return {
    code: 'install_blocked',
    message: `The plugin ${other[0]} also speaks A2A in this OpenClaw`,
    remedy: `Leave --a2a away, or switch it off: openclaw plugins disable ${other[0]}`,
    retryable: false,
  };
};

const patch = async (program: string, env: Env, change: object): Promise<void> => {
  const input = JSON.stringify(change);
  await openclaw(program, ['config', 'patch', '--stdin', '--dry-run'], env, input);
  await openclaw(program, ['config', 'patch', '--stdin'], env, input);
};

/** Adds the peer. No address of ours is given, so OpenClaw never calls out. Answers the peer's token and what undoes it. */
export const addPeer = async (
  { disk, random }: Pick<Ports, 'disk' | 'random'>,
  { configFile, program }: Located,
  env: Env,
  keep: (undo: PeerUndo) => Promise<void>,
): Promise<{ readonly token: string; readonly undo: PeerUndo }> => {
  const bytes = disk.readFile(configFile);
  const begun: PeerUndo = {
    configFile,
    copy: `${configFile}.before-agentmesh`,
    mode: disk.mode(configFile),
    before: sha256(bytes),
    after: null,
  };
  await keep(begun);
  disk.writeAtomic(begun.copy, bytes);
  const token = Buffer.from(random.bytes(TOKEN_BYTES)).toString('base64url');
  try {
    await patch(program, env, { channels: { a2a: { enabled: true, peers: { [PEER]: { token } } } } });
  } catch (error) {
    throw new MeshError('install_failed', `OpenClaw refused the change: ${String(error)}`, {
      remedy: 'Check it: openclaw config validate; then run this again.',
    });
  }
  const undo: PeerUndo = { ...begun, after: sha256(disk.readFile(configFile)) };
  await keep(undo);
  return { token, undo };
};

/** What undoes a change that was made and whose receipt is not at hand; null when there is no copy of before. */
export const peerUndoLeft = (disk: Ports['disk'], configFile: string): PeerUndo | null => {
  const copy = `${configFile}.before-agentmesh`;
  if (!disk.exists(copy)) return null;
  return {
    configFile,
    copy,
    mode: disk.mode(configFile),
    before: sha256(disk.readFile(copy)),
    after: sha256(disk.readFile(configFile)),
  };
};

/** Takes the peer out: byte for byte when nobody changed the file since, else our own entry alone. */
export const removePeer = async (
  { disk }: Pick<Ports, 'disk'>,
  undo: PeerUndo,
  program: string | null,
  { env, note }: InstallSession,
): Promise<void> => {
  const { configFile, copy, before, after, mode } = undo;
  const now = disk.exists(configFile) ? sha256(disk.readFile(configFile)) : null;
  const saved = disk.exists(copy) ? disk.readFile(copy) : null;
  if (now === before) note(`${configFile} is as it was before`);
  else if (now !== null && now === after && saved !== null && sha256(saved) === before) {
    disk.writeAtomic(configFile, saved);
    chmodSync(configFile, mode);
    note(`${configFile} is byte for byte what it was before`);
  } else if (now !== null) {
    const config = readConfig(disk, configFile);
    const peers = 'channels' in config ? Object.keys(config.channels.a2a?.peers ?? {}) : [];
    if (peers.includes(PEER)) {
      if (program === null)
        throw new MeshError('install_failed', 'There is no program openclaw on your PATH', {
          remedy: `Take it out by hand: openclaw config unset channels.a2a.peers.${PEER}`,
        });
      await patch(program, env, {
        channels: { a2a: { ...(peers.length === 1 ? { enabled: false } : {}), peers: { [PEER]: null } } },
      });
      note(`${configFile} was changed since: only the peer ${PEER} was taken out of it`);
    }
  }
  disk.remove(copy);
};
