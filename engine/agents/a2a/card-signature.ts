// Signatures of agent cards (A2A 1.0 section 8.4): JWS over the canonical card, by keys of the agent’s own origin or pinned.
import { canonicalizeAgentCard, type AgentCard } from '@a2a-js/sdk';
import canonicalize from 'canonicalize';
import type { CardSignature } from '#machines/nouns/agent';
import { LIMITS } from '#machines/nouns/limits';
import {
  base64url,
  calculateJwkThumbprint,
  decodeProtectedHeader,
  flattenedVerify,
  importJWK,
  type JWK,
} from 'jose';
import type { Net } from '../../ports.ts';
import type { Target } from '../adapter.ts';
import { ConnectionLost, Fault } from './faults.ts';
import { addressOf } from './origin.ts';
import { presentForm } from './card-presence.ts';

export interface CheckedSignature {
  readonly result: CardSignature;
  /** RFC 7638 thumbprint of the key whose signature holds; null otherwise. */
  readonly key: string | null;
}

export interface SignatureParts {
  readonly net: Net;
  readonly target: Target;
  /** JWKS that a person pinned for this agent; null when none. Then no key is fetched. */
  readonly pinned: readonly JWK[] | null;
  readonly signal: AbortSignal;
}

type Bag = Readonly<Record<string, unknown>>;

const isBag = (value: unknown): value is Bag =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

/** Public-key algorithms only: with a MAC, whoever can verify could sign. RFC 7518, RFC 8037, RFC 9864. */
const ALGORITHMS = [
  'ES256', 'ES384', 'ES512', 'PS256', 'PS384', 'PS512', 'RS256', 'RS384', 'RS512', 'EdDSA', 'Ed25519',
]; // prettier-ignore

/** More than key rotation needs; each one costs a verification. */
const SIGNATURES = 8;
const KEYS = 32;

/**
 * The bytes that a signature may be over. The specification keeps required fields that are empty; the SDKs leave out all
 * that is empty; and cards of 0.3 are signed as they stand. Each covers all that is read of the card.
 */
const payloads = (card: Bag): Uint8Array[] => {
  const { signatures: _signatures, ...bare } = card;
  const isOld = !('supportedInterfaces' in card);
  const forms = [
    () => canonicalize(bare),
    ...(isOld
      ? []
      : [() => canonicalize(presentForm(bare)), () => canonicalizeAgentCard(bare as unknown as AgentCard)]),
  ];
  const texts = forms.flatMap((form) => {
    try {
      return [form() ?? ''];
    } catch {
      // Text that is no Unicode has no canonical form (RFC 8785 section 3.2.2.2): nobody can have signed it.
      return [];
    }
  });
  return [...new Set(texts)].map((text) => new TextEncoder().encode(text));
};

const isUsable = (key: Bag): boolean =>
  key['kty'] !== 'oct' &&
  key['d'] === undefined &&
  key['use'] !== 'enc' &&
  (!Array.isArray(key['key_ops']) || key['key_ops'].includes('verify'));

/** The public keys of a JWKS. */
export const keysOf = (jwks: unknown): JWK[] =>
  isBag(jwks) && Array.isArray(jwks['keys'])
    ? (jwks['keys'] as unknown[]).filter(isBag).filter(isUsable).slice(0, KEYS)
    : [];

/** Fetches the keys at `jku`. Throws a Fault when they cannot be read now, which says nothing about the signature. */
const fetchKeys = async ({ net, target, signal }: SignatureParts, jku: string): Promise<JWK[]> => {
  const what = `The keys of the card’s signature at ${jku}`;
  let text: string;
  try {
    const response = await net.fetch(jku, {
      reach: target.reach ?? 'public',
      headers: { accept: 'application/jwk-set+json, application/json' },
      signal,
      maxBytes: LIMITS.cardBytes,
      timeoutMs: LIMITS.cardTimeoutMs,
    });
    if (!response.ok) {
      await response.body?.cancel();
      throw new Fault('invalid_card', `${what} cannot be read: the answer is ${String(response.status)}`);
    }
    text = await response.text();
  } catch (error) {
    if (error instanceof Fault) throw error;
    throw new ConnectionLost(new URL(jku).origin, error);
  }
  try {
    return keysOf(JSON.parse(text));
  } catch {
    throw new Fault('invalid_card', `${what} are not JSON`);
  }
};

const verifies = async (entry: Bag, payload: Uint8Array, jwk: JWK, alg: string): Promise<boolean> => {
  try {
    const jws = {
      protected: String(entry['protected']),
      signature: String(entry['signature']),
      payload: base64url.encode(payload),
    };
    await flattenedVerify(jws, await importJWK(jwk, alg), { algorithms: ALGORITHMS });
    return true;
  } catch {
    return false;
  }
};

/** One signature: the thumbprint of its key, `invalid` when a known key says no, `unverified` when no key is known. */
const checkOne = async (
  entry: unknown,
  forms: readonly Uint8Array[],
  keysAt: (jku: unknown) => Promise<readonly JWK[] | null>,
): Promise<CheckedSignature> => {
  const invalid = { result: 'invalid', key: null } as const;
  if (!isBag(entry)) return invalid;
  let header: Bag;
  try {
    header = decodeProtectedHeader({ protected: String(entry['protected']) });
  } catch {
    return invalid;
  }
  const { alg, kid, jku } = header;
  if (typeof alg !== 'string' || !ALGORITHMS.includes(alg) || typeof kid !== 'string') return invalid;
  const known = await keysAt(jku);
  if (known === null) return { result: 'unverified', key: null };
  const named = known.filter((key) => key.kid === kid && (key.alg === undefined || key.alg === alg));
  for (const jwk of named)
    for (const form of forms)
      if (await verifies(entry, form, jwk, alg)) {
        return { result: 'verified', key: await calculateJwkThumbprint(jwk) };
      }
  return invalid;
};

/**
 * Checks the signatures of a card as it was fetched. One that holds is enough (section 8.4.3: several are for the rotation
 * of keys); without one, a wrong one makes the card wrong. Keys come from `jku` at the agent’s own origin alone, or are
 * those that were pinned. Throws a Fault when keys cannot be fetched.
 */
export const checkSignatures = async (raw: unknown, parts: SignatureParts): Promise<CheckedSignature> => {
  if (!isBag(raw)) return { result: 'unsigned', key: null };
  const { signatures } = raw;
  if (
    signatures === undefined ||
    signatures === null ||
    (Array.isArray(signatures) && signatures.length === 0)
  ) {
    return { result: 'unsigned', key: null };
  }
  if (!Array.isArray(signatures) || signatures.length > SIGNATURES) return { result: 'invalid', key: null };
  const { origin } = new URL(addressOf(parts.target));
  const fetched = new Map<string, Promise<JWK[]>>();
  const keysAt = async (jku: unknown): Promise<readonly JWK[] | null> => {
    if (parts.pinned !== null) return parts.pinned;
    if (typeof jku !== 'string' || !URL.canParse(jku) || new URL(jku).origin !== origin) return null;
    const keys = fetched.get(jku) ?? fetchKeys(parts, jku);
    fetched.set(jku, keys);
    return keys;
  };
  const forms = payloads(raw);
  const found: CheckedSignature[] = [];
  for (const entry of signatures as unknown[]) found.push(await checkOne(entry, forms, keysAt));
  const best = (['verified', 'invalid', 'unverified'] as const)
    .map((word) => found.find(({ result }) => result === word))
    .find((each) => each !== undefined);
  return best ?? { result: 'unsigned', key: null };
};
