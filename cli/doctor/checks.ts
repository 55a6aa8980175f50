// The checks of `agentmesh doctor`: each says what it looked at, what it found, and what to do about it.
import { accessSync, constants, readFileSync, statfsSync, statSync } from 'node:fs';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { DEFAULT_HOST, DEFAULT_PORT, FILES } from '#api/contract/address';
import type { Client } from '#api/contract/client';
import type { Agent } from '#machines/nouns/agent';
import { ERRORS, MeshError } from '#machines/nouns/error-codes';
import { withPlaces } from '../connection/connect.ts';
import { doorName, doorsOf, type DaemonChoice } from '../connection/locate.ts';

export interface Finding {
  readonly check: string;
  /** skipped: it could not be looked at, because something that it needs is not there. */
  readonly result: 'ok' | 'warning' | 'failed' | 'skipped';
  readonly found: string;
  /** What to do; empty when there is nothing to do. */
  readonly remedy: string;
}

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

const ok = (check: string, found: string): Finding => ({ check, result: 'ok', found, remedy: '' });
const bad = (
  check: string,
  found: string,
  remedy: string,
  result: 'failed' | 'warning' = 'failed',
): Finding => ({
  check,
  result,
  found,
  remedy,
});
const skipped = (check: string): Finding => ({
  check,
  result: 'skipped',
  found: 'no daemon to ask',
  remedy: '',
});

const failedBy = (check: string, error: unknown): Finding =>
  error instanceof MeshError
    ? bad(check, `${error.detail} (${error.code})`, ERRORS[error.code].remedy)
    : bad(check, error instanceof Error ? error.message : String(error), ERRORS.internal.remedy);

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

const dataFolder = (folder: string): Finding => {
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
    return bad(
      'data folder',
      `${folder} cannot be written`,
      `Give yourself the right to it: chmod u+rwx ${folder}`,
    );
  }
  if (process.platform !== 'win32' && (stat.mode & 0o077) !== 0)
    return bad(
      'data folder',
      `${folder} is open to other users (${(stat.mode & 0o777).toString(8)})`,
      `Close it: chmod 700 ${folder}`,
      'warning',
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

const daemon = async ({ client, choice, env }: Patient): Promise<Finding> => {
  try {
    const health = await client.call('healthz');
    const where = doorsOf(choice, env).map(doorName)[0] ?? '';
    const found = `${health.version} answers at ${where}`;
    return health.status === 'ok'
      ? ok('daemon', found)
      : bad(
          'daemon',
          `${found}: ${[health.status, ...health.problems].join('; ')}`,
          ERRORS.storage_failed.remedy,
        );
  } catch (error) {
    return failedBy('daemon', withPlaces(error, choice, env));
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

const isAlarm = (agent: Agent): boolean => agent.trust === 'changed' || agent.card_signature === 'invalid';

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
    const away = all.filter(
      (agent) => !isAlarm(agent) && (agent.presence === 'lost' || agent.problem !== null),
    );
    if (away.length === 0) return ok('agents', `${all.length} known, none lost`);
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

const bootstrap = (folder: string): Finding | null => {
  const path = join(folder, FILES.bootstrap);
  if (statSync(path, { throwIfNoEntry: false }) === undefined) return null;
  try {
    const parsed = JSON.parse(readFileSync(path, 'utf8')) as { agents?: unknown } | null;
    if (Array.isArray(parsed?.agents)) return ok('bootstrap', `${parsed.agents.length} agents in ${path}`);
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
export async function* examine(patient: Patient): AsyncGenerator<Finding, void, undefined> {
  const { client, folder, choice } = patient;
  yield node();
  yield dataFolder(folder);
  yield disk(folder);
  const listed = bootstrap(folder);
  if (listed !== null) yield listed;
  const lives = await daemon(patient);
  yield lives;
  if (lives.result === 'failed') {
    if (choice.daemonUrl === undefined) yield await port(choice);
    for (const check of ['database', 'agents', 'trust', 'templates']) yield skipped(check);
    return;
  }
  yield await database(client);
  yield await agents(client);
  yield await trust(client);
  yield await templates(client);
}
