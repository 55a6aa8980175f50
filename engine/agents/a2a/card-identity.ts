// Who an agent is by its card: the facts that must stay as they are. Words, version and skills may change.
import canonicalize from 'canonicalize';
import type { Identity, Target } from '../adapter.ts';
import type { Card } from './card.ts';
import type { CheckedSignature } from './card-signature.ts';
import { addressOf, ownAddress } from './origin.ts';

interface Named {
  readonly protocolBinding: string;
  readonly url: string;
}

const wordOf = (value: unknown): string => (typeof value === 'string' ? value : 'JSONRPC');

/** The interfaces of a card: 1.0, or the main one and the additional ones of 0.3. */
const interfacesOf = (card: Card): Named[] => {
  if (card.supportedInterfaces !== undefined) return card.supportedInterfaces;
  const additional = Array.isArray(card['additionalInterfaces'])
    ? (card['additionalInterfaces'] as unknown[])
    : [];
  const main = { protocolBinding: wordOf(card['preferredTransport']), url: card.url ?? '' };
  const others = additional.flatMap((each) => {
    const { transport, url } = (each ?? {}) as Record<string, unknown>;
    return typeof url === 'string' ? [{ protocolBinding: wordOf(transport), url }] : [];
  });
  return [main, ...others];
};

/** JSON as RFC 8785 has it; a value that has no such form is left out. */
const written = (value: unknown): string => {
  try {
    return canonicalize(value) ?? '';
  } catch {
    return '';
  }
};

/** The identity of the agent behind a target. */
export const identityOf = (target: Target, card: Card, signature: CheckedSignature): Identity => {
  const url = addressOf(target);
  const interfaces = interfacesOf(card).map(
    ({ protocolBinding, url: named }) => `${protocolBinding} ${ownAddress(url, named) ?? named}`,
  );
  const schemes = written(card.securitySchemes ?? {});
  const needs = written(card['securityRequirements'] ?? card['security'] ?? []);
  return {
    name: card.name,
    origin: new URL(url).origin,
    interfaces: [...new Set(interfaces)].sort().join(', '),
    authentication: schemes === '{}' && needs === '[]' ? 'none' : `${schemes} needs ${needs}`,
    signature: signature.key === null ? signature.result : `by key ${signature.key}`,
  };
};
