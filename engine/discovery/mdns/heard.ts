// What the thread that listens on the local link and the daemon say to each other.
import { z } from 'zod';

/** DNS-SD types that are browsed (RFC 6763 4.1.2), and announced. */
export const SERVICE_TYPES = ['a2a', 'openclaw-gw'] as const;

/** Keys of a TXT record that are read (RFC 6763 6.4). All others stay in the thread, tokens among them. */
export const TXT_KEYS = ['url', 'path', 'protocol', 'gatewayPort', 'gatewayTls'] as const;

/** A DNS name has at most 255 bytes (RFC 1035 2.3.4), a TXT string as well (RFC 6763 6.1). */
const NAME_CHARS = 255;

/** An announcement as it was heard. Anybody on the link could have made it. */
export const HeardSchema = z.strictObject({
  type: z.enum(SERVICE_TYPES),
  /** Full name of the service instance. */
  fqdn: z.string().max(NAME_CHARS),
  /** Target of its SRV record. */
  host: z.string().max(NAME_CHARS),
  port: z.int(),
  txt: z.partialRecord(z.enum(TXT_KEYS), z.string().max(NAME_CHARS)),
  /** Where the packet came from. */
  from: z.string().max(NAME_CHARS),
});
export type Heard = z.infer<typeof HeardSchema>;

export const ThreadMessageSchema = z.discriminatedUnion('type', [
  z.strictObject({ type: z.literal('heard'), services: z.array(z.unknown()).max(1_000) }),
  /** It listens on these addresses now; none is no network. */
  z.strictObject({ type: z.literal('listening'), addresses: z.array(z.string()) }),
  /** Something is wrong on one address. */
  z.strictObject({ type: z.literal('problem'), message: z.string() }),
]);
export type ThreadMessage = z.infer<typeof ThreadMessageSchema>;

/** Orders of the daemon. `close` ends the thread after its goodbyes. */
export type ThreadOrder =
  | { readonly type: 'look' }
  | { readonly type: 'announce'; readonly announcement: Announcement }
  | { readonly type: 'close' };

/** What this daemon says of itself. */
export interface Announcement {
  readonly name: string;
  /** The address that it listens at, which is the interface that it speaks on. */
  readonly address: string;
  readonly port: number;
  readonly txt: Readonly<Record<string, string>>;
}

/** The thread's `workerData`. */
export interface ThreadSettings {
  readonly port: number;
  /** Addresses of interfaces to listen on; null: all. */
  readonly interfaces: readonly string[] | null;
}
