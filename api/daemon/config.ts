// What a daemon is told: flags over environment over defaults, checked.
import { isIPv4 } from 'node:net';
import { z } from 'zod';
import { DEFAULT_HOST, DEFAULT_PORT } from '#api/contract/address';
import { MeshError } from '#machines/nouns/error-codes';
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
});
export type DaemonConfig = Readonly<z.infer<typeof DaemonConfigSchema>>;

const FLAG_OF = {
  dataDir: '--data-dir',
  host: '--host',
  port: '--port',
  bootstrap: '--bootstrap',
  synchronous: '--synchronous',
  logLevel: '--log-level',
} as const satisfies Record<keyof DaemonConfig, string>;

/**
 * Reads AGENTMESH_DATA_DIR, _HOST, _PORT, _BOOTSTRAP, _SYNCHRONOUS and _LOG_LEVEL for what no flag says.
 * @throws MeshError bad_request naming the flag
 */
export const readConfig = (flags: StartFlags, env: NodeJS.ProcessEnv): DaemonConfig => {
  const parsed = DaemonConfigSchema.safeParse({
    dataDir: dataDirOf(flags.dataDir, env),
    host: flags.host ?? set(env['AGENTMESH_HOST']) ?? DEFAULT_HOST,
    port: flags.port ?? set(env['AGENTMESH_PORT']) ?? String(DEFAULT_PORT),
    bootstrap: bootstrapOf(flags.bootstrap, env) ?? null,
    synchronous: flags.synchronous ?? set(env['AGENTMESH_SYNCHRONOUS']) ?? 'FULL',
    logLevel: flags.logLevel ?? set(env['AGENTMESH_LOG_LEVEL']) ?? 'info',
  });
  if (parsed.success) return parsed.data;
  const [issue] = parsed.error.issues;
  const flag = Object.entries(FLAG_OF).find(([key]) => key === issue?.path[0])?.[1] ?? 'the configuration';
  throw new MeshError('bad_request', `${flag} ${issue?.message ?? 'is not understood'}`);
};
