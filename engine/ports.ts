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

/** The network as agents are reached through it. */
export interface Net {
  fetch(url: string, init?: RequestInit): Promise<Response>;
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
