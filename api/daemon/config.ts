// What a daemon is told: flags over environment over config.json over defaults, checked.
import { isIPv4 } from 'node:net';
import { z } from 'zod';
import { DEFAULT_HOST, DEFAULT_PORT, FILES } from '#api/contract/address';
import { MeshError } from '#machines/nouns/error-codes';
import { readConfigFile } from './config-file.ts';
import type { StartFlags } from './messages.ts';
import { bootstrapOf, dataDirOf, nonEmpty as set } from './paths.ts';

export const LOG_LEVELS = ['debug', 'info', 'warn', 'error'] as const;

/** 127.0.0.0/8 and ::1 (RFC 1122 3.2.1.3, RFC 4291 2.5.3), and the name for both (RFC 6761 6.3). */
export const isLoopback = (host: string): boolean =>
  host === 'localhost' || host === '::1' || (isIPv4(host) && host.startsWith('127.'));

const DaemonConfigSchema = z.object({
  dataDir: z.string().min(1),
  host: z
    .string()
    .refine(
      isLoopback,
      'takes a loopback address only (127.0.0.0/8, ::1, localhost): whoever reaches this port can run agents, and it asks for no credential',
    )
    // One family, so that the address printed is the one that answers.
    .transform((host) => (host === 'localhost' ? DEFAULT_HOST : host)),
  port: z
    .string()
    .regex(/^\d{1,5}$/, 'takes a number from 0 to 65535 (0 = any free one)')
    .transform(Number)
    .refine((port) => port <= 65_535, 'takes a number from 0 to 65535 (0 = any free one)'),
  bootstrap: z.string().min(1).nullable(),
  synchronous: z
    .string()
    .toUpperCase()
    .pipe(z.enum(['FULL', 'NORMAL'], 'takes FULL (survives a power cut) or NORMAL (survives a crash)')),
  logLevel: z.enum(LOG_LEVELS, `takes one of ${LOG_LEVELS.join(', ')}`),
  redis: z.object({ url: z.string(), from: z.string() }).nullable(),
  a2aTeam: z.string().min(1).nullable(),
});
export type DaemonConfig = Readonly<z.infer<typeof DaemonConfigSchema>>;

const FLAG_OF = {
  dataDir: '--data-dir',
  host: '--host',
  port: '--port',
  bootstrap: '--bootstrap',
  synchronous: '--synchronous',
  logLevel: '--log-level',
  redis: '--redis',
  a2aTeam: `a2a.default_team in ${FILES.config}`,
} as const satisfies Record<keyof DaemonConfig, string>;

/** A password among the arguments of a program can be read by every user of the machine. */
const withoutPassword = (flag: string): string => {
  if (URL.canParse(flag) && new URL(flag).password !== '')
    throw new MeshError(
      'bad_request',
      `--redis takes no password: others see what a program is started with. Give the URL in AGENTMESH_REDIS_URL, or as queue.redis in ${FILES.config} of the data folder`,
    );
  return flag;
};

/** Which Redis, and who says so; the engine reads the URL. */
const redisOf = (flags: StartFlags, env: NodeJS.ProcessEnv, dataDir: string): DaemonConfig['redis'] => {
  if (flags.redis !== undefined) return { url: withoutPassword(flags.redis), from: '--redis' };
  const variable = set(env['AGENTMESH_REDIS_URL']);
  if (variable !== undefined) return { url: variable, from: 'AGENTMESH_REDIS_URL' };
  const url = readConfigFile(dataDir).queue?.redis;
  return url === undefined ? null : { url, from: `queue.redis in ${FILES.config}` };
};

/**
 * Reads AGENTMESH_DATA_DIR, _HOST, _PORT, _BOOTSTRAP, _SYNCHRONOUS, _LOG_LEVEL and _REDIS_URL for what no flag says,
 * and config.json of the data folder for what neither says.
 * @throws MeshError bad_request naming the flag, or the file
 */
export const readConfig = (flags: StartFlags, env: NodeJS.ProcessEnv): DaemonConfig => {
  const dataDir = dataDirOf(flags.dataDir, env);
  const parsed = DaemonConfigSchema.safeParse({
    dataDir,
    host: flags.host ?? set(env['AGENTMESH_HOST']) ?? DEFAULT_HOST,
    port: flags.port ?? set(env['AGENTMESH_PORT']) ?? String(DEFAULT_PORT),
    bootstrap: bootstrapOf(flags.bootstrap, env) ?? null,
    synchronous: flags.synchronous ?? set(env['AGENTMESH_SYNCHRONOUS']) ?? 'FULL',
    logLevel: flags.logLevel ?? set(env['AGENTMESH_LOG_LEVEL']) ?? 'info',
    redis: redisOf(flags, env, dataDir),
    a2aTeam: readConfigFile(dataDir).a2a?.default_team ?? null,
  });
  if (parsed.success) return parsed.data;
  const [issue] = parsed.error.issues;
  const flag = Object.entries(FLAG_OF).find(([key]) => key === issue?.path[0])?.[1] ?? 'the configuration';
  throw new MeshError('bad_request', `${flag} ${issue?.message ?? 'is not understood'}`);
};
