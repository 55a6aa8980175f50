// The secrets of an agent, apart from the rest of its entry: they stand in columns of their own and leave in a Target only.
import type { AgentEntry } from '#machines/nouns/agent';
import type { Credential } from './adapter.ts';

/** What an entry says without its secrets, and the secrets; null where it gives none of that sort. */
export interface Parted {
  readonly entry: AgentEntry;
  readonly token: string | null;
  readonly credential: Credential | null;
}

/** Parts an entry. Whatever is shown, recorded or compared is `entry`. */
export const partSecrets = (given: AgentEntry): Parted => {
  const { token = null, api_key: key, headers, ...entry } = given;
  const apiKey =
    key === undefined
      ? null
      : typeof key === 'string'
        ? { value: key, header: null }
        : { value: key.value, header: key.header };
  const credential = key === undefined && headers === undefined ? null : { apiKey, headers: headers ?? {} };
  return { entry, token, credential };
};
