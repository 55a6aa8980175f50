// The one guarded way out by HTTP (SSRF): a name is resolved, every address checked, and only a checked address connected
// to. Nothing is followed, nothing is unbounded.
import { lookup as systemLookup } from 'node:dns';
import { Agent as HttpAgent, request as httpRequest, type IncomingMessage } from 'node:http';
import { Agent as HttpsAgent, request as httpsRequest } from 'node:https';
import { isIP, type LookupFunction } from 'node:net';
import { networkInterfaces } from 'node:os';
import { MeshError } from '#machines/nouns/error-codes';
import type { Clock, Net, NetRequest, Reach } from '../ports.ts';
import { toResponse } from './answer.ts';
import { placeOf, type Place } from './addresses.ts';

/** The answer of a resolver: all addresses of a name. */
export type Resolve = (
  host: string,
  done: (
    error: Error | null,
    addresses: readonly { readonly address: string; readonly family: number }[],
  ) => void,
) => void;

export interface NetParts {
  readonly clock: Clock;
  /** The system’s resolver when absent. */
  readonly resolve?: Resolve;
}

const systemResolve: Resolve = (host, done) => {
  systemLookup(host, { all: true, order: 'verbatim' }, (error, addresses) => {
    done(error, error === null ? addresses : []);
  });
};

/** What an exchange may cost when its caller says nothing: agent cards and keys are a few KiB. */
const DEFAULT_BYTES = 1024 * 1024;
const DEFAULT_MS = 10_000;
/** An idle connection is kept this long for the next request. */
const IDLE_MS = 4_000;

type Level = 'public' | 'network' | 'here';

const PLACES: Readonly<Record<Level, readonly Place[]>> = {
  public: ['public'],
  network: ['public', 'private'],
  here: ['public', 'private', 'loopback'],
};

/** Names that mean this machine and nothing else (RFC 6761). */
const NAMES_THIS_MACHINE = /(?:^|\.)localhost\.?$/i;

/**
 * Ports of protocols in which the text of an HTTP request could be a command (Fetch standard, port blocking). An origin
 * that a person gave may be at any port.
 */
const FOREIGN_PORTS = new Set([
  1, 7, 9, 11, 13, 15, 17, 19, 20, 21, 22, 23, 25, 37, 42, 43, 53, 69, 77, 79, 87, 95, 101, 102, 103, 104, 109, 110, 111,
  113, 115, 117, 119, 123, 135, 137, 139, 143, 161, 179, 389, 427, 465, 512, 513, 514, 515, 526, 530, 531, 532, 540, 548,
  554, 556, 563, 587, 601, 636, 989, 990, 993, 995, 1719, 1720, 1723, 2049, 3659, 4045, 4190, 5060, 5061, 6000, 6566,
  6665, 6666, 6667, 6668, 6669, 6679, 6697, 10080,
]); // prettier-ignore

const refused = (url: URL, why: string): MeshError =>
  new MeshError('address_refused', `${url.origin} ${why}`);

/** Whether an address is one of this machine’s own, on whatever interface. */
const isOwnAddress = (address: string): boolean =>
  placeOf(address) === 'loopback' ||
  Object.values(networkInterfaces()).some((each) => each?.some((one) => one.address === address));

const levelOf = (reach: Reach, url: URL, host: string): Level => {
  if (reach === 'public') return 'public';
  if (reach === 'lan') return 'network';
  // What was given is one origin; any other is a stranger’s.
  if (reach.given !== url.origin) return 'public';
  // This machine has to be meant: a name that somebody else keeps must not turn into it.
  return NAMES_THIS_MACHINE.test(host) || placeOf(host) === 'loopback' ? 'here' : 'network';
};

const WORDS: Readonly<Record<Place, string>> = {
  public: 'which is on the internet',
  private: 'which is in a private network: an agent there has to be added by its URL',
  loopback: 'which is this machine: an agent here has to be added as localhost',
  never: 'where no agent may be',
};

/** The guarded network. Connections are kept for the next request to the same origin, apart for each reach. */
export const createNet = ({ clock, resolve = systemResolve }: NetParts): Net => {
  const ownPorts = new Set<number>();
  const pools = {
    'http:': new Map<string, HttpAgent>(),
    'https:': new Map<string, HttpsAgent>(),
  };

  const check = (url: URL, level: Level, port: number, address: string): void => {
    const place = placeOf(address);
    if (!PLACES[level].includes(place)) throw refused(url, `leads to ${address}, ${WORDS[place]}`);
    if (ownPorts.has(port) && isOwnAddress(address)) throw refused(url, 'is this daemon itself');
  };

  /** Called by the socket that is about to connect: what it gets is what was checked, so nothing can change between. */
  const guardedLookup =
    (url: URL, level: Level, port: number): LookupFunction =>
    (host, options, done) => {
      resolve(host, (error, addresses) => {
        try {
          if (error !== null) throw error;
          // One bad address is enough: which of them is taken is the other side’s choice, not ours.
          for (const { address } of addresses) check(url, level, port, address);
          const [first] = addresses;
          if (first === undefined)
            throw Object.assign(new Error(`${host} has no address`), { code: 'ENOTFOUND' });
          if (options.all === true) done(null, [...addresses]);
          else done(null, first.address, first.family);
        } catch (problem) {
          done(problem instanceof Error ? problem : new Error(String(problem)), []);
        }
      });
    };

  const poolOf = <A>(pool: Map<string, A>, level: string, make: () => A): A => {
    const known = pool.get(level) ?? make();
    pool.set(level, known);
    return known;
  };

  /** Where a URL leads, as far as it can be told without a resolver. Throws address_refused. */
  const placed = (url: URL, reach: Reach) => {
    const isTls = url.protocol === 'https:';
    const port = url.port === '' ? (isTls ? 443 : 80) : Number(url.port);
    const host = url.hostname.replace(/^\[(.*)\]$/, '$1');
    const level = levelOf(reach, url, host);
    if (url.username !== '' || url.password !== '')
      throw new MeshError('address_refused', `An address with a user name or password in it is not used`);
    if ((typeof reach === 'string' || level === 'public') && FOREIGN_PORTS.has(port))
      throw refused(url, `is at port ${String(port)}, which is not one of the web`);
    // A literal address is connected to without a lookup.
    if (isIP(host) !== 0) check(url, level, port, host);
    return { level, isTls, port, host };
  };

  /** Under TLS the name must stay, for the certificate; it also is what an address of somebody else lacks. */
  const openWebSocket = async (url: URL, reach: Reach): Promise<WebSocket> => {
    const { level, isTls, port, host } = placed(url, reach);
    const address = new URL(url);
    address.protocol = isTls ? 'wss:' : 'ws:';
    if (isIP(host) === 0) {
      const { promise, resolve: found, reject } = Promise.withResolvers<string>();
      guardedLookup(url, level, port)(host, { all: false }, (error, checked) => {
        if (error === null) found(typeof checked === 'string' ? checked : '');
        else reject(error);
      });
      const checked = await promise;
      if (!isTls) address.hostname = isIP(checked) === 6 ? `[${checked}]` : checked;
    }
    return new WebSocket(address);
  };

  const open = (url: URL, init: NetRequest): Promise<Response> => {
    const { level, isTls, port, host } = placed(url, init.reach);
    const signal = init.signal ?? null;
    signal?.throwIfAborted();
    const headers = new Headers(init.headers);
    // A compressed answer could grow without bound when it is unpacked.
    headers.set('accept-encoding', 'identity');
    headers.set('host', url.host);
    if (!headers.has('accept')) headers.set('accept', '*/*');
    if (!headers.has('user-agent')) headers.set('user-agent', 'agentmesh');
    const options = { keepAlive: true, timeout: IDLE_MS, maxFreeSockets: 16 };
    const shared = {
      host,
      port,
      path: `${url.pathname}${url.search}`,
      method: init.method ?? 'GET',
      headers: Object.fromEntries(headers),
      lookup: guardedLookup(url, level, port),
    };
    return new Promise((answered, failed) => {
      const limits = { bytes: init.maxBytes ?? DEFAULT_BYTES, signal, giveUp: new AbortController() };
      const stopClock =
        init.timeoutMs === null
          ? () => undefined
          : clock.after(init.timeoutMs ?? DEFAULT_MS, () => {
              limits.giveUp.abort(Object.assign(new Error('no answer in time'), { code: 'ETIMEDOUT' }));
            });
      const onAnswer = (incoming: IncomingMessage): void => {
        try {
          answered(toResponse(incoming, limits, end));
        } catch (error) {
          fail(error);
        }
      };
      const sent = isTls
        ? httpsRequest(
            { ...shared, agent: poolOf(pools['https:'], level, () => new HttpsAgent(options)) },
            onAnswer,
          )
        : httpRequest(
            { ...shared, agent: poolOf(pools['http:'], level, () => new HttpAgent(options)) },
            onAnswer,
          );
      const onAbort = (): void => {
        fail(signal?.reason);
      };
      const onGiveUp = (): void => {
        fail(limits.giveUp.signal.reason);
      };
      function end(): void {
        stopClock();
        signal?.removeEventListener('abort', onAbort);
        limits.giveUp.signal.removeEventListener('abort', onGiveUp);
      }
      function fail(error: unknown): void {
        end();
        sent.destroy();
        failed(error instanceof Error ? error : new Error('aborted', { cause: error }));
      }
      signal?.addEventListener('abort', onAbort);
      limits.giveUp.signal.addEventListener('abort', onGiveUp);
      sent.on('error', fail);
      sent.end(init.body);
    });
  };

  const parsed = (address: string): URL => {
    const url = URL.canParse(address) ? new URL(address) : null;
    if (url === null || !/^https?:$/.test(url.protocol))
      throw new MeshError('address_refused', 'Only addresses of http and https are used');
    return url;
  };

  return {
    fetch: async (address, init) => open(parsed(address), init),
    webSocket: async (address, { reach }) => openWebSocket(parsed(address), reach),
    keepOff: (port) => void ownPorts.add(port),
  };
};
