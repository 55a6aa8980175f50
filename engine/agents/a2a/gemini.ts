// Forms of Gemini CLI’s A2A server (0.25.2, A2A 0.3), as it was seen to write them: metadata.coderAgent, content in data parts.
import type { AdapterEvent } from '../adapter.ts';

type Bag = Readonly<Record<string, unknown>>;

const bag = (value: unknown): Bag =>
  typeof value === 'object' && value !== null && !Array.isArray(value) ? (value as Bag) : {};

const PHASES: Readonly<Record<string, 'start' | 'update' | 'end'>> = {
  validating: 'start',
  scheduled: 'start',
  executing: 'update',
  awaiting_approval: 'update',
  success: 'end',
  error: 'end',
  cancelled: 'end',
};

/** What a call came to: what is shown of it, else what the model was told; a refusal or a failure is its error. */
const resultOf = (status: string, response: unknown): { output: unknown; error?: unknown } => {
  const { resultDisplay, responseParts } = bag(response);
  const [first] = Array.isArray(responseParts) ? (responseParts as unknown[]) : [];
  const told = bag(bag(bag(first)['functionResponse'])['response']);
  const output = resultDisplay ?? told['output'] ?? told['error'] ?? response ?? null;
  return status === 'success' ? { output } : { output, error: told['error'] ?? status };
};

/** The event that an update of the server carries, if any; `data` is the data part beside it. */
export const readGemini = (metadata: unknown, data: unknown): AdapterEvent | null => {
  const found = bag(metadata);
  const { kind } = bag(found['coderAgent']);
  const content = bag(data);
  if (kind === 'thought') {
    const words = [content['subject'], content['description']].filter(
      (each) => typeof each === 'string' && each !== '',
    );
    return { kind: 'reasoning', payload: { text: words.join(': ') } };
  }
  const problem = found['error'];
  if (kind === 'state-change' && typeof problem === 'string')
    return { kind: 'error', payload: { code: 'agent_failed', message: problem } };
  if (kind !== 'tool-call-update' && kind !== 'tool-call-confirmation') return null;
  const call = bag(content['request']);
  const status = String(content['status']);
  const phase = PHASES[status];
  if (phase === undefined || typeof call['name'] !== 'string') return null;
  return {
    kind: 'tool',
    payload: {
      name: call['name'],
      phase,
      ...(typeof call['callId'] === 'string' ? { call_id: call['callId'] } : {}),
      ...(phase === 'start' ? { input: call['args'] } : {}),
      ...(phase === 'end' ? resultOf(status, content['response']) : {}),
    },
  };
};

/** A tool call that waits for a person’s yes at the agent. */
export interface PendingCall {
  readonly callId: string;
  readonly name: string;
  /** What would be done, as the agent tells it. */
  readonly operation: unknown;
}

/** What a data part says of a call: that it waits for a yes, that it does not any more, or (null) nothing. */
export const readCall = (
  data: unknown,
): { readonly callId: string; readonly pending: PendingCall | null } | null => {
  const content = bag(data);
  const call = bag(content['request']);
  const { callId, name } = call;
  if (typeof callId !== 'string' || typeof name !== 'string') return null;
  const { status, confirmationDetails } = content;
  if (typeof status !== 'string' || !(status in PHASES)) return null;
  const operation = { args: call['args'] ?? null, ...bag(confirmationDetails) };
  return { callId, pending: status === 'awaiting_approval' ? { callId, name, operation } : null };
};

/** Whether the message is a piece of a text that goes on: it streams its answer so. */
export const isTextPiece = (metadata: unknown): boolean =>
  bag(bag(metadata)['coderAgent'])['kind'] === 'text-content';

/** The call whose output an artifact is by its id, or null: the server shows the screen of a command as an artifact. */
export const outputOf = (artifactId: string): string | null =>
  /^tool-(.+)-output$/.exec(artifactId)?.[1] ?? null;

/** Whether a task is one of this server: it keeps its own state with it. */
export const isOfGemini = (metadata: unknown): boolean => '__persistedState' in bag(metadata);

/** What it says, with the state input-required, when it has ended a turn because the connection broke that began it. */
export const isCutOff = (text: string): boolean => text === 'Execution aborted by client.';

/** What that is to us. */
export const CUT_OFF = 'The agent ended its task when the connection to it broke';
