// What a sample agent is: a name, skills, and one function that does the work, whoever asks and by whatever protocol.

export interface Skill {
  readonly id: string;
  readonly name: string;
  readonly description: string;
  readonly tags: readonly string[];
  readonly examples: readonly string[];
}

/** What is asked: the prompt, and the data that came beside it. */
export interface Ask {
  readonly prompt: string;
  readonly inputs: Readonly<Record<string, unknown>>;
  /** Outputs of earlier steps by step id. */
  readonly outputs: Readonly<Record<string, unknown>>;
  /** The same key twice is the same work: its effects happen once. */
  readonly key: string;
}

/** How the work is seen from outside while it goes on. */
export interface Desk {
  /** Aborted when the work is not wanted any more: end children and throw. */
  readonly signal: AbortSignal;
  /** Where scratch copies may be made. */
  readonly scratch: string;
  /** Announces a phase of the work (and slows it down when the agent was started with --delay-ms). */
  phase(text: string): Promise<void>;
  /** A thought: why it does what it does next. */
  think(text: string): void;
  /** Runs something as a tool call: its start, its end and what came out are reported. */
  tool<T>(name: string, input: unknown, call: () => Promise<T>, shown?: (result: T) => unknown): Promise<T>;
  /** Records that an effect is done now; tests read how often each happened per key. */
  effect(name: string): void;
  /** Saves what finds the result again if the agent dies right now; durable when it returns. */
  checkpoint(value: unknown): void;
}

export interface Artifact {
  readonly name: string;
  readonly text: string;
  readonly mime: string;
}

export interface Result {
  /** The answer for people. */
  readonly text: string;
  /** The answer for programs. */
  readonly data: Readonly<Record<string, unknown>>;
  readonly artifacts?: readonly Artifact[];
}

export interface Agent {
  readonly name: string;
  readonly description: string;
  readonly skills: readonly Skill[];
  work(ask: Ask, desk: Desk): Promise<Result>;
  /** After a crash: the result of work whose effect had happened already, or null when it had not. */
  recover?(checkpoint: unknown): Promise<Result | null>;
}

/** invalid_input: the task cannot be taken as it is. agent_failed: it was tried and did not work. */
export type FaultCode = 'invalid_input' | 'agent_failed';

/** Work that ended badly, in words for people. */
export class WorkFault extends Error {
  readonly code: FaultCode;
  /** Whether asking again may help. */
  readonly retryable: boolean;
  /** What is known nevertheless. */
  readonly data: Readonly<Record<string, unknown>> | null;

  constructor(
    code: FaultCode,
    message: string,
    options: { readonly retryable?: boolean; readonly data?: Readonly<Record<string, unknown>> } = {},
  ) {
    super(message);
    this.name = 'WorkFault';
    this.code = code;
    this.retryable = options.retryable ?? false;
    this.data = options.data ?? null;
  }
}

/** A map of keys, or an empty one for anything else. */
export const asRecord = (value: unknown): Readonly<Record<string, unknown>> =>
  typeof value === 'object' && value !== null && !Array.isArray(value)
    ? (value as Readonly<Record<string, unknown>>)
    : {};

/** The first of `values` that is a text with something in it. */
export const firstText = (...values: readonly unknown[]): string | null =>
  values.find((value): value is string => typeof value === 'string' && value.trim() !== '') ?? null;

/** The first value of a key in the outputs of earlier steps, the latest step first. */
export const fromOutputs = (ask: Ask, key: string): unknown =>
  Object.values(ask.outputs)
    .map((output) => asRecord(output)[key])
    .filter((value) => value !== undefined)
    .at(-1);
