// Questions of a run: asked to a person of the mesh, answered back to the gateway.
import { z } from 'zod';
import type { ApprovalAnswer, InvokeRequest, Sink } from '../adapter.ts';
import { FAMILIES, type Asked, type Family } from './asked.ts';
import type { Connection, GatewayEvent } from './connection.ts';
import { GatewayRefusal, LineLost } from './faults.ts';

const ResolvedSchema = z.object({ id: z.string() });

interface Open {
  readonly withdrawn: AbortController;
  /** What goes back, once it is decided. */
  reply: Readonly<Record<string, unknown>> | null;
}

export interface ApprovalsParts {
  readonly request: Pick<InvokeRequest, 'key'>;
  readonly sessionKey: string;
  readonly sink: Pick<Sink, 'approval'>;
  /** The connection as it is now; null while it is being made again. */
  readonly connection: () => Connection | null;
  /** Tells a person something about a question, in the trace. */
  readonly tell: (text: string) => void;
  /** The engine could not take a question. */
  readonly onFault: (error: unknown) => void;
}

/** What one run asks. */
export class Approvals {
  readonly #parts: ApprovalsParts;
  readonly #open = new Map<string, Open>();

  constructor(parts: ApprovalsParts) {
    this.#parts = parts;
  }

  take({ event, payload }: GatewayEvent): void {
    for (const family of FAMILIES) {
      if (event === `${family.name}.requested`) this.#requested(family, payload);
      if (event !== `${family.name}.resolved`) continue;
      const resolved = ResolvedSchema.safeParse(payload);
      if (resolved.success) this.#open.get(resolved.data.id)?.withdrawn.abort();
    }
  }

  /** What is open at the gateway: after a connection was made (again). A family that the gateway keeps from us is left out. */
  async backfill(connection: Connection): Promise<void> {
    for (const family of FAMILIES) {
      try {
        const answer = await connection.request(`${family.name}.list`, {});
        for (const row of family.rows(answer)) this.#requested(family, row);
      } catch (error) {
        if (!(error instanceof GatewayRefusal)) throw error;
      }
    }
  }

  /** The run has ended: nothing is asked any more. */
  close(): void {
    for (const { withdrawn } of this.#open.values()) withdrawn.abort();
  }

  #requested(family: Family, payload: unknown): void {
    const asked = family.read(payload);
    if (asked === null) return;
    const { request, sessionKey, tell, onFault } = this.#parts;
    if (asked.runId !== request.key && asked.sessionKey !== sessionKey) return;
    const known = this.#open.get(asked.id);
    if (known !== undefined) {
      // It was decided while the line was down, and the gateway has not heard.
      if (known.reply !== null) void this.#answer(family, asked, known.reply).catch(onFault);
      return;
    }
    const open: Open = { withdrawn: new AbortController(), reply: null };
    this.#open.set(asked.id, open);
    if (asked.unasked !== null) tell(asked.unasked);
    else this.#ask(family, asked, open).catch(onFault);
  }

  async #ask(family: Family, asked: Asked, open: Open): Promise<void> {
    const { sink } = this.#parts;
    const answers: ApprovalAnswer[] = await Promise.all(
      asked.asks.map((ask) =>
        sink.approval({ ...ask, expiresAt: asked.expiresAt, withdrawn: open.withdrawn.signal }),
      ),
    );
    open.reply = asked.reply(answers);
    if (open.reply !== null) await this.#answer(family, asked, open.reply);
  }

  async #answer(family: Family, asked: Asked, reply: Readonly<Record<string, unknown>>): Promise<void> {
    const { connection, tell } = this.#parts;
    try {
      await connection()?.request(`${family.name}.resolve`, reply);
    } catch (error) {
      // A lost line is made again, and the open questions are looked at then.
      if (error instanceof LineLost) return;
      if (!(error instanceof GatewayRefusal)) throw error;
      // Somebody else was faster, or the answer is none that the gateway takes: then the run must not wait for another.
      const isGone = this.#open.get(asked.id)?.withdrawn.signal.aborted === true;
      if (isGone || asked.giveUp === null || reply === asked.giveUp) return;
      tell(`OpenClaw did not take the answer: ${error.message}`);
      await this.#answer(family, asked, asked.giveUp);
    }
  }
}
