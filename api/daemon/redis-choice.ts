// Which Redis carries the jobs, for the daemon and for its workers: flag over AGENTMESH_REDIS_URL over config.json.
import { FILES } from '#api/contract/address';
import { MeshError } from '#machines/nouns/error-codes';
import type { ConfigFile } from './config-file.ts';
import { nonEmpty } from './paths.ts';

export interface RedisChoice {
  readonly url: string;
  /** The flag, variable or key that gave it, for errors. */
  readonly from: string;
}

/** A password among the arguments of a program can be read by every user of the machine. */
const withoutPassword = (url: string, flag: string): string => {
  if (URL.canParse(url) && new URL(url).password !== '')
    throw new MeshError(
      'bad_request',
      `${flag} takes no password: others see what a program is started with. Give the URL in AGENTMESH_REDIS_URL, or as queue.redis in ${FILES.config} of the data folder`,
    );
  return url;
};

/**
 * The choice, null when nobody makes one; the engine reads the URL.
 * @throws MeshError bad_request for a password in a flag
 */
export const redisOf = (
  given: { readonly url: string | undefined; readonly flag: string },
  env: NodeJS.ProcessEnv,
  file: ConfigFile,
): RedisChoice | null => {
  if (given.url !== undefined) return { url: withoutPassword(given.url, given.flag), from: given.flag };
  const variable = nonEmpty(env['AGENTMESH_REDIS_URL']);
  if (variable !== undefined) return { url: variable, from: 'AGENTMESH_REDIS_URL' };
  const url = file.queue?.redis;
  return url === undefined ? null : { url, from: `queue.redis in ${FILES.config}` };
};
