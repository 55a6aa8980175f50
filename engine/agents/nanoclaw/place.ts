// Where a NanoClaw installation keeps what we touch, and which of its agent groups an entry means.
import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { AgentEntry } from '#machines/nouns/agent';
import { Fault, systemCode } from './fault.ts';

/** The channel by which the mesh reaches an agent group: no channel adapter has this name, so nothing is sent on. */
export const CHANNEL = 'agentmesh';
/** What an agent calls the mesh when it addresses a message to it. */
export const LOCAL_NAME = 'agentmesh';
/** Who asks, as NanoClaw’s agents see it. An identity of its own: it holds no role there. */
export const SENDER = { sender: 'AgentMesh', senderId: 'agentmesh:mesh' } as const;
/** Nothing of NanoClaw’s that we read whole is larger. */
const PACKAGE_BYTES = 1024 * 1024;

/**
 * Where messages for an agent group go: its own addresses, because a message reaches all groups that share one. Hosts
 * that keep no threads for us have several, a conversation each.
 */
export const platformOf = (folder: string, lane = 1): string =>
  lane === 1 ? `mesh:${folder}` : `mesh:${folder}:${String(lane)}`;

/** The most conversations that an agent group may have with the mesh at once. */
export const LANES_MAX = 16;

export const nclSocket = (dir: string): string => join(dir, 'data', 'ncl.sock');
export const cliSocket = (dir: string): string => join(dir, 'data', 'cli.sock');

/** Ids come from the host and become parts of paths: nothing that leads elsewhere. */
const SAFE_ID = /^[A-Za-z0-9_][\w.:-]{0,199}$/;

/** The folder of one session. Throws Fault when an id is no id. */
export const sessionFolder = (dir: string, group: string, session: string): string => {
  if (!SAFE_ID.test(group) || !SAFE_ID.test(session))
    throw new Fault('invalid_agent_response', 'NanoClaw named a session by something that is no id');
  return join(dir, 'data', 'v2-sessions', group, session);
};

/** How NanoClaw tells its installations on one host apart: in service names and container labels. */
export const installSlug = (dir: string): string => createHash('sha1').update(dir).digest('hex').slice(0, 8);

/** The version of the installation in a folder. Throws Fault when there is none. */
export const versionOf = (dir: string): string => {
  let text: string;
  try {
    const bytes = readFileSync(join(dir, 'package.json'));
    if (bytes.length > PACKAGE_BYTES) throw new Error('package.json is too large');
    text = bytes.toString();
  } catch (error) {
    throw systemCode(error) === 'EACCES'
      ? new Fault('agent_unreachable', `The folder ${dir} may not be read by this user`, { cause: error })
      : new Fault('agent_unreachable', `There is no NanoClaw in ${dir}`, { cause: error });
  }
  try {
    const { name, version } = JSON.parse(text) as { name?: unknown; version?: unknown };
    if (name === 'nanoclaw' && typeof version === 'string') return version.slice(0, 40);
  } catch {
    // Not JSON: not NanoClaw either.
  }
  throw new Fault(
    'agent_unreachable',
    `There is no NanoClaw in ${dir}: its package.json is of something else`,
  );
};

/** The folder of an entry. Throws Fault when it has none. */
export const dirOf = ({ dir }: AgentEntry): string => {
  if (dir === undefined)
    throw new Fault('invalid_input', 'A NanoClaw agent needs the folder of its installation (dir)');
  return dir;
};

/** The agent group that an entry asks for, by folder, id or name; null when it leaves that open. */
export const wantedGroup = ({ settings }: AgentEntry): string | null => {
  const wanted = settings?.['agent'] ?? settings?.['group'];
  return wanted === undefined ? null : String(wanted);
};
