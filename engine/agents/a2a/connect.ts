// From a target to a client that speaks with it: card, version, transport, and the guarded way out.
import type { AgentCard } from '@a2a-js/sdk';
import {
  ClientFactory,
  DefaultAgentCardResolver,
  JsonRpcTransportFactory,
  RestTransportFactory,
  type Client,
} from '@a2a-js/sdk/client';
import type { Net } from '../../ports.ts';
import type { Target } from '../adapter.ts';
import { checkCard, fetchCard } from './card.ts';
import { straightenCard } from './dialect.ts';
import { Fault } from './faults.ts';
import { guardedFetch } from './guarded-fetch.ts';
import { ownAddress } from './origin.ts';

export interface Connection {
  readonly client: Client;
  /** Whether the agent says that it streams. */
  readonly streams: boolean;
}

const COMPAT = { legacyCompat: { enabled: true } } as const;
const BINDINGS = ['JSONRPC', 'HTTP+JSON'];

/** The address of an A2A target. Throws a Fault when there is none. */
export const addressOf = (target: Target): string => {
  const { url } = target.entry;
  if (url === undefined) throw new Fault('agent_unreachable', `The agent ${target.name} has no URL`);
  return url;
};

/**
 * The card in the SDK’s shape, with the interfaces that may be used: those at the agent’s own origin. Throws a Fault
 * when there is none: a credential must not leave for another origin, and a card must not send us elsewhere.
 */
export const usableCard = (raw: unknown, target: Target): AgentCard => {
  const url = addressOf(target);
  checkCard(raw, url);
  const card = new DefaultAgentCardResolver(COMPAT).normalizeAgentCard(straightenCard(raw));
  const spoken = card.supportedInterfaces.filter(({ protocolBinding }) =>
    BINDINGS.includes(protocolBinding.toUpperCase()),
  );
  const own = spoken.flatMap((each) => {
    const address = ownAddress(url, each.url);
    // Cards leave out what is empty; before 1.0 there was no version here.
    const protocolVersion = each.protocolVersion || '1.0';
    return address === null ? [] : [{ ...each, tenant: each.tenant ?? '', protocolVersion, url: address }];
  });
  if (own.length > 0) return { ...card, supportedInterfaces: own };
  const [elsewhere] = spoken;
  if (elsewhere === undefined) {
    throw new Fault('invalid_card', `The card of ${target.name} offers neither JSONRPC nor HTTP+JSON`);
  }
  const where = `The card of ${target.name} (${new URL(url).origin}) points to ${elsewhere.url}`;
  throw target.token === null
    ? new Fault('invalid_card', `${where}: an interface must be at the agent’s own origin`)
    : new Fault(
        'auth',
        `${where}: the credential belongs to ${new URL(url).origin} and is not sent elsewhere`,
      );
};

/** Connects to a target by the card that is known, or by fetching it. Throws a Fault. */
export const connect = async (
  net: Net,
  target: Target,
  options: { readonly signal: AbortSignal; readonly onSent?: () => void },
): Promise<Connection> => {
  const agentUrl = addressOf(target);
  const raw =
    target.card ?? (await fetchCard({ net, agentUrl, token: target.token, signal: options.signal })).raw;
  const card = usableCard(raw, target);
  const isLegacy = card.supportedInterfaces.every(({ protocolVersion }) => protocolVersion.startsWith('0.'));
  const fetchImpl = guardedFetch({
    net,
    origin: new URL(agentUrl).origin,
    token: target.token,
    isLegacy,
    ...(options.onSent === undefined ? {} : { onSent: options.onSent }),
  });
  const factory = new ClientFactory({
    transports: [
      new JsonRpcTransportFactory({ fetchImpl, ...COMPAT }),
      new RestTransportFactory({ fetchImpl, ...COMPAT }),
    ],
  });
  return { client: await factory.createFromAgentCard(card), streams: card.capabilities?.streaming === true };
};
