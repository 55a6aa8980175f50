// The local link as a source: keeps the listening thread alive, and reads what it heard.
import { networkInterfaces } from 'node:os';
import { Worker } from 'node:worker_threads';
import type { SourceState } from '#machines/nouns/discovery';
import type { Ports } from '../../ports.ts';
import type { FoundAgent, OwnPlace, Source } from '../source.ts';
import { readAnnouncement, type Link } from './announcement.ts';
import { ThreadMessageSchema, type Announcement, type ThreadOrder, type ThreadSettings } from './heard.ts';

/** The port of mDNS (RFC 6762 1). */
export const MDNS_PORT = 5_353;
/** A thread that ended is started again after this, doubled each time up to the maximum. */
const RETRY_FIRST_MS = 15_000;
const RETRY_MAX_MS = 10 * 60_000;
/** How long answers to a question may take: RFC 6762 6 delays shared ones by at most 120 ms, and a busy host needs more. */
const ANSWERS_MS = 800;
/** What a flood may take of our memory. */
const THREAD_HEAP_MB = 48;
/** The thread says goodbye within this. */
const CLOSE_MS = 1_000;

export interface MdnsSettings {
  readonly port: number;
  /** Addresses of interfaces to listen on; null: all. */
  readonly interfaces: readonly string[] | null;
}

export interface MdnsParts {
  readonly settings: MdnsSettings;
  readonly ports: Pick<Ports, 'clock' | 'log'>;
  /** Where this daemon listens. */
  readonly own: () => readonly OwnPlace[];
  /** What a gateway is to the mesh; null when it is nothing. */
  readonly gateway: (url: string, isLocal: boolean) => Promise<FoundAgent['entry'] | null>;
}

export interface MdnsSource extends Source {
  /** Says of this daemon where it is, now and whenever somebody asks. */
  announce(announcement: Announcement): void;
}

const links = (): Link[] =>
  Object.values(networkInterfaces())
    .flatMap((each) => each ?? [])
    .flatMap(({ family, address, cidr, internal }) =>
      family === 'IPv4' && cidr !== null ? [{ address, cidr, isLoopback: internal }] : [],
    );

/** The source. Nothing is opened before `begin`. */
export const createMdns = ({ settings, ports, own, gateway }: MdnsParts): MdnsSource => {
  const { clock, log } = ports;
  let thread: Worker | null = null;
  let announcement: Announcement | null = null;
  let tell: (found: readonly FoundAgent[]) => void = () => undefined;
  let problem: string | null = null;
  let listening: readonly string[] = [];
  let retryMs = RETRY_FIRST_MS;
  let cancelRetry: () => void = () => undefined;
  let isClosed = false;
  /** By service: the agents that are named now. */
  const named = new Map<string, FoundAgent>();
  const ignored = new Map<string, string>();

  const order = (what: ThreadOrder): void => {
    thread?.postMessage(what);
  };

  /** Said once, however often it happens. */
  const fail = (message: string): void => {
    if (message !== problem) log.warn({ problem: message }, 'mDNS cannot look; it is tried again');
    problem = message;
  };

  const take = async (services: readonly unknown[]): Promise<void> => {
    const near = links();
    const found: FoundAgent[] = [];
    for (const service of services) {
      const reading = readAnnouncement(service, near, own());
      if (!reading.ok) {
        if (reading.isOwn) continue;
        const { fqdn } = service as { readonly fqdn?: unknown };
        ignore(typeof fqdn === 'string' ? fqdn : '?', reading.why);
        continue;
      }
      const { url } = reading.entry;
      const entry =
        reading.isGateway && url !== undefined ? await gateway(url, reading.isLocal) : reading.entry;
      if (entry === null) ignore(reading.detail, 'it is a gateway that no adapter speaks to');
      else found.push({ entry, provenance: reading.isLocal ? 'local' : 'mdns', detail: reading.detail });
    }
    for (const each of found) named.set(each.detail, each);
    if (found.length > 0 && !isClosed) tell(found);
  };

  let ignoredLast: string | null = null;
  const IGNORED_MOST = 1_000;
  const ignore = (service: string, why: string): void => {
    if (ignored.get(service) === why) return;
    if (ignored.size >= IGNORED_MOST) ignored.clear();
    ignored.set(service, why);
    ignoredLast = `${service}: ${why}`;
    log.debug({ service, why }, 'an announcement was ignored');
  };

  const start = (): void => {
    const workerData: ThreadSettings = settings;
    let own: Worker;
    try {
      own = new Worker(new URL('./thread.ts', import.meta.url), {
        workerData,
        // Flags of the parent (a test runner’s, an inspector’s) are not for this thread.
        execArgv: [],
        env: {},
        stdout: true,
        stderr: true,
        resourceLimits: { maxOldGenerationSizeMb: THREAD_HEAP_MB },
      });
    } catch (error) {
      again(error instanceof Error ? error.message : String(error));
      return;
    }
    thread = own;
    own.unref();
    own.on('message', (message) => {
      const parsed = ThreadMessageSchema.safeParse(message);
      if (!parsed.success || isClosed) return;
      const { data } = parsed;
      if (data.type === 'heard') {
        take(data.services).catch((error: unknown) => {
          log.error({ err: error }, 'an announcement could not be read');
        });
      } else if (data.type === 'listening') {
        listening = data.addresses;
        problem = null;
      } else fail(data.message);
    });
    own.on('error', (error: unknown) => {
      if (thread === own) again(error instanceof Error ? error.message : String(error));
    });
    own.on('exit', () => {
      if (thread === own) again('its thread ended');
    });
    if (announcement !== null) order({ type: 'announce', announcement });
  };

  const again = (message: string): void => {
    thread = null;
    listening = [];
    if (isClosed) return;
    fail(message);
    cancelRetry = clock.after(retryMs, start);
    retryMs = Math.min(retryMs * 2, RETRY_MAX_MS);
  };

  const state = (): SourceState => ({
    source: 'mdns',
    state: problem === null ? 'on' : 'failed',
    detail:
      listening.length === 0
        ? `port ${String(settings.port)}`
        : `port ${String(settings.port)} of ${listening.join(', ')}`,
    found: named.size,
    ignored: ignored.size,
    ignored_last: ignoredLast,
    problem,
  });

  return {
    name: 'mdns',
    begin(callback) {
      tell = callback;
      if (!isClosed) start();
    },
    look: (signal) =>
      new Promise((resolve) => {
        order({ type: 'look' });
        const done = (): void => {
          cancel();
          signal.removeEventListener('abort', done);
          // What is there already is told again: its agent may have been removed meanwhile.
          if (named.size > 0) tell([...named.values()]);
          resolve();
        };
        const cancel = clock.after(thread === null ? 0 : ANSWERS_MS, done);
        signal.addEventListener('abort', done, { once: true });
      }),
    state,
    announce(what) {
      announcement = what;
      order({ type: 'announce', announcement: what });
    },
    async close() {
      isClosed = true;
      cancelRetry();
      const last = thread;
      thread = null;
      if (last === null) return;
      const gone = new Promise<void>((resolve) => last.once('exit', () => resolve()));
      const cancel = clock.after(CLOSE_MS, () => void last.terminate());
      last.postMessage({ type: 'close' } satisfies ThreadOrder);
      await gone;
      cancel();
    },
  };
};
