// Questions of a run before it executes something: asked to a person of the mesh, answered back to the gateway.
import type { ApprovalAnswer, InvokeRequest, Sink } from '../adapter.ts';
import type { Connection, GatewayEvent } from './connection.ts';
import { GatewayRefusal, LineLost } from './faults.ts';
import { ApprovalResolvedSchema, ExecApprovalSchema, type ExecApproval } from './frames.ts';

const TITLE_CHARS = 200;

type Decision = 'allow-once' | 'deny';

/** What a person said, in OpenClaw’s words; null when there is nothing to say. Allowed is always once. */
const decisionOf = ({ decision }: ApprovalAnswer): Decision | null => {
  if (decision === 'allow') return 'allow-once';
  return decision === 'withdrawn' ? null : 'deny';
};

interface Asked {
  readonly withdrawn: AbortController;
  decision: Decision | null;
}

/** The approvals of one run. */
export class ExecApprovals {
  readonly #request: Pick<InvokeRequest, 'key'>;
  readonly #sessionKey: string;
  readonly #sink: Pick<Sink, 'approval'>;
  readonly #connection: () => Connection | null;
  readonly #onFault: (error: unknown) => void;
  readonly #asked = new Map<string, Asked>();

  constructor(parts: {
    readonly request: Pick<InvokeRequest, 'key'>;
    readonly sessionKey: string;
    readonly sink: Pick<Sink, 'approval'>;
    /** The connection as it is now; null while it is being made again. */
    readonly connection: () => Connection | null;
    /** The engine could not take a question. */
    readonly onFault: (error: unknown) => void;
  }) {
    this.#request = parts.request;
    this.#sessionKey = parts.sessionKey;
    this.#sink = parts.sink;
    this.#connection = parts.connection;
    this.#onFault = parts.onFault;
  }

  take({ event, payload }: GatewayEvent): void {
    if (event === 'exec.approval.requested') this.#requested(payload);
    if (event !== 'exec.approval.resolved') return;
    const resolved = ApprovalResolvedSchema.safeParse(payload);
    if (resolved.success) this.#asked.get(resolved.data.id)?.withdrawn.abort();
  }

  /** What is open at the gateway: after a connection was made (again). */
  async backfill(connection: Connection): Promise<void> {
    const open = await connection.request('exec.approval.list', {});
    if (!Array.isArray(open)) return;
    for (const row of open as readonly unknown[]) this.#requested(row);
  }

  /** The run has ended: nothing is asked any more. */
  close(): void {
    for (const { withdrawn } of this.#asked.values()) withdrawn.abort();
  }

  #requested(payload: unknown): void {
    const parsed = ExecApprovalSchema.safeParse(payload);
    if (!parsed.success) return;
    const { id, request } = parsed.data;
    if (request.runId !== this.#request.key && request.sessionKey !== this.#sessionKey) return;
    const known = this.#asked.get(id);
    if (known !== undefined) {
      // It was decided while the line was down, and the gateway has not heard.
      if (known.decision !== null) void this.#answer(id, known.decision);
      return;
    }
    const asked: Asked = { withdrawn: new AbortController(), decision: null };
    this.#asked.set(id, asked);
    this.#ask(parsed.data, asked).catch(this.#onFault);
  }

  async #ask({ id, request, expiresAtMs }: ExecApproval, asked: Asked): Promise<void> {
    const { command, cwd = null, host = null, agentId = null, toolCallId = null } = request;
    const answer = await this.#sink.approval({
      nativeId: id,
      kind: 'permission',
      title: `run: ${command.replace(/\s+/g, ' ')}`.slice(0, TITLE_CHARS),
      tool: 'exec',
      operation: { command, cwd, host, agent: agentId, tool_call_id: toolCallId },
      expiresAt: expiresAtMs ?? null,
      withdrawn: asked.withdrawn.signal,
    });
    asked.decision = decisionOf(answer);
    if (asked.decision !== null) await this.#answer(id, asked.decision);
  }

  async #answer(id: string, decision: Decision): Promise<void> {
    try {
      await this.#connection()?.request('exec.approval.resolve', { id, decision });
    } catch (error) {
      // A lost line is made again, and the open questions are looked at then. A refusal: somebody else was faster.
      if (!(error instanceof LineLost) && !(error instanceof GatewayRefusal)) throw error;
    }
  }
}
