// The link to one gateway: one connection shared by all runs, made again when it breaks, let go when nobody needs it.
import { MeshError } from '#machines/nouns/error';
import type { Ports, Reach } from '../../ports.ts';
import type { Target } from '../adapter.ts';
import { openConnection, type Connection, type GatewayEvent } from './connection.ts';
import { GatewayRefusal, isTokenRefused, retryAfter } from './faults.ts';
import { SCOPES } from './handshake.ts';
import type { Identity } from './identity.ts';

/** A run may follow: connecting again costs a handshake, an idle line a tick of the gateway each half a minute. */
const IDLE_MS = 5 * 60_000;
const FIRST_WAIT_MS = 250;
const LONGEST_WAIT_MS = 10_000;
/** A gateway that is just starting says UNAVAILABLE for some seconds. */
const STARTING_MS = 20_000;

export type LinkPorts = Pick<Ports, 'clock' | 'net' | 'random' | 'log'>;

/** Who uses a link: hears each event, and that the connection is another one now. */
export interface LinkUser {
  onEvent(event: GatewayEvent): void;
  /** The connection broke; `connect` makes a new one. */
  onLost(): void;
}

export interface Lease {
  /** The connection, made when there is none. Fails at once when the gateway does not answer or refuses. */
  connect(signal: AbortSignal): Promise<Connection>;
  /** The same, trying again and again until the signal aborts or the gateway refuses for good. */
  reconnect(signal: AbortSignal): Promise<Connection>;
  release(): void;
}

const aborted = (signal: AbortSignal): Promise<never> =>
  new Promise((_, reject) => {
    const stop = (): void => {
      reject(new DOMException('stopped', 'AbortError'));
    };
    if (signal.aborted) stop();
    else signal.addEventListener('abort', stop, { once: true });
  });

/** The gateway that a target names: its http: or https: address without what does not matter. */
export const gatewayOf = (target: Target): string => {
  const url = new URL(target.entry.url ?? '');
  url.hash = '';
  return url.href;
};

class Link {
  readonly #ports: LinkPorts;
  readonly #identity: Identity;
  readonly #gateway: string;
  readonly #reach: Reach;
  readonly #users = new Set<LinkUser>();
  #connection: Connection | null = null;
  #dialling: { readonly token: string | null; readonly done: Promise<Connection> } | null = null;
  #stopIdling = (): void => undefined;

  constructor(ports: LinkPorts, identity: Identity, gateway: string, reach: Reach) {
    this.#ports = ports;
    this.#identity = identity;
    this.#gateway = gateway;
    this.#reach = reach;
  }

  lease(user: LinkUser, token: string | null): Lease {
    this.#stopIdling();
    this.#users.add(user);
    const connect = (signal: AbortSignal): Promise<Connection> =>
      Promise.race([this.#connect(token), aborted(signal)]);
    return {
      connect,
      reconnect: async (signal) => {
        for (let wait = FIRST_WAIT_MS; ; wait = Math.min(wait * 2, LONGEST_WAIT_MS)) {
          try {
            return await connect(signal);
          } catch (error) {
            const least = retryAfter(error);
            if (least === null) throw error;
            await Promise.race([this.#wait(Math.max(least, this.#jittered(wait))), aborted(signal)]);
          }
        }
      },
      release: () => {
        this.#users.delete(user);
        if (this.#users.size > 0) return;
        this.#stopIdling = this.#ports.clock.after(IDLE_MS, () => {
          this.close();
        });
      },
    };
  }

  close(): void {
    this.#stopIdling();
    const connection = this.#connection;
    this.#connection = null;
    connection?.close();
  }

  #wait(ms: number): Promise<void> {
    return new Promise((resolve) => {
      this.#ports.clock.after(ms, resolve);
    });
  }

  /** Many daemons that lost one gateway do not come back in one instant. */
  #jittered(ms: number): number {
    const [byte = 0] = this.#ports.random.bytes(1);
    return ms * (0.75 + byte / 512);
  }

  #connect(token: string | null): Promise<Connection> {
    if (this.#connection?.isOpen === true) return Promise.resolve(this.#connection);
    const other = this.#dialling;
    if (other !== null) {
      // A look at a gateway brings no token; its refusal says nothing of ours.
      const isOurs = token === null || token === other.token;
      return isOurs ? other.done : other.done.catch(() => this.#connect(token));
    }
    const done = this.#dial(token).finally(() => {
      this.#dialling = null;
    });
    this.#dialling = { token, done };
    return done;
  }

  async #dial(token: string | null): Promise<Connection> {
    const giveUpAt = this.#ports.clock.now() + STARTING_MS;
    for (;;) {
      try {
        const connection = await this.#authenticate(token);
        this.#connection = connection;
        return connection;
      } catch (error) {
        const wait = error instanceof GatewayRefusal ? retryAfter(error) : null;
        if (wait === null || this.#ports.clock.now() + wait > giveUpAt) throw error;
        await this.#wait(wait);
      }
    }
  }

  /** By the token of our device; by the one that the target brings when there is none or it is refused. */
  async #authenticate(token: string | null): Promise<Connection> {
    const kept = this.#identity.token(this.#gateway);
    if (kept === null) {
      if (token !== null) return this.#open({ token, scopes: SCOPES });
      // A gateway may ask for no credential at all; when it does ask, its refusal says so.
      return this.#open({ token: '', scopes: SCOPES });
    }
    try {
      return await this.#open(kept);
    } catch (error) {
      if (!isTokenRefused(error)) throw error;
      if (token === null)
        throw new MeshError('auth', `${new URL(this.#gateway).host} no longer knows this device`, {
          remedy: 'Pair it again: agentmesh openclaw install',
        });
      this.#ports.log.warn({ gateway: this.#gateway }, 'the gateway took back our device token');
      return this.#open({ token, scopes: SCOPES });
    }
  }

  async #open(credential: {
    readonly token: string;
    readonly scopes: readonly string[];
  }): Promise<Connection> {
    const connection = await openConnection({
      ports: this.#ports,
      gateway: this.#gateway,
      reach: this.#reach,
      device: await this.#identity.device(),
      credential,
      onEvent: (event) => {
        for (const user of this.#users) user.onEvent(event);
      },
      onClose: () => {
        if (this.#connection !== connection) return;
        this.#connection = null;
        for (const user of this.#users) user.onLost();
      },
    });
    const { deviceToken, scopes } = connection.hello.auth;
    // The one that we came with keeps its own scopes; the live ones may be fewer.
    if (deviceToken !== undefined && deviceToken !== credential.token)
      this.#identity.keepToken(this.#gateway, { token: deviceToken, scopes });
    return connection;
  }
}

/** All links of the daemon, one a gateway. */
export class Links {
  readonly #ports: LinkPorts;
  readonly #identity: Identity;
  readonly #links = new Map<string, Link>();

  constructor(ports: LinkPorts, identity: Identity) {
    this.#ports = ports;
    this.#identity = identity;
  }

  /** The share of a user in the link to a target’s gateway; `token` is used when our device has none of its own there. */
  lease(target: Target, user: LinkUser): Lease {
    const gateway = gatewayOf(target);
    const { reach = 'public' } = target;
    // Whom one source may reach, another may not: a link is never shared between the two.
    const key = JSON.stringify([gateway, reach]);
    let link = this.#links.get(key);
    if (link === undefined) {
      link = new Link(this.#ports, this.#identity, gateway, reach);
      this.#links.set(key, link);
    }
    return link.lease(user, target.token);
  }

  /** Lets go of every connection; runs go on at their gateways. */
  close(): void {
    for (const link of this.#links.values()) link.close();
    this.#links.clear();
  }
}
