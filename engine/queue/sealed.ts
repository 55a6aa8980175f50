// Messages that travel through a Redis that others may write to: each with its place, its end and a MAC.
import { timingSafeEqual } from 'node:crypto';
import { LIMITS } from '#machines/nouns/limits';
import type { MeshKey } from './mesh-key.ts';

const VERSION = 1;

/** Why a message is dropped. `expired` may be a clock that is wrong; the others are not ours, or not ours any more. */
export type Unsealed =
  | { readonly ok: true; readonly body: string }
  | { readonly ok: false; readonly why: 'not a sealed message' | 'not signed with the mesh key' | 'expired' };

/**
 * What the MAC covers: canonical JSON (RFC 8785; an array of integers and strings has one spelling) of version, place,
 * end and body. The body is text, so that nothing in it is read before it is known to be ours.
 */
const signed = (place: string, expiresAt: number, body: string): string =>
  JSON.stringify([VERSION, place, expiresAt, body]);

/**
 * Seals a message.
 * @param place where it belongs: the queue and id of a job, the mailbox of a worker. The same body has another MAC elsewhere
 * @param expiresAt milliseconds of the clock; whoever opens it later drops it
 */
export const seal = (key: MeshKey, place: string, body: string, expiresAt: number): string =>
  JSON.stringify([VERSION, expiresAt, body, key.mac(signed(place, expiresAt, body))]);

/** The four parts of a sealed message; null when it has another form. */
const partsOf = (text: string): { expiresAt: number; body: string; mac: string } | null => {
  if (text.length > LIMITS.queueMessageBytes || !text.startsWith('[')) return null;
  let parts: unknown;
  try {
    parts = JSON.parse(text);
  } catch {
    return null;
  }
  if (!Array.isArray(parts) || parts.length !== 4) return null;
  const [version, expiresAt, body, mac] = parts as readonly unknown[];
  if (version !== VERSION || typeof body !== 'string' || typeof mac !== 'string') return null;
  return Number.isSafeInteger(expiresAt) ? { expiresAt: Number(expiresAt), body, mac } : null;
};

const areEqual = (one: string, other: string): boolean => {
  const [a, b] = [Buffer.from(one), Buffer.from(other)];
  return a.length === b.length && timingSafeEqual(a, b);
};

/** Opens a message that was found at `place`. Takes any text. */
export const unseal = (key: MeshKey, place: string, text: string, now: number): Unsealed => {
  const parts = partsOf(text);
  if (parts === null) return { ok: false, why: 'not a sealed message' };
  const { expiresAt, body, mac } = parts;
  if (!areEqual(mac, key.mac(signed(place, expiresAt, body))))
    return { ok: false, why: 'not signed with the mesh key' };
  return expiresAt > now ? { ok: true, body } : { ok: false, why: 'expired' };
};
