// What is said with one ACP program over all its sessions: greeted once, a session for each run, and nothing of one in another.
import { methods, PROTOCOL_VERSION, type ClientContext } from '@agentclientprotocol/sdk';
import { z } from 'zod';
import type { Clock } from '../../ports.ts';
import { AgentFault } from '../../processes/agent-fault.ts';
import type { Talk } from '../../processes/kept.ts';
import { openWire, type PermissionRequest, type PermissionResponse, type Wire } from './wire.ts';

/** An agent gets this long to close a session; the next run may be waiting for it. */
const CLOSE_MS = 1_000;

const InitializedSchema = z.object({
  protocolVersion: z.number(),
  authMethods: z.unknown().optional(),
  agentInfo: z
    .object({ name: z.string(), title: z.string().nullish().catch(undefined), version: z.string().catch('') })
    .nullish()
    .catch(undefined),
  agentCapabilities: z
    .object({ sessionCapabilities: z.object({ close: z.looseObject({}).nullish() }).nullish() })
    .nullish()
    .catch(undefined),
});
export type Initialized = z.infer<typeof InitializedSchema>;

/** An answer as it must be. Throws AgentFault. */
export const answered = <T>(schema: z.ZodType<T>, answer: unknown, to: string): T => {
  const parsed = schema.safeParse(answer);
  if (parsed.success) return parsed.data;
  throw new AgentFault('invalid_agent_response', `The agent’s answer to ${to} is not what ACP says`);
};

/**
 * Greets the agent. Files and terminals of ours are not offered, so agents read, write and run things by their own
 * means, in their own sandbox. Throws AgentFault (also for another version of ACP), RequestError.
 */
export const initialize = async (agent: ClientContext): Promise<Initialized> => {
  const answer = await agent.request(methods.agent.initialize, {
    protocolVersion: PROTOCOL_VERSION,
    clientCapabilities: { fs: { readTextFile: false, writeTextFile: false }, terminal: false },
    clientInfo: { name: 'agentmesh', title: 'AgentMesh', version: '1' },
  });
  const initialized = answered(InitializedSchema, answer, 'initialize');
  if (initialized.protocolVersion !== PROTOCOL_VERSION)
    throw new AgentFault(
      'invalid_agent_response',
      `The agent speaks ACP ${String(initialized.protocolVersion)}, not ${String(PROTOCOL_VERSION)}`,
    );
  return initialized;
};

/** The run that the program has at work. */
export interface Seat {
  /** Null until the session is there. */
  readonly sessionId: () => string | null;
  readonly onUpdate: (params: unknown) => Promise<void>;
  readonly onPermission: (question: PermissionRequest, signal: AbortSignal) => Promise<PermissionResponse>;
}

export class AcpLine implements Talk {
  readonly #clock: Clock;
  readonly #wire: Wire;
  readonly #sessions = new Set<string>();
  #seat: Seat | null = null;
  #greeted: Initialized | null = null;
  #isOdd = false;

  constructor(clock: Clock, say: (message: unknown) => void) {
    this.#clock = clock;
    this.#wire = openWire({
      say,
      onUpdate: async (params) => this.#seat?.onUpdate(params),
      onPermission: (question, signal) => this.#asked(question, signal),
    });
  }

  get agent(): ClientContext {
    return this.#wire.agent;
  }

  /** What the agent said of itself; null before it was greeted. */
  get greeted(): Initialized | null {
    return this.#greeted;
  }

  /** From now on what the agent says is for this run. */
  seat(seat: Seat): void {
    this.#seat = seat;
  }

  /** Greets the agent and logs in, the first time. Throws what initialize and the login throw. */
  async greet(authenticate: string | null, asking: (what: string) => void): Promise<void> {
    if (this.#greeted !== null) return;
    asking('initialize');
    const greeted = await initialize(this.agent);
    this.#greeted = greeted;
    if (authenticate === null) return;
    asking('authenticate');
    await this.agent.request(methods.agent.authenticate, { methodId: authenticate });
  }

  /** A new session has this id. Throws AgentFault when an earlier one had it: the two could not be told apart. */
  opened(sessionId: string): void {
    if (this.#sessions.has(sessionId)) {
      this.#isOdd = true;
      throw new AgentFault('invalid_agent_response', `The agent gave the session id ${sessionId} twice`);
    }
    this.#sessions.add(sessionId);
  }

  take(value: unknown): Promise<void> {
    return this.#wire.take(value);
  }

  over(): void {
    this.#wire.close();
  }

  isFit(): boolean {
    return !this.#isOdd && !this.#wire.isOdd();
  }

  /** The run is over: nobody hears its session any more, and the agent closes it where it can. False when it did not. */
  async leave(sessionId: string): Promise<boolean> {
    this.#seat = null;
    const close = this.#greeted?.agentCapabilities?.sessionCapabilities?.close;
    if (close === null || close === undefined) return true;
    const late = Promise.withResolvers<boolean>();
    const forget = this.#clock.after(CLOSE_MS, () => {
      late.resolve(false);
    });
    const closed = this.agent.request(methods.agent.session.close, { sessionId }).then(
      () => true,
      () => false,
    );
    return Promise.race([closed, late.promise]).finally(forget);
  }

  /** Only the session at work may ask a person; the answer to any other is that nobody is there. */
  async #asked(question: PermissionRequest, signal: AbortSignal): Promise<PermissionResponse> {
    const seat = this.#seat;
    if (seat !== null && seat.sessionId() === question.sessionId) return seat.onPermission(question, signal);
    this.#isOdd = true;
    return { outcome: { outcome: 'cancelled' } };
  }
}
