// What an agent’s row becomes when a source names it and when a probe was answered; pure.
import type { AgentEntry, Provenance } from '#machines/nouns/agent';
import { LIMITS } from '#machines/nouns/limits';
import { firstPresence, nextPresence } from '#machines/presence/presence';
import type { Probe } from './adapter.ts';
import type { AgentRow } from './agent-rows.ts';
import { partSecrets } from './credentials.ts';
import { cleanText, mergeSkills } from './naming.ts';
import { firstTrust, namedTrust, probedTrust } from './trust.ts';

/** The adapter that an entry asks for. */
export const kindOf = (entry: AgentEntry): string =>
  entry.kind ?? (entry.url === undefined ? 'command' : 'a2a');

/** The origin that secrets of an entry belong to; null when there are none. */
const originOf = (secrets: readonly unknown[], entry: AgentEntry): string | null =>
  secrets.every((each) => each === null) || entry.url === undefined ? null : new URL(entry.url).origin;

/** The row of an agent that was never heard of before. */
export const newRow = (
  name: string,
  given: AgentEntry,
  source: Provenance['source'],
  now: number,
): AgentRow => {
  const { entry, token, credential } = partSecrets(given);
  return {
    name,
    kind: kindOf(entry),
    entry,
    token,
    credential,
    tokenOrigin: originOf([token, credential], entry),
    description: cleanText(entry.description ?? ''),
    version: null,
    protocol: null,
    skills: mergeSkills(entry, []),
    presence: firstPresence(),
    latencyMs: null,
    problem: null,
    card: null,
    firstSeen: now,
    lastSeen: null,
    ...firstTrust(source),
  };
};

/**
 * The row of a known agent after a source named it (again). What a source leaves out, a credential too, is taken away
 * when it is the only one that names the agent, and stays when `hasOthers`.
 */
export const namedRow = (
  known: AgentRow,
  given: AgentEntry,
  source: Provenance['source'],
  hasOthers: boolean,
): AgentRow => {
  const { entry: said, ...secrets } = partSecrets(given);
  const entry = hasOthers ? { ...known.entry, ...said } : said;
  // Secrets come and go together: a new key must not leave an old token behind.
  const keepsOld = hasOthers && secrets.token === null && secrets.credential === null;
  const { token, credential } = keepsOld ? known : secrets;
  return {
    ...known,
    kind: kindOf(entry),
    entry,
    token,
    credential,
    tokenOrigin: originOf([token, credential], entry),
    description: cleanText(entry.description ?? known.description),
    skills: mergeSkills(entry, known.skills),
    ...namedTrust(known, source),
  };
};

/**
 * The row of an agent that people have named and name no more, and that is still found: what they gave it is gone, their
 * trust and its credential too.
 */
export const unnamedRow = (known: AgentRow, source: Provenance['source']): AgentRow => {
  const { url, command, dir, kind, name } = known.entry;
  return {
    ...known,
    entry: {
      ...(url === undefined ? {} : { url }),
      ...(command === undefined ? {} : { command }),
      ...(dir === undefined ? {} : { dir }),
      ...(kind === undefined ? {} : { kind }),
      ...(name === undefined ? {} : { name }),
    },
    token: null,
    credential: null,
    tokenOrigin: null,
    ...firstTrust(source),
  };
};

/** The row of an agent after a probe. */
export const probedRow = (known: AgentRow, probe: Probe, now: number): AgentRow => {
  const presence = nextPresence(known.presence, { type: probe.ok ? 'probe_ok' : 'probe_failed' });
  const problem = probe.problem === null ? null : cleanText(probe.problem.message);
  if (!probe.ok) return { ...known, presence, problem };
  return {
    ...known,
    presence,
    problem,
    latencyMs: probe.latencyMs,
    lastSeen: now,
    description: cleanText(known.entry.description ?? probe.description),
    version: probe.version === null ? null : cleanText(probe.version, LIMITS.nameChars),
    protocol: probe.protocol === null ? null : cleanText(probe.protocol, LIMITS.nameChars),
    skills: mergeSkills(known.entry, probe.skills),
    card: probe.card,
    ...probedTrust(known, probe),
  };
};
