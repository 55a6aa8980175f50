// The ACP connection of one program: the SDK’s client between what is said to the program and what it prints.
import * as acp from '@agentclientprotocol/sdk';
import { z } from 'zod';
import { AgentFault } from '../../processes/agent-fault.ts';

/** Requests of the agent that may wait for our answer at once. */
const QUESTIONS_OPEN = 32;

const Id = z.union([z.string(), z.number()]);
const Message = z.looseObject({ id: Id.optional(), method: z.string().optional() });

export type PermissionRequest = acp.RequestPermissionRequest;
export type PermissionResponse = acp.RequestPermissionResponse;

export interface WireEnds {
  /** Writes one message to the program. */
  readonly say: (message: unknown) => void;
  /** A session/update, as it came. Awaited before the next message is looked at. */
  readonly onUpdate: (params: unknown) => Promise<void>;
  /** A question for a person. `signal` aborts when the agent takes it back or is gone. */
  readonly onPermission: (request: PermissionRequest, signal: AbortSignal) => Promise<PermissionResponse>;
}

export interface Wire {
  readonly agent: acp.ClientContext;
  /** Takes one message of the program. Throws AgentFault. */
  take(message: unknown): Promise<void>;
  /** Whether something came that nobody asked for. */
  isOdd(): boolean;
  /** Nothing more comes: what has not been answered by then never is, and its promises reject. */
  close(): void;
}

/**
 * Opens the connection. Updates do not go through the SDK: it neither awaits their handlers nor keeps their order with
 * the answer of the prompt, and it drops an update whole when it has a shape that the SDK does not know.
 */
export const openWire = ({ say, onUpdate, onPermission }: WireEnds): Wire => {
  const asked = new Set<string | number>();
  let openQuestions = 0;
  let isOdd = false;
  let input: ReadableStreamDefaultController<acp.AnyMessage> | null = null;
  const stream: acp.Stream = {
    readable: new ReadableStream({
      start(controller) {
        input = controller;
      },
    }),
    writable: new WritableStream({
      write(message) {
        const { id, method } = message as { id?: string | number; method?: string };
        if (id !== undefined && method !== undefined) asked.add(id);
        if (id !== undefined && method === undefined) openQuestions -= 1;
        say(message);
      },
    }),
  };
  const connection = acp
    .client({ name: 'agentmesh' })
    .onRequest(acp.methods.client.session.requestPermission, ({ params, signal }) =>
      onPermission(params, signal),
    )
    .connect(stream);
  connection.closed.catch(() => undefined);

  return {
    agent: connection.agent,
    async take(message) {
      const known = Message.safeParse(message);
      if (!known.success)
        throw new AgentFault('invalid_agent_response', 'The agent sent no JSON-RPC message');
      const { id, method } = known.data;
      if (method === acp.methods.client.session.update) {
        await onUpdate(known.data['params']);
        return;
      }
      // An answer to something that nobody asked, or asked again, is not passed on.
      if (method === undefined && (id === undefined || !asked.delete(id))) {
        isOdd = true;
        return;
      }
      // Of notifications only the one that takes a question back means something here.
      if (id === undefined && method !== acp.methods.protocol.cancelRequest) return;
      if (id !== undefined && method !== undefined && (openQuestions += 1) > QUESTIONS_OPEN) {
        throw new AgentFault(
          'invalid_agent_response',
          `The agent asked more than ${String(QUESTIONS_OPEN)} things at once`,
        );
      }
      input?.enqueue({ ...known.data, jsonrpc: '2.0' } as acp.AnyMessage);
    },
    isOdd: () => isOdd,
    close() {
      try {
        input?.close();
      } catch {
        // Closed before.
      }
      input = null;
    },
  };
};
