// From a target to a client that speaks with it: card, version, transport, and the guarded way out.
import type { AgentCard, AgentInterface } from '@a2a-js/sdk';
import {
  ClientFactory,
  DefaultAgentCardResolver,
  JsonRpcTransportFactory,
  RestTransportFactory,
  type Client,
} from '@a2a-js/sdk/client';
import type { Clock, Net } from '../../ports.ts';
import type { Target } from '../adapter.ts';
import { checkCard, fetchCard } from './card.ts';
import { checkSignatures } from './card-signature.ts';
import { credentialHeaders } from './credentials.ts';
import { speaksSnake, straightenCard } from './dialect.ts';
import { Fault } from './faults.ts';
import { guardedFetch } from './guarded-fetch.ts';
import { addressOf, ownAddress } from './origin.ts';
import { settingsOf, type Settings } from './settings.ts';

export interface Connection {
  readonly client: Client;
  /** Whether the agent says that it streams. */
  readonly streams: boolean;
  /** Whether it takes the id that a task shall have, so that the task can be found by it (see dialect.ts). */
  readonly takesIds: boolean;
  readonly settings: Settings;
}

export interface ConnectParts {
  readonly net: Net;
  readonly clock: Clock;
}

const COMPAT = { legacyCompat: { enabled: true } } as const;
/** Bindings that we speak, the better one first where a card leaves the choice. */
const BINDINGS = ['JSONRPC', 'HTTP+JSON'];

/** The version that we speak with an interface: 1.x is one, all before it is 0.3; null for a later one. */
const versionOf = ({ protocolVersion }: AgentInterface): '1.0' | '0.3.0' | null => {
  // Cards leave out what is empty; before 1.0 there was no version here.
  const major = /^v?(\d+)/.exec(protocolVersion || '1.0')?.[1];
  return major === '0' ? '0.3.0' : major === '1' ? '1.0' : null;
};

/**
 * The card in the SDK’s shape, with the one interface that is used: at the agent’s own origin, 1.0 before 0.3, and then
 * the first in the card’s own order. Throws a Fault when there is none: a credential must not leave for another origin,
 * and a card must not send us elsewhere.
 */
export const usableCard = (raw: unknown, target: Target): AgentCard => {
  const url = addressOf(target);
  checkCard(raw, url);
  const card = new DefaultAgentCardResolver(COMPAT).normalizeAgentCard(straightenCard(raw));
  const spoken = card.supportedInterfaces.filter(({ protocolBinding }) =>
    BINDINGS.includes(protocolBinding.toUpperCase()),
  );
  const [foreign] = spoken;
  if (foreign === undefined) {
    throw new Fault('invalid_card', `The card of ${target.name} offers neither JSONRPC nor HTTP+JSON`);
  }
  const known = spoken.flatMap((each) => {
    const protocolVersion = versionOf(each);
    return protocolVersion === null ? [] : [{ ...each, tenant: each.tenant ?? '', protocolVersion }];
  });
  if (known.length === 0) {
    throw new Fault(
      'invalid_card',
      `The card of ${target.name} speaks A2A ${foreign.protocolVersion}; 1.0 and 0.3 are spoken here`,
    );
  }
  const own = known.flatMap((each) => {
    const address = ownAddress(url, each.url);
    return address === null ? [] : [{ ...each, url: address }];
  });
  const chosen = own.find(({ protocolVersion }) => protocolVersion === '1.0') ?? own[0];
  if (chosen !== undefined) return { ...card, supportedInterfaces: [chosen] };
  const where = `The card of ${target.name} (${new URL(url).origin}) points to ${foreign.url}`;
  throw target.token === null && target.credential === undefined
    ? new Fault('invalid_card', `${where}: an interface must be at the agent’s own origin`)
    : new Fault(
        'auth',
        `${where}: the credential belongs to ${new URL(url).origin} and is not sent elsewhere`,
      );
};

/** Fetches the card for a call before which nobody looked at the agent; a wrong signature ends it. */
const fetchTrusted = async (
  { net, clock }: ConnectParts,
  target: Target,
  settings: Settings,
  signal: AbortSignal,
): Promise<unknown> => {
  const { raw } = await fetchCard({ net, clock, target, signal });
  const { result } = await checkSignatures(raw, { net, target, pinned: settings.cardKeys, signal });
  if (result !== 'invalid') return raw;
  throw new Fault('card_signature_invalid', `The card of ${target.name} carries a signature that is wrong`);
};

/** Connects to a target by the card that is known, or by fetching it. Throws a Fault. */
export const connect = async (
  parts: ConnectParts,
  target: Target,
  options: { readonly signal: AbortSignal; readonly onSent?: () => void },
): Promise<Connection> => {
  const agentUrl = addressOf(target);
  const settings = settingsOf(target);
  const raw = target.card ?? (await fetchTrusted(parts, target, settings, options.signal));
  const card = usableCard(raw, target);
  const [chosen] = card.supportedInterfaces;
  const isLegacy = chosen?.protocolVersion !== '1.0';
  const isRest = chosen?.protocolBinding.toUpperCase() === 'HTTP+JSON';
  const isSnake = isLegacy && !isRest && speaksSnake(raw);
  const fetchImpl = guardedFetch({
    net: parts.net,
    origin: new URL(agentUrl).origin,
    reach: target.reach ?? 'public',
    credentials: credentialHeaders(target, checkCard(raw, agentUrl).securitySchemes),
    legacy: !isLegacy ? null : isRest ? 'HTTP+JSON' : 'JSONRPC',
    isSnake,
    ...(options.onSent === undefined ? {} : { onSent: options.onSent }),
  });
  const factory = new ClientFactory({
    transports: [
      new JsonRpcTransportFactory({ fetchImpl, ...COMPAT }),
      new RestTransportFactory({ fetchImpl, ...COMPAT }),
    ],
  });
  return {
    client: await factory.createFromAgentCard(card),
    streams: card.capabilities?.streaming === true,
    takesIds: isSnake,
    settings,
  };
};
