// Where to look for the daemon: what the flags and the environment say, else the socket and the info file of the data folder.
import { homedir } from 'node:os';
import { resolve } from 'node:path';
import { DEFAULT_HOST, DEFAULT_PORT, FILES, socketPath } from '#api/contract/address';
import { UsageProblem } from '../render/problem.ts';

// An `import` of node:fs touches every export and thereby loads ten more modules; every command comes by here.
const { existsSync, readFileSync } = process.getBuiltinModule('node:fs');

export interface DaemonChoice {
  readonly dataDir?: string | undefined;
  readonly daemonUrl?: string | undefined;
  readonly host?: string | undefined;
  readonly port?: string | undefined;
}

type Env = Readonly<Record<string, string | undefined>>;

/** One way to the daemon. */
export type Door =
  { readonly kind: 'socket'; readonly path: string } | { readonly kind: 'tcp'; readonly url: string };

/** Absolute path of the data folder: `--data-dir`, else AGENTMESH_DATA_DIR, else ~/.agentmesh. */
export const dataDirOf = (choice: DaemonChoice, env: Env): string => {
  const given = choice.dataDir ?? (env['AGENTMESH_DATA_DIR'] || undefined);
  return given === undefined ? resolve(homedir(), '.agentmesh') : resolve(given);
};

const httpUrl = (text: string, where: string): string => {
  const url = URL.parse(text);
  if (url === null || url.protocol !== 'http:')
    throw new UsageProblem(
      `${where} is no address of a daemon: "${text}"`,
      'Give one such as http://127.0.0.1:8321.',
    );
  return url.origin;
};

const portOf = (text: string): number => {
  const port = /^\d{1,5}$/.test(text) ? Number(text) : Number.NaN;
  if (!(port >= 1 && port <= 65_535))
    throw new UsageProblem(
      `--port must be a number from 1 to 65535, not "${text}"`,
      'Give a port such as 8321.',
    );
  return port;
};

const alive = (pid: unknown): boolean => {
  if (typeof pid !== 'number' || !Number.isSafeInteger(pid) || pid < 1) return false;
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM';
  }
};

/** The URL of the info file, when the daemon that wrote it still lives: a dead one's port may be another's by now. */
const infoUrl = (dataDir: string): string | null => {
  try {
    const info = JSON.parse(readFileSync(resolve(dataDir, FILES.info), 'utf8')) as {
      url?: unknown;
      pid?: unknown;
    };
    return typeof info.url === 'string' && alive(info.pid) ? new URL(info.url).origin : null;
  } catch {
    return null;
  }
};

/**
 * The doors to try, best first. A URL, host or port that was given is the only door. A data folder that was given
 * never leads to the default port: another folder's daemon listens there.
 */
export const doorsOf = (choice: DaemonChoice, env: Env): readonly Door[] => {
  if (choice.daemonUrl !== undefined)
    return [{ kind: 'tcp', url: httpUrl(choice.daemonUrl, '--daemon-url') }];
  if (choice.host !== undefined || choice.port !== undefined) {
    const host = choice.host ?? DEFAULT_HOST;
    const port = choice.port === undefined ? DEFAULT_PORT : portOf(choice.port);
    return [
      {
        kind: 'tcp',
        url: httpUrl(`http://${host.includes(':') ? `[${host}]` : host}:${String(port)}`, '--host'),
      },
    ];
  }
  const fromEnv = env['AGENTMESH_DAEMON_URL'];
  if (choice.dataDir === undefined && fromEnv)
    return [{ kind: 'tcp', url: httpUrl(fromEnv, 'AGENTMESH_DAEMON_URL') }];
  const dataDir = dataDirOf(choice, env);
  const doors: Door[] = [];
  const socket = process.platform === 'win32' ? null : socketPath(dataDir, env['XDG_RUNTIME_DIR']);
  if (socket !== null && existsSync(socket)) doors.push({ kind: 'socket', path: socket });
  const url = infoUrl(dataDir);
  if (url !== null) doors.push({ kind: 'tcp', url });
  if (choice.dataDir === undefined && !env['AGENTMESH_DATA_DIR'])
    doors.push({ kind: 'tcp', url: `http://${DEFAULT_HOST}:${String(DEFAULT_PORT)}` });
  return doors;
};

/** The address of the console, for people; null when the daemon is known by its socket alone. */
export const addressOf = (choice: DaemonChoice, env: Env): string | null =>
  doorsOf(choice, env).find((door) => door.kind === 'tcp')?.url ?? null;

/** A door in words. */
export const doorName = (door: Door): string =>
  door.kind === 'socket' ? `the socket ${door.path}` : door.url;
