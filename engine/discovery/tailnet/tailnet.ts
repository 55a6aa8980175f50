// The tailnet as a source: peers that tailscaled names are asked for an agent card. No credential goes along, ever.
import { isIPv6 } from 'node:net';
import { LIMITS } from '#machines/nouns/limits';
import type { SourceState } from '#machines/nouns/discovery';
import type { LocalHttp, Ports } from '../../ports.ts';
import type { FoundAgent, Source } from '../source.ts';
import { peersOf, TailnetStatusSchema, type Peer } from './peers.ts';

/** Where tailscaled listens: on Linux, and on macOS where it is not in the App Store's sandbox. */
export const TAILSCALED_SOCKETS = ['/var/run/tailscale/tailscaled.sock', '/var/run/tailscaled.socket'];
/** It answers to this name only, so that no web page can ask it (ipn/localapi). */
const HOST = 'local-tailscaled.sock';
const STATUS = '/localapi/v0/status';
/** Where an agent is looked for on a peer: a daemon like ours, and OpenClaw's gateway. */
export const PEER_PORTS = [8_321, 18_789];
const LOOK_EVERY_MS = 5 * 60_000;
/** A peer in another part of the world answers within this, or with the next look. */
const PEER_MS = 2_000;
const STATUS_MS = 1_000;

export interface TailnetParts {
  readonly sockets: readonly string[];
  readonly http: LocalHttp;
  /** Whether an agent's card is at that address, asked without a credential. Never rejects. */
  readonly hasCard: (url: string, signal: AbortSignal) => Promise<boolean>;
  readonly ports: Pick<Ports, 'clock' | 'log'>;
}

const urlOf = ({ address }: Peer, port: number): string =>
  `http://${isIPv6(address) ? `[${address}]` : address}:${String(port)}`;

/** The source. Nothing is asked before `begin`. */
export const createTailnet = ({ sockets, http, hasCard, ports }: TailnetParts): Source => {
  const { clock, log } = ports;
  const closing = new AbortController();
  let tell: (found: readonly FoundAgent[]) => void = () => undefined;
  let cancelNext: () => void = () => undefined;
  let at: Pick<SourceState, 'state' | 'detail' | 'problem'> = {
    state: 'absent',
    detail: 'not asked yet',
    problem: null,
  };
  let named: readonly FoundAgent[] = [];
  let looking: Promise<void> | null = null;

  const stand = (state: SourceState['state'], detail: string, problem: string | null = null): null => {
    if (problem !== null && problem !== at.problem)
      log.warn({ problem }, 'the tailnet cannot be looked at; it is tried again');
    at = { state, detail, problem };
    return null;
  };

  /** What the first tailscaled that is there says; null when there is none to ask, or nothing to hear. */
  const peers = async (): Promise<readonly Peer[] | null> => {
    const signal = AbortSignal.any([closing.signal, AbortSignal.timeout(STATUS_MS)]);
    for (const socket of sockets) {
      try {
        const { status, body } = await http.get(socket, STATUS, {
          host: HOST,
          limit: LIMITS.tailnetStatusBytes,
          signal,
        });
        if (status !== 200) return stand('failed', socket, `tailscaled answered ${String(status)}`);
        const parsed = TailnetStatusSchema.safeParse(JSON.parse(body));
        if (!parsed.success) return stand('failed', socket, 'what tailscaled answers is not understood');
        if (parsed.data.BackendState !== 'Running')
          return stand('absent', `tailscaled is ${parsed.data.BackendState || 'not running'}`);
        const found = peersOf(parsed.data);
        stand('on', `${String(found.length)} peers on line`);
        return found;
      } catch (error) {
        const code = error instanceof Error && 'code' in error ? String(error.code) : '';
        // No socket is no tailnet; a socket that nobody listens at is what a stopped tailscaled leaves.
        if (code === 'ENOENT' || code === 'ECONNREFUSED' || code === 'ENOTSOCK') continue;
        if (closing.signal.aborted) return null;
        return stand(
          'failed',
          socket,
          `tailscaled: ${error instanceof Error ? error.message : String(error)}`,
        );
      }
    }
    return stand('absent', 'no tailscaled on this machine');
  };

  const askPeer = async (peer: Peer, found: FoundAgent[]): Promise<void> => {
    for (const port of PEER_PORTS) {
      const url = urlOf(peer, port);
      const signal = AbortSignal.any([closing.signal, AbortSignal.timeout(PEER_MS)]);
      if (!(await hasCard(url, signal)) || closing.signal.aborted) continue;
      const agent: FoundAgent = { entry: { url }, provenance: 'tailnet', detail: peer.host };
      found.push(agent);
      tell([agent]);
    }
  };

  const askAll = async (): Promise<void> => {
    const waiting = [...((await peers()) ?? [])];
    const found: FoundAgent[] = [];
    const lanes = Array.from({ length: LIMITS.discoveryConcurrency }, async () => {
      for (let peer = waiting.shift(); peer !== undefined && !closing.signal.aborted; peer = waiting.shift())
        await askPeer(peer, found);
    });
    await Promise.all(lanes);
    named = found;
  };

  const lookNow = (): Promise<void> => {
    looking ??= askAll()
      .catch((error: unknown) => {
        log.error({ err: error }, 'the tailnet could not be looked at');
      })
      .finally(() => {
        looking = null;
      });
    return looking;
  };

  const next = (): void => {
    cancelNext = clock.after(LOOK_EVERY_MS, () => {
      void lookNow();
      next();
    });
  };

  return {
    name: 'tailnet',
    begin(callback) {
      tell = callback;
      void lookNow();
      next();
    },
    async look(signal) {
      const late = new Promise<void>((resolve) => {
        signal.addEventListener('abort', () => resolve(), { once: true });
      });
      await Promise.race([lookNow(), late]);
    },
    state: () => ({ source: 'tailnet', ...at, found: named.length, ignored: 0, ignored_last: null }),
    async close() {
      cancelNext();
      closing.abort();
      await looking;
    },
  };
};
