// Every source of nondeterminism of the engine, so that tests and simulators can take their place.
import type { Logger } from 'pino';

/** Time. Everything durable reads it from here. */
export interface Clock {
  /** Milliseconds since the epoch. */
  now(): number;
  /** Calls back once after `ms`; the returned function takes it back. */
  after(ms: number, callback: () => void): () => void;
}

/** Identifiers. */
export interface Ids {
  /** RFC 9562 UUIDv7: rising with time. */
  uuidv7(): string;
}

/** Chance, for what need not be replayed (jitter in a machine is a hash of its key instead). */
export interface Random {
  bytes(count: number): Uint8Array;
}

/** Where the mirror, artifacts and backups live. Paths are absolute. */
export interface Disk {
  /** Opens for appending, made with 0600 when absent. */
  openAppend(path: string): AppendFile;
  readFile(path: string): Uint8Array;
  exists(path: string): boolean;
  /** Writes whole or not at all: temporary file, fsync, rename. */
  writeAtomic(path: string, bytes: Uint8Array | string): void;
  size(path: string): number;
  /** Permission bits, for files that nobody else may read. */
  mode(path: string): number;
  /** Makes a folder (0700) with those above it, when it is not there. */
  makeFolder(path: string): void;
  /** Names in a folder; none when it is not there. */
  list(path: string): string[];
  /** Removes a file; one that is not there is fine. */
  remove(path: string): void;
}

/** A file that only grows; `truncate` is for cutting a torn tail at boot. */
export interface AppendFile {
  readonly path: string;
  size(): number;
  append(bytes: Uint8Array): void;
  read(offset: number, length: number): Uint8Array;
  truncate(size: number): void;
  sync(): void;
  close(): void;
}

/**
 * Where a request may lead. public: the internet alone. lan: private networks too, for what was found on one, and never
 * this machine. given: an origin that a person named, which may be on a private
 * network, and on this machine when its name says so; every other origin is public.
 */
export type Reach = 'public' | 'lan' | { readonly given: string };

export interface NetRequest {
  readonly reach: Reach;
  readonly method?: string;
  readonly headers?: Headers | Readonly<Record<string, string>>;
  readonly body?: string | Uint8Array;
  readonly signal?: AbortSignal | null;
  /** Of the answer’s body: 1 MiB when absent. */
  readonly maxBytes?: number;
  /** For the whole exchange, to the last byte: 10 s when absent, null for streams and long calls that `signal` ends. */
  readonly timeoutMs?: number | null;
}

/** The network as agents are reached through it: the only way out by HTTP, guarded (engine/net/net.ts). */
export interface Net {
  /**
   * One request. A redirect is an answer like any other and never followed. Throws MeshError address_refused, without
   * connecting, for link-local and metadata addresses, addresses outside of `reach`, ports of this daemon, and URLs with
   * a user name; the reason of `signal`; Error ETOOBIG and
   * ETIMEDOUT (also while the body is read) when a limit is passed; and what the system says of a connection that fails.
   */
  fetch(url: string, init: NetRequest): Promise<Response>;
  /**
   * A WebSocket (WHATWG) to where an http: or https: address leads, connecting. Rejects as `fetch` does before it
   * connects; what happens after that, the socket tells.
   */
  webSocket(url: string, init: Pick<NetRequest, 'reach'>): Promise<WebSocket>;
  /** A port of this daemon: no request ever goes there. */
  keepOff(port: number): void;
}

/** HTTP over a Unix socket of this machine. */
export interface LocalHttp {
  /**
   * GET of `path`, the body whole. Rejects with the system's error (ENOENT, EACCES, ECONNREFUSED), when the body is over
   * `limit` bytes, and when `signal` aborts.
   */
  get(
    socket: string,
    path: string,
    options: { readonly host: string; readonly limit: number; readonly signal: AbortSignal },
  ): Promise<{ readonly status: number; readonly body: string }>;
}

export type Log = Pick<Logger, 'debug' | 'info' | 'warn' | 'error'>;

/**
 * A named place where a test may end the process (kill -9). In production `reach` does nothing.
 * Names are a closed list so that the reliability suite can hit each of them.
 */
export interface CrashPoints {
  reach(point: CrashPoint): void;
}

export const CRASH_POINTS = [
  'commit.before',
  'commit.after',
  'mirror.during',
  'invoke.sent',
  'outcome.before-commit',
  'recover.during',
] as const;
export type CrashPoint = (typeof CRASH_POINTS)[number];

export interface Ports {
  readonly clock: Clock;
  readonly ids: Ids;
  readonly random: Random;
  readonly disk: Disk;
  readonly net: Net;
  readonly log: Log;
  readonly crash: CrashPoints;
}
