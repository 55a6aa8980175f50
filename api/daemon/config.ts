// What a daemon is told: flags over environment over config.json over defaults, checked.
import { isIPv4 } from 'node:net';
import { z } from 'zod';
import { DEFAULT_HOST, DEFAULT_PORT, FILES } from '#api/contract/address';
import { DISCOVERY_SOURCES, type DiscoverySource } from '#machines/nouns/discovery-sources';
import { MeshError } from '#machines/nouns/error-codes';
import { readConfigFile } from './config-file.ts';
import type { StartFlags } from './messages.ts';
import { bootstrapOf, dataDirOf, nonEmpty as set } from './paths.ts';
import { redisOf } from './redis-choice.ts';

export const LOG_LEVELS = ['debug', 'info', 'warn', 'error'] as const;

/** 127.0.0.0/8 and ::1 (RFC 1122 3.2.1.3, RFC 4291 2.5.3), and the name for both (RFC 6761 6.3). */
export const isLoopback = (host: string): boolean =>
  host === 'localhost' || host === '::1' || (isIPv4(host) && host.startsWith('127.'));

const port = z
  .string()
  .regex(/^\d{1,5}$/, 'takes a number from 0 to 65535 (0 = any free one)')
  .transform(Number)
  .refine((number) => number <= 65_535, 'takes a number from 0 to 65535 (0 = any free one)');

const isSource = (word: string): word is DiscoverySource => DISCOVERY_SOURCES.some((name) => name === word);

/** on, off, or the sources that shall look. */
const discovery = z.string().transform((text, context): readonly DiscoverySource[] => {
  if (text === 'on') return DISCOVERY_SOURCES;
  if (text === 'off') return [];
  const words = text.split(',').map((word) => word.trim());
  const known = words.filter(isSource);
  if (known.length === words.length) return known;
  context.addIssue(`takes on, off, or some of ${DISCOVERY_SOURCES.join(',')}`);
  return z.NEVER;
});

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
  port,
  bootstrap: z.string().min(1).nullable(),
  synchronous: z
    .string()
    .toUpperCase()
    .pipe(z.enum(['FULL', 'NORMAL'], 'takes FULL (survives a power cut) or NORMAL (survives a crash)')),
  discovery,
  announce: z.enum(['on', 'off'], 'takes on or off').transform((word) => word === 'on'),
  mdnsPort: port.refine((number) => number > 0, 'takes a number from 1 to 65535'),
  mdnsInterfaces: z
    .string()
    .transform((text) => text.split(','))
    .refine(
      (all) => all.every((each) => isIPv4(each)),
      'takes IPv4 addresses of interfaces, separated by commas',
    )
    .nullable(),
  tailscaled: z.string().min(1).nullable(),
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
  discovery: '--discovery',
  announce: '--announce',
  mdnsPort: 'AGENTMESH_MDNS_PORT',
  mdnsInterfaces: 'AGENTMESH_MDNS_INTERFACES',
  tailscaled: 'AGENTMESH_TAILSCALED',
  logLevel: '--log-level',
  redis: '--redis',
  a2aTeam: `a2a.default_team in ${FILES.config}`,
} as const satisfies Record<keyof DaemonConfig, string>;

/**
 * Reads AGENTMESH_DATA_DIR, _HOST, _PORT, _BOOTSTRAP, _SYNCHRONOUS, _DISCOVERY, _ANNOUNCE, _LOG_LEVEL and _REDIS_URL for
 * what no flag says, _MDNS_PORT, _MDNS_INTERFACES and _TAILSCALED, which have none, and config.json of the data folder for
 * what neither says.
 * @throws MeshError bad_request naming the flag, the variable or the file
 */
export const readConfig = (flags: StartFlags, env: NodeJS.ProcessEnv): DaemonConfig => {
  const dataDir = dataDirOf(flags.dataDir, env);
  const file = readConfigFile(dataDir);
  const parsed = DaemonConfigSchema.safeParse({
    dataDir,
    host: flags.host ?? set(env['AGENTMESH_HOST']) ?? DEFAULT_HOST,
    port: flags.port ?? set(env['AGENTMESH_PORT']) ?? String(DEFAULT_PORT),
    bootstrap: bootstrapOf(flags.bootstrap, env) ?? null,
    synchronous: flags.synchronous ?? set(env['AGENTMESH_SYNCHRONOUS']) ?? 'FULL',
    discovery: flags.discovery ?? set(env['AGENTMESH_DISCOVERY']) ?? file.discovery?.sources ?? 'on',
    announce:
      flags.announce ?? set(env['AGENTMESH_ANNOUNCE']) ?? (file.discovery?.announce === true ? 'on' : 'off'),
    mdnsPort: set(env['AGENTMESH_MDNS_PORT']) ?? '5353',
    mdnsInterfaces: set(env['AGENTMESH_MDNS_INTERFACES']) ?? null,
    tailscaled: set(env['AGENTMESH_TAILSCALED']) ?? null,
    logLevel: flags.logLevel ?? set(env['AGENTMESH_LOG_LEVEL']) ?? 'info',
    redis: redisOf({ url: flags.redis, flag: '--redis' }, env, file),
    a2aTeam: file.a2a?.default_team ?? null,
  });
  if (parsed.success) {
    if (parsed.data.announce && !parsed.data.discovery.includes('mdns'))
      throw new MeshError('bad_request', '--announce needs mdns among --discovery');
    if (parsed.data.announce && !isIPv4(parsed.data.host))
      throw new MeshError('bad_request', '--announce needs an IPv4 address for --host');
    return parsed.data;
  }
  const [issue] = parsed.error.issues;
  const flag = Object.entries(FLAG_OF).find(([key]) => key === issue?.path[0])?.[1] ?? 'the configuration';
  throw new MeshError('bad_request', `${flag} ${issue?.message ?? 'is not understood'}`);
};
