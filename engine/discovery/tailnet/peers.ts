// Who is on the tailnet, by what tailscaled says of it: pure. Only addresses of the tailnet count.
import { BlockList, isIP } from 'node:net';
import { z } from 'zod';
import { LIMITS } from '#machines/nouns/limits';

/** Addresses that Tailscale and Headscale give to nodes (RFC 6598, and Tailscale's ULA prefix). */
const TAILNET = new BlockList();
TAILNET.addSubnet('100.64.0.0', 10, 'ipv4');
TAILNET.addSubnet('fd7a:115c:a1e0::', 48, 'ipv6');
/** ChromeOS uses this part of the range for itself. */
const NOT_TAILNET = new BlockList();
NOT_TAILNET.addSubnet('100.115.92.0', 23, 'ipv4');

const addresses = z
  .array(z.string())
  .nullish()
  .transform((all) => all ?? []);

/** The part of `ipnstate.Status` that is read. */
export const TailnetStatusSchema = z.object({
  BackendState: z.string().default(''),
  Self: z.object({ TailscaleIPs: addresses }).nullish(),
  Peer: z
    .record(
      z.string(),
      z.object({
        HostName: z.string().default(''),
        DNSName: z.string().default(''),
        TailscaleIPs: addresses,
        Online: z.boolean().default(false),
      }),
    )
    .nullish()
    .transform((all) => all ?? {}),
});
export type TailnetStatus = z.infer<typeof TailnetStatusSchema>;

export interface Peer {
  /** Its name on the tailnet. */
  readonly host: string;
  readonly address: string;
}

const isTailnet = (address: string): boolean => {
  const family = isIP(address);
  if (family === 0) return false;
  const type = family === 4 ? 'ipv4' : 'ipv6';
  return TAILNET.check(address, type) && !NOT_TAILNET.check(address, type);
};

/** Peers that are on line, one address each (IPv4 first), ourselves left out; at most LIMITS.tailnetPeers. */
export const peersOf = ({ Self: self, Peer: peers }: TailnetStatus): readonly Peer[] => {
  const own = self?.TailscaleIPs ?? [];
  return Object.values(peers)
    .filter(({ Online: isOnline }) => isOnline)
    .flatMap(({ DNSName: dnsName, HostName: hostName, TailscaleIPs: all }) => {
      const usable = all.filter((address) => isTailnet(address) && !own.includes(address));
      const address = usable.find((each) => isIP(each) === 4) ?? usable[0];
      const host = dnsName.replace(/\.$/, '') || hostName;
      return address === undefined ? [] : [{ host: host === '' ? address : host, address }];
    })
    .slice(0, LIMITS.tailnetPeers);
};
