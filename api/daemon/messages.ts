// What supervisor and worker say to each other over their IPC channel, and what a worker is told at birth.
import type { DaemonInfo } from './info.ts';

/** The worker's one argument, as JSON. */
export interface WorkerOrder {
  /** Flags of `agentmeshd start`, as text; the worker checks them. */
  readonly flags: StartFlags;
  /** Log to stderr as well, in lines for people. */
  readonly readable: boolean;
  readonly colour: boolean;
}

/** As given on the command line; absent = not given. Paths are absolute. */
export interface StartFlags {
  readonly dataDir?: string;
  readonly host?: string;
  readonly port?: string;
  readonly bootstrap?: string;
  readonly redis?: string;
  readonly synchronous?: string;
  readonly discovery?: string;
  readonly announce?: string;
  readonly logLevel?: string;
}

/** A start that cannot succeed: a code of the catalogue with its words and exit code. */
export interface StartFailure {
  readonly code: string;
  readonly message: string;
  readonly remedy: string;
  readonly exit: number;
}

export type WorkerMessage =
  | { readonly type: 'log'; readonly file: string }
  | { readonly type: 'ready'; readonly info: DaemonInfo }
  | { readonly type: 'failed'; readonly failure: StartFailure };

export type SupervisorMessage = { readonly type: 'stop'; readonly hurry: boolean };

/** What the supervisor tells whoever started it in the background. */
export type StartReport =
  | { readonly type: 'ready'; readonly info: DaemonInfo }
  | { readonly type: 'failed'; readonly failure: StartFailure }
  | { readonly type: 'gave-up'; readonly message: string; readonly lines: readonly string[] };

const TYPES = ['log', 'ready', 'failed', 'stop', 'gave-up'];

/** Whether something received is one of our messages: both ends are the same program, so the type is enough. */
export const isMessage = <M extends WorkerMessage | SupervisorMessage | StartReport>(
  value: unknown,
): value is M =>
  typeof value === 'object' &&
  value !== null &&
  'type' in value &&
  typeof value.type === 'string' &&
  TYPES.includes(value.type);
