// A local link of a test's own: multicast on loopback at a private port, with real announcers (bonjour-service) and packets
// made by hand (dns-packet would hide what an attacker can send, so records are given as its types).
import { createSocket, type Socket } from 'node:dgram';
import { once } from 'node:events';
import { createRequire } from 'node:module';
import Bonjour from 'bonjour-service';

const GROUP = '224.0.0.251';

/** A UDP port that nobody has just now. */
export const freeUdpPort = async (): Promise<number> => {
  const socket = createSocket('udp4');
  socket.bind(0, '127.0.0.1');
  await once(socket, 'listening');
  const { port } = socket.address();
  await new Promise<void>((resolve) => socket.close(() => resolve()));
  return port;
};

interface Packet {
  readonly encode: (packet: object) => Buffer;
}
/** The library's own dependency, for packets that it would never send itself. */
const { encode } = createRequire(createRequire(import.meta.url).resolve('multicast-dns'))(
  'dns-packet',
) as Packet;

export interface Announced {
  readonly type: 'a2a' | 'openclaw-gw';
  readonly name: string;
  readonly port: number;
  readonly txt?: Readonly<Record<string, string>>;
}

export interface TestLink extends AsyncDisposable {
  readonly port: number;
  /** A real responder: it announces, answers questions, and says goodbye when it is stopped. */
  announce(service: Announced): { stop(): Promise<void> };
  /** One packet by hand: `records` as dns-packet takes them. */
  send(records: readonly object[]): Promise<void>;
  /** Bytes that are no packet. */
  sendRaw(bytes: Uint8Array): Promise<void>;
  /** The services of a type that somebody on the link announces, as another program sees them. */
  browse(type: string): Bonjour.Browser;
}

/** Records of one service, as its announcer would send them. */
export const recordsOf = ({ type, name, port, txt = {} }: Announced, host = 'host.local'): object[] => {
  const fqdn = `${name}._${type}._tcp.local`;
  return [
    { name: `_${type}._tcp.local`, type: 'PTR', ttl: 120, data: fqdn },
    { name: fqdn, type: 'SRV', ttl: 120, data: { port, target: host } },
    { name: fqdn, type: 'TXT', ttl: 120, data: Object.entries(txt).map(([key, value]) => `${key}=${value}`) },
  ];
};

export const openTestLink = async (): Promise<TestLink> => {
  const port = await freeUdpPort();
  const options: Record<string, unknown> = { interface: '127.0.0.1', bind: '0.0.0.0', port };
  const open = new Set<Bonjour>();
  const bonjour = (): Bonjour => {
    const made = new Bonjour(options);
    open.add(made);
    return made;
  };
  const socket: Socket = createSocket({ type: 'udp4', reuseAddr: true });
  socket.bind(0, '127.0.0.1');
  await once(socket, 'listening');
  socket.setMulticastInterface('127.0.0.1');
  const sendRaw = (bytes: Uint8Array): Promise<void> =>
    new Promise((resolve, reject) => {
      socket.send(bytes, port, GROUP, (error) => {
        if (error === null) resolve();
        else reject(error);
      });
    });
  return {
    port,
    announce({ type, name, port: at, txt = {} }) {
      const own = bonjour();
      own.publish({ name, type, port: at, txt, probe: false, disableIPv6: true });
      return {
        stop: () =>
          new Promise((resolve) => {
            own.unpublishAll(() => {
              open.delete(own);
              own.destroy(() => {
                resolve();
              });
            });
          }),
      };
    },
    send: (records) => sendRaw(encode({ type: 'response', flags: 1 << 10, answers: records })),
    sendRaw,
    browse: (type) => bonjour().find({ type }),
    async [Symbol.asyncDispose]() {
      for (const each of open) await new Promise<void>((resolve) => each.destroy(() => resolve()));
      await new Promise<void>((resolve) => socket.close(() => resolve()));
    },
  };
};
