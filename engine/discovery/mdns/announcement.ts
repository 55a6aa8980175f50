// What an announcement means, if anything: pure. It names the machine that sent it or nobody, and never more than a place
// to ask.
import { BlockList, isIPv4 } from 'node:net';
import type { AgentEntry } from '#machines/nouns/agent';
import type { OwnPlace } from '../source.ts';
import { HeardSchema, type Heard } from './heard.ts';

/** The addresses of this machine, as the system lists them. */
export interface Link {
  readonly address: string;
  /** `192.168.1.2/24`. */
  readonly cidr: string;
  readonly isLoopback: boolean;
}

export type Reading =
  | {
      readonly ok: true;
      readonly entry: AgentEntry;
      readonly detail: string;
      readonly isGateway: boolean;
      /** Sent from this machine: only a program on it can do that. */
      readonly isLocal: boolean;
    }
  /** Our own announcement: nothing to say about it. */
  | { readonly ok: false; readonly isOwn: true }
  | { readonly ok: false; readonly isOwn: false; readonly why: string };

/** Never asked, whoever says so: this-network, link-local (metadata services), multicast and reserved (RFC 6890). */
const NEVER = new BlockList();
NEVER.addSubnet('0.0.0.0', 8, 'ipv4');
NEVER.addSubnet('169.254.0.0', 16, 'ipv4');
NEVER.addSubnet('224.0.0.0', 4, 'ipv4');
NEVER.addSubnet('240.0.0.0', 4, 'ipv4');

/** Control, format and private characters; a place has none of them. */
const UNSEEN = /[\p{C}\s]/u;

const subnetsOf = (links: readonly Link[]): BlockList => {
  const near = new BlockList();
  for (const { cidr } of links) {
    const [network = '', bits = ''] = cidr.split('/');
    if (isIPv4(network) && /^\d{1,2}$/.test(bits)) near.addSubnet(network, Number(bits), 'ipv4');
  }
  return near;
};

/** Whether a packet from there is from this link (RFC 6762 11): others are to be ignored. */
const isNear = (from: string, links: readonly Link[]): boolean =>
  isIPv4(from) && !NEVER.check(from, 'ipv4') && subnetsOf(links).check(from, 'ipv4');

const isSelf = (host: string, links: readonly Link[]): boolean =>
  host.startsWith('127.') || links.some(({ address }) => address === host);

/** Path and scheme of an A2A agent out of its TXT record; a sentence when it says what no honest one does. */
const placeOfA2a = ({ txt, host, port, from }: Heard): { scheme: string; path: string } | string => {
  if (txt.url === undefined) {
    const scheme = (txt.protocol ?? 'http').toLowerCase();
    const path = txt.path ?? '/';
    if (scheme !== 'http' && scheme !== 'https') return 'its protocol is neither http nor https';
    if (!path.startsWith('/') || path.startsWith('//')) return 'its path is no path';
    return { scheme, path };
  }
  if (!URL.canParse(txt.url)) return 'its url cannot be read';
  const url = new URL(txt.url);
  const scheme = url.protocol.slice(0, -1);
  if (scheme !== 'http' && scheme !== 'https') return 'its url is neither http nor https';
  if (url.username !== '' || url.password !== '') return 'its url carries a credential';
  const named = url.hostname.replace(/\.$/, '').toLowerCase();
  if (named !== from && named !== host.replace(/\.$/, '').toLowerCase())
    return 'its url names another machine';
  const urlPort = url.port === '' ? (scheme === 'https' ? 443 : 80) : Number(url.port);
  if (urlPort !== port) return 'its url names another port';
  // What stands behind ? and # is where a token would be.
  return { scheme, path: url.pathname };
};

const placeOfGateway = ({ txt, port }: Heard): { scheme: string; path: string } | string => {
  if (txt.gatewayPort !== undefined && txt.gatewayPort !== String(port))
    return 'its gatewayPort is another port';
  return { scheme: txt.gatewayTls === '1' ? 'https' : 'http', path: '/' };
};

/**
 * Reads what was heard. The address asked is the one that the packet came from: an announcement cannot send us to a
 * third machine. `heard` is checked here; `own` are our listeners. Never throws.
 */
export const readAnnouncement = (
  heard: unknown,
  links: readonly Link[],
  own: readonly OwnPlace[],
): Reading => {
  const parsed = HeardSchema.safeParse(heard);
  if (!parsed.success) return { ok: false, isOwn: false, why: 'it does not keep to the form' };
  const { type, fqdn, port, from, host, txt } = parsed.data;
  const refused = (why: string): Reading => ({ ok: false, isOwn: false, why });
  // The instance name is free text (RFC 6763 4.1.1) and is shown: blanks are fine, the unseen is not.
  if (
    UNSEEN.test(fqdn.replaceAll(' ', '')) ||
    UNSEEN.test(host) ||
    Object.values(txt).some((text) => UNSEEN.test(text))
  )
    return refused('it holds control characters');
  if (port < 1 || port > 65_535) return refused('it has no port');
  if (!isNear(from, links)) return refused('it comes from outside of this link');
  if (isSelf(from, links) && own.some((place) => place.port === port && isSelf(place.host, links)))
    return { ok: false, isOwn: true };
  const place = type === 'a2a' ? placeOfA2a(parsed.data) : placeOfGateway(parsed.data);
  if (typeof place === 'string') return refused(place);
  const url = new URL(`${place.scheme}://${from}:${String(port)}`);
  url.pathname = place.path;
  return {
    ok: true,
    entry: { url: url.pathname === '/' ? url.origin : `${url.origin}${url.pathname}` },
    detail: fqdn,
    isGateway: type === 'openclaw-gw',
    isLocal: isSelf(from, links),
  };
};
