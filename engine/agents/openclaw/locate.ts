// The OpenClaw of this machine: its program on the caller's PATH, its configuration (only read), its gateway.
import { execFile } from 'node:child_process';
import { accessSync, constants } from 'node:fs';
import { delimiter, dirname, join } from 'node:path';
import JSON5 from 'json5';
import { z } from 'zod';
import type { Ports } from '../../ports.ts';
import type { Obstacle } from '../adapter.ts';

/** Earlier ones speak another protocol. */
const LEAST = [2026, 9] as const;
const DEFAULT_PORT = 18_789;
const COMMAND_MS = 60_000;

export type Env = Readonly<Record<string, string>>;

const text = z.string().min(1).optional().catch(undefined);
/** What we read of openclaw.json; everything else is none of our business. */
const ConfigSchema = z.looseObject({
  gateway: z
    .looseObject({
      port: z.int().min(1).max(65_535).default(DEFAULT_PORT),
      tls: z.looseObject({ enabled: z.boolean().default(false) }).optional(),
      auth: z.looseObject({ mode: text, token: text, password: text }).default({}),
    })
    .prefault({}),
  channels: z
    .looseObject({ a2a: z.looseObject({ peers: z.record(z.string(), z.unknown()).default({}) }).optional() })
    .default({}),
  plugins: z
    .looseObject({
      entries: z.record(z.string(), z.looseObject({ enabled: z.boolean().optional() })).default({}),
    })
    .prefault({}),
});
export type OpenclawConfig = z.infer<typeof ConfigSchema>;

export interface Located {
  /** Folder of OpenClaw's state: what an installation is known by. */
  readonly dir: string;
  readonly configFile: string;
  readonly program: string;
  readonly version: string;
  /** Address of the gateway, http: or https:. */
  readonly url: string;
  readonly config: OpenclawConfig;
}

const obstacle = (code: string, message: string, remedy: string): Obstacle => ({
  code,
  message,
  remedy,
  retryable: false,
});

const onPath = (env: Env): string | null => {
  for (const folder of (env['PATH'] ?? '').split(delimiter).filter((each) => each !== '')) {
    const file = join(folder, 'openclaw');
    try {
      accessSync(file, constants.X_OK);
      return file;
    } catch {
      continue;
    }
  }
  return null;
};

/** Runs OpenClaw's own program; what stands on `input` is in no list of processes. Rejects with what it said. */
export const openclaw = (program: string, args: readonly string[], env: Env, input = ''): Promise<string> =>
  new Promise((resolve, reject) => {
    const child = execFile(
      program,
      [...args],
      { env, timeout: COMMAND_MS, maxBuffer: 4 * 1024 * 1024 },
      (error, stdout, stderr) => {
        if (error === null) resolve(stdout);
        else reject(new Error((stderr.trim() || stdout.trim() || error.message).slice(-1_000)));
      },
    );
    child.stdin?.on('error', () => undefined);
    child.stdin?.end(input);
  });

/** The configuration as it stands; an obstacle when it cannot be read. */
export const readConfig = (disk: Ports['disk'], file: string): OpenclawConfig | Obstacle => {
  const remedy = 'Correct it: openclaw config validate';
  try {
    const parsed = ConfigSchema.safeParse(JSON5.parse(new TextDecoder().decode(disk.readFile(file))));
    if (parsed.success) return parsed.data;
    return obstacle('invalid_input', `${file} has gateway settings that cannot be read`, remedy);
  } catch (error) {
    return obstacle('invalid_input', `${file} cannot be read: ${String(error)}`, remedy);
  }
};

/** The secret of the gateway, read when it is needed and kept nowhere; null when it is not in the file as plain text. */
export const gatewaySecret = ({ gateway }: OpenclawConfig, env: Env): string | null => {
  const { mode, token, password } = gateway.auth;
  if (mode === 'password') return env['OPENCLAW_GATEWAY_PASSWORD'] ?? password ?? null;
  return env['OPENCLAW_GATEWAY_TOKEN'] ?? token ?? null;
};

/** Finds it. What is missing is an obstacle with its remedy. */
export const locate = async (
  disk: Ports['disk'],
  given: string | undefined,
  env: Env,
): Promise<Located | Obstacle> => {
  const program = onPath(env);
  if (program === null)
    return obstacle(
      'agent_unreachable',
      'There is no program openclaw on your PATH',
      'Install it (npm install -g openclaw), or call this where your shell finds it.',
    );
  const configFile =
    given === undefined && env['OPENCLAW_CONFIG_PATH'] !== undefined
      ? env['OPENCLAW_CONFIG_PATH']
      : join(given ?? env['OPENCLAW_STATE_DIR'] ?? join(env['HOME'] ?? '/', '.openclaw'), 'openclaw.json');
  const dir = given ?? env['OPENCLAW_STATE_DIR'] ?? dirname(configFile);
  if (!disk.exists(configFile))
    return obstacle(
      'agent_unreachable',
      `OpenClaw has no configuration at ${configFile}`,
      'Set it up: openclaw onboard, or name its folder with --dir.',
    );
  let version: string;
  try {
    version = /(\d{4}\.\d+\.\d+\S*)/.exec(await openclaw(program, ['--version'], env))?.[1] ?? '';
  } catch (error) {
    return obstacle(
      'agent_unreachable',
      `${program} does not run: ${String(error)}`,
      'Repair it: openclaw doctor',
    );
  }
  const [year = 0, month = 0] = version.split('.').map(Number);
  if (year < LEAST[0] || (year === LEAST[0] && month < LEAST[1]))
    return obstacle(
      'invalid_agent_response',
      `OpenClaw ${version === '' ? 'of an unknown version' : version} is too old; ${LEAST.join('.')} is needed`,
      'Update it: openclaw update',
    );
  const config = readConfig(disk, configFile);
  if ('remedy' in config && 'message' in config) return config as Obstacle;
  const { port, tls } = config.gateway;
  const url = `${tls?.enabled === true ? 'https' : 'http'}://127.0.0.1:${String(port)}/`;
  return { dir, configFile, program, version, url, config };
};
