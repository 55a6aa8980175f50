// The checks of `agentmesh doctor`: each says what it looked at, what it found, and what to do about it.
import { accessSync, chmodSync, constants, readFileSync, statfsSync, statSync } from 'node:fs';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { DEFAULT_HOST, DEFAULT_PORT, FILES } from '#api/contract/address';
import type { Client } from '#api/contract/client';
import type { RouteAnswer } from '#api/contract/shapes';
import type { Agent } from '#machines/nouns/agent';
import { DISCOVERY_SOURCES } from '#machines/nouns/discovery-sources';
import { ERRORS } from '#machines/nouns/error-codes';
import { withPlaces } from '../connection/connect.ts';
import { doorName, doorsOf, type DaemonChoice } from '../connection/locate.ts';
import { bad, failedBy, mendable, ok, skipped, type Finding, type Mendable } from './finding.ts';
import { examineSources } from './sources.ts';

export interface Patient {
  readonly client: Client;
  readonly choice: DaemonChoice;
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly folder: string;
}

const NEEDED_NODE = [24, 15] as const;
/** Less than this and a busy day of events may fill the disk; less than the second is too little to start. */
const FREE_LOW_BYTES = 1_024 ** 3;
const FREE_LEAST_BYTES = 64 * 1_024 ** 2;

const node = (): Finding => {
  const [major = 0, minor = 0] = process.versions.node.split('.').map(Number);
  const recent = major > NEEDED_NODE[0] || (major === NEEDED_NODE[0] && minor >= NEEDED_NODE[1]);
  return recent
    ? ok('node', `Node ${process.versions.node}`)
    : bad(
        'node',
        `Node ${process.versions.node}`,
        `Install Node ${NEEDED_NODE.join('.')} or newer, or run npm ci, which brings it.`,
      );
};

const dataFolder = (folder: string): Mendable => {
  const stat = statSync(folder, { throwIfNoEntry: false });
  if (stat === undefined) return ok('data folder', `${folder} is made at the first start`);
  if (!stat.isDirectory())
    return bad(
      'data folder',
      `${folder} is not a folder`,
      'Move the file away, or choose another with --data-dir.',
    );
  try {
    accessSync(folder, constants.R_OK | constants.W_OK | constants.X_OK);
  } catch {
    const finding = bad(
      'data folder',
      `${folder} cannot be written`,
      `Give yourself the right to it: chmod u+rwx ${folder}`,
    );
    return stat.uid === process.getuid?.()
      ? mendable(finding, () => {
          chmodSync(folder, stat.mode | 0o700);
        })
      : finding;
  }
  if (process.platform !== 'win32' && (stat.mode & 0o077) !== 0)
    return mendable(
      bad(
        'data folder',
        `${folder} is open to other users (${(stat.mode & 0o777).toString(8)})`,
        `Close it: chmod 700 ${folder}`,
        'warning',
      ),
      () => {
        chmodSync(folder, 0o700);
      },
    );
  return ok('data folder', folder);
};

const disk = (folder: string): Finding => {
  let place = folder;
  while (statSync(place, { throwIfNoEntry: false }) === undefined && join(place, '..') !== place)
    place = join(place, '..');
  const { bavail, bsize } = statfsSync(place);
  const free = bavail * bsize;
  const words = `${(free / 1_024 ** 3).toFixed(1)} GiB free`;
  if (free < FREE_LEAST_BYTES)
    return bad('disk', words, 'Free some space; the daemon stops writing when the disk is full.');
  return free < FREE_LOW_BYTES ? bad('disk', words, 'Free some space soon.', 'warning') : ok('disk', words);
};

/** Whether our own port is free; only asked when no daemon answers. */
const port = async (choice: DaemonChoice): Promise<Finding> => {
  const number = choice.port === undefined ? DEFAULT_PORT : Number(choice.port);
  const host = choice.host ?? DEFAULT_HOST;
  const taken = await new Promise<string | null>((resolve) => {
    const server = createServer();
    server.once('error', (error: NodeJS.ErrnoException) => resolve(error.code ?? error.message));
    server.listen({ host, port: number }, () => server.close(() => resolve(null)));
  });
  if (taken === null) return ok('port', `${host}:${number} is free`);
  return bad('port', `${host}:${number} is taken (${taken})`, ERRORS.port_in_use.remedy);
};

/** The daemon's own word on itself; null when it does not answer. */
interface DaemonFinding {
  readonly finding: Finding;
  readonly health: RouteAnswer<'healthz'> | null;
}

const daemon = async ({ client, choice, env }: Patient): Promise<DaemonFinding> => {
  try {
    const health = await client.call('healthz');
    const where = doorsOf(choice, env).map(doorName)[0] ?? '';
    const found = `${health.version} answers at ${where}`;
    const finding =
      health.status === 'ok'
        ? ok('daemon', found)
        : bad(
            'daemon',
            `${found}: ${[health.status, ...health.problems].join('; ')}`,
            ERRORS.storage_failed.remedy,
          );
    return { finding, health };
  } catch (error) {
    return { finding: failedBy('daemon', withPlaces(error, choice, env)), health: null };
  }
};

const database = async (client: Client): Promise<Finding> => {
  try {
    const report = await client.call('verify');
    const found = `${report.table_events} events, lost = ${report.lost.length}`;
    if (!report.ok) return bad('database', found, ERRORS.log_mismatch.remedy);
    return report.rejected.length === 0
      ? ok('database', found)
      : bad(
          'database',
          `${found}; ${report.rejected.length} lines of events.jsonl are no events`,
          'They are set aside in events.rejected.jsonl; agentmesh verify names them.',
          'warning',
        );
  } catch (error) {
    return failedBy('database', error);
  }
};

const isAlarm = ({ trust: known, card_signature: signature }: Agent): boolean =>
  known === 'changed' || (known !== 'seen' && signature === 'invalid');

/** Whether everybody still is who they were when they were trusted. */
const trust = async (client: Client): Promise<Finding> => {
  try {
    const all = await client.call('agents.list');
    const alarms = all.filter(isAlarm);
    const waiting = all.filter((agent) => agent.trust === 'seen').map((agent) => agent.name);
    if (alarms.length > 0) {
      const words = alarms.map((agent) => agent.problem ?? agent.name).join('; ');
      return bad('trust', words, ERRORS.agent_changed.remedy);
    }
    return waiting.length === 0
      ? ok('trust', 'every agent is who it was')
      : ok('trust', `found, not trusted, and given no work: ${waiting.join(', ')}`);
  } catch (error) {
    return failedBy('trust', error);
  }
};

const agents = async (client: Client): Promise<Finding> => {
  try {
    const all = await client.call('agents.list');
    if (all.length === 0)
      return bad('agents', 'no agent is known', ERRORS.nothing_discovered.remedy, 'warning');
    // What only a machine has named is nobody's loss, and who is not who it was has a check of its own.
    const ours = all.filter((agent) => agent.trust !== 'seen');
    const away = ours.filter(
      (agent) => !isAlarm(agent) && (agent.presence === 'lost' || agent.problem !== null),
    );
    if (away.length === 0) return ok('agents', `${ours.length} known, none lost`);
    const words = away.map((agent) => `${agent.name}: ${agent.problem ?? 'lost'}`).join('; ');
    return bad('agents', words, ERRORS.agent_unreachable.remedy);
  } catch (error) {
    return failedBy('agents', error);
  }
};

const templates = async (client: Client): Promise<Finding> => {
  try {
    const all = await client.call('templates.list');
    const broken = all.filter((template) => template.problems > 0);
    if (broken.length === 0) return ok('templates', `${all.length} teams`);
    const names = broken.map((template) => template.name).join(', ');
    return bad(
      'templates',
      `with problems: ${names}`,
      `See them: agentmesh team check ${broken[0]?.name ?? ''}`,
    );
  } catch (error) {
    return failedBy('templates', error);
  }
};

/** Whether a bootstrap file holds what others must not read. */
const holdsSecrets = (agents: readonly unknown[]): boolean =>
  agents.some(
    (agent) =>
      typeof agent === 'object' &&
      agent !== null &&
      ['token', 'api_key', 'headers', 'env'].some((key) => key in agent),
  );

const bootstrap = (folder: string): Mendable | null => {
  const path = join(folder, FILES.bootstrap);
  const stat = statSync(path, { throwIfNoEntry: false });
  if (stat === undefined) return null;
  try {
    const parsed = JSON.parse(readFileSync(path, 'utf8')) as { agents?: unknown } | null;
    const agents: unknown = parsed?.agents;
    if (Array.isArray(agents)) {
      if (process.platform !== 'win32' && (stat.mode & 0o077) !== 0 && holdsSecrets(agents))
        return mendable(
          bad(
            'bootstrap',
            `${path} holds credentials and other users can read it (${(stat.mode & 0o777).toString(8)})`,
            `Close it: chmod 600 ${path}`,
            'warning',
          ),
          () => {
            chmodSync(path, 0o600);
          },
        );
      return ok('bootstrap', `${agents.length} agents in ${path}`);
    }
    return bad(
      'bootstrap',
      `${path} has no list "agents"`,
      'Write {"agents":[{"name":"…","url":"http://…"}]}.',
    );
  } catch (error) {
    return bad(
      'bootstrap',
      `${path}: ${error instanceof Error ? error.message : String(error)}`,
      'Correct the JSON of the file.',
    );
  }
};

/** All checks, in the order in which one should read them. */
export async function* examine(patient: Patient): AsyncGenerator<Mendable, void, undefined> {
  const { client, folder, choice, env } = patient;
  yield node();
  yield dataFolder(folder);
  yield disk(folder);
  const listed = bootstrap(folder);
  if (listed !== null) yield listed;
  const { finding, health } = await daemon(patient);
  yield finding;
  if (health === null) {
    if (choice.daemonUrl === undefined) yield await port(choice);
    for (const check of ['database', 'agents', 'trust', 'templates', ...DISCOVERY_SOURCES])
      yield skipped(check);
    return;
  }
  yield await database(client);
  yield await agents(client);
  yield await trust(client);
  yield await templates(client);
  yield* examineSources(client, env, health.discovery);
}
