// Whether an agent may be called: who named it, and whether it still is who it was when it was trusted; pure.
import { createHash } from 'node:crypto';
import type { CardSignature, Provenance, Trust, TrustChange } from '#machines/nouns/agent';
import { MeshError } from '#machines/nouns/error';
import { canonicalJson } from '../events/canonical.ts';
import type { Reach } from '../ports.ts';
import type { Identity, Probe } from './adapter.ts';
import { cleanText } from './naming.ts';

/** The part of an agent's row that says whether it is trusted. */
export interface TrustState {
  readonly trust: Trust;
  /** The identity that was trusted; null before the first contact. */
  readonly pinned: Identity | null;
  /** The identity that the last probe found. */
  readonly found: Identity | null;
  /** What differs; empty unless `changed`. */
  readonly changes: readonly TrustChange[];
  readonly cardSignature: CardSignature | null;
}

type Source = Provenance['source'];

/** Sources that are a person's word. The others are what something on the network or on this machine says of itself. */
const NAMED_BY_PEOPLE: readonly Source[] = ['url', 'bootstrap', 'install'];

/** Whether a source is a person's word. */
export const isPersonsWord = (source: string): boolean => NAMED_BY_PEOPLE.some((each) => each === source);

/** Of an agent that a source names for the first time. */
export const firstTrust = (source: Source): TrustState => ({
  trust: isPersonsWord(source) ? 'trusted' : 'seen',
  pinned: null,
  found: null,
  changes: [],
  cardSignature: null,
});

/** The trust alone: what is given may be a whole row. */
const only = ({ trust, pinned, found, changes, cardSignature }: TrustState): TrustState => ({
  trust,
  pinned,
  found,
  changes,
  cardSignature,
});

/** Of a known agent that a source names: a person's word trusts what was only seen, and accepts no change. */
export const namedTrust = (known: TrustState, source: Source): TrustState =>
  known.trust === 'seen' && isPersonsWord(source) ? accepted(known) : only(known);

/** What differs between two identities, by name of the fact. */
export const differences = (was: Identity, now: Identity): TrustChange[] =>
  [...new Set([...Object.keys(was), ...Object.keys(now)])]
    .sort()
    .filter((fact) => was[fact] !== now[fact])
    .map((fact) => ({ fact, was: was[fact] ?? null, now: now[fact] ?? null }));

/**
 * After a probe. The first contact pins; a later difference is an alarm that stays until a person accepts it, even when
 * the agent goes back to what it was: whoever could change it once may do so again.
 */
export const probedTrust = (known: TrustState, probe: Probe): TrustState => {
  if (!probe.ok) return only(known);
  const cardSignature = probe.cardSignature ?? null;
  if (probe.identity === undefined) return { ...only(known), cardSignature };
  const found = Object.fromEntries(
    Object.entries(probe.identity).map(([fact, value]) => [fact, cleanText(value, 4_000)]),
  );
  const seen = { ...only(known), found, cardSignature };
  if (known.trust === 'seen') return seen;
  if (known.pinned === null) {
    // What carries a wrong signature is never what was trusted.
    return cardSignature === 'invalid' ? seen : { ...seen, pinned: found };
  }
  const changes = differences(known.pinned, found);
  return changes.length === 0 ? seen : { ...seen, trust: 'changed', changes };
};

/** After a person said yes to what the last probe found. */
export const accepted = (known: TrustState): TrustState => ({
  ...only(known),
  trust: 'trusted',
  pinned: known.cardSignature === 'invalid' ? null : known.found,
  changes: [],
});

/**
 * Where requests to an agent may lead: the origin that a person named, or that was found on this machine, may be anywhere;
 * what a network announced may be on a network. Null for agents without a URL.
 */
export const reachOf = (
  url: string | undefined,
  { trust }: Pick<TrustState, 'trust'>,
  sources: readonly string[],
): Reach | null => {
  if (url === undefined) return null;
  return trust === 'seen' && !sources.includes('local') ? 'lan' : { given: new URL(url).origin };
};

/** SHA-256 (hex) of an identity; null for none. */
export const identityHash = (identity: Identity | null): string | null =>
  identity === null ? null : createHash('sha256').update(canonicalJson(identity)).digest('hex');

/** A change in words: `interfaces was …, is …`. */
export const changeText = ({ fact, was, now }: TrustChange): string =>
  `${fact} was ${was ?? 'absent'}, is ${now ?? 'absent'}`;

const quoted = (name: string): string => (/^[\w.:@/-]+$/.test(name) ? name : JSON.stringify(name));

/** Why the mesh does not call the agent, with what to do about it; null when it does. */
export const refusalOf = (name: string, state: TrustState): MeshError | null => {
  if (state.cardSignature === 'invalid')
    return new MeshError('card_signature_invalid', `The card of ${name} carries a signature that is wrong`);
  if (state.trust === 'seen')
    return new MeshError(
      'agent_untrusted',
      `${name} was found, but nobody has trusted it yet: agentmesh agents trust ${quoted(name)}`,
    );
  if (state.trust === 'changed')
    return new MeshError(
      'agent_changed',
      `${name} is not the agent that was trusted (${state.changes.map(changeText).join('; ')}): accept it with agentmesh agents trust ${quoted(name)}, or remove it`,
    );
  return null;
};
