// What an IP address leads to: the internet, a private network, this machine, or a place where no agent lives.
import { isIP, isIPv4 } from 'node:net';

/**
 * never: link-local, metadata services of clouds, multicast, reserved and documentation ranges, and IPv6 forms that hide
 * another address.
 */
export type Place = 'public' | 'private' | 'loopback' | 'never';

type Range = readonly [base: readonly number[], bits: number];

const v4Bytes = (address: string): number[] => address.split('.').map(Number);

/** The 16 bytes of an IPv6 address as isIPv6 takes it, with :: and a dotted tail, without a zone. */
const v6Bytes = (address: string): number[] => {
  const dotted = /(?<=:)[\d.]+\.\d+$/.exec(address)?.[0];
  const tail = dotted === undefined ? [] : v4Bytes(dotted);
  const text = dotted === undefined ? address : address.slice(0, -dotted.length).replace(/(?<!:):$/, '');
  const groups = (part: string): number[] =>
    part
      .split(':')
      .filter((each) => each !== '')
      .flatMap((each) => [Number.parseInt(each, 16) >> 8, Number.parseInt(each, 16) & 0xff]);
  const [before = '', after] = text.split('::');
  const head = groups(before);
  const end = [...groups(after ?? ''), ...tail];
  return [...head, ...Array<number>(Math.max(0, 16 - head.length - end.length)).fill(0), ...end];
};

const range = (text: string): Range => {
  const [address = '', bits] = text.split('/');
  return [isIPv4(address) ? v4Bytes(address) : v6Bytes(address), Number(bits)];
};

const isIn = (bytes: readonly number[], [base, bits]: Range): boolean =>
  base.every((byte, at) => {
    const left = Math.max(0, Math.min(8, bits - at * 8));
    const mask = (0xff << (8 - left)) & 0xff;
    return (byte & mask) === ((bytes[at] ?? 0) & mask);
  });

/**
 * IANA IPv4 Special-Purpose Address Registry (RFC 6890), and services that clouds put at addresses of their own:
 * 100.100.100.200 (Alibaba), 168.63.129.16 (Azure), 192.0.0.192 (Oracle, in 192.0.0.0/24).
 */
const V4_NEVER = [
  '0.0.0.0/8', '100.100.100.200/32', '168.63.129.16/32', '169.254.0.0/16', '192.0.0.0/24', '192.0.2.0/24',
  '192.88.99.0/24', '198.18.0.0/15', '198.51.100.0/24', '203.0.113.0/24', '224.0.0.0/4', '240.0.0.0/4',
].map(range); // prettier-ignore
/** RFC 1918, and RFC 6598, where tailnets live. */
const V4_PRIVATE = ['10.0.0.0/8', '100.64.0.0/10', '172.16.0.0/12', '192.168.0.0/16'].map(range);
const V4_LOOPBACK = range('127.0.0.0/8');

/** RFC 4291: an IPv4 address as IPv6; systems connect to the IPv4 address. */
const MAPPED = range('::ffff:0:0/96');
/** RFC 6052: a translator of the network connects to the IPv4 address. */
const NAT64 = range('64:ff9b::/96');
/** RFC 4193. */
const V6_PRIVATE = range('fc00::/7');
/** Metadata of AWS and Google Cloud within it. */
const V6_METADATA = ['fd00:ec2::/32', 'fd20:ce::/32'].map(range);
const V6_LOOPBACK = range('::1/128');
/** RFC 4291: all that is assigned of the internet. */
const V6_GLOBAL = range('2000::/3');
/** Teredo and others of 2001::/23, documentation, 6to4, SRv6 (IANA IPv6 Special-Purpose Address Registry). */
const V6_NEVER = ['2001::/23', '2001:db8::/32', '2002::/16', '3fff::/20', '5f00::/16'].map(range);

const placeOfV4 = (bytes: readonly number[]): Place => {
  if (V4_NEVER.some((each) => isIn(bytes, each))) return 'never';
  if (isIn(bytes, V4_LOOPBACK)) return 'loopback';
  return V4_PRIVATE.some((each) => isIn(bytes, each)) ? 'private' : 'public';
};

const placeOfV6 = (bytes: readonly number[]): Place => {
  if (isIn(bytes, MAPPED)) return placeOfV4(bytes.slice(12));
  // Through a translator, only what is public is what it seems.
  if (isIn(bytes, NAT64)) return placeOfV4(bytes.slice(12)) === 'public' ? 'public' : 'never';
  if (isIn(bytes, V6_LOOPBACK)) return 'loopback';
  if (isIn(bytes, V6_PRIVATE)) return V6_METADATA.some((each) => isIn(bytes, each)) ? 'never' : 'private';
  if (V6_NEVER.some((each) => isIn(bytes, each))) return 'never';
  return isIn(bytes, V6_GLOBAL) ? 'public' : 'never';
};

/** What an address leads to. Anything that is not a plain IP address (a zone, say) leads to `never`. */
export const placeOf = (address: string): Place => {
  if (isIPv4(address)) return placeOfV4(v4Bytes(address));
  return isIP(address) === 6 && !address.includes('%') ? placeOfV6(v6Bytes(address)) : 'never';
};
