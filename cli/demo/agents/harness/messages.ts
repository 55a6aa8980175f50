// A2A 1.0 messages as the sample agents write and read them.
import { randomUUID } from 'node:crypto';
import type { Artifact, Message, Part, Task, TaskState, TaskStatus } from '@a2a-js/sdk';
import { Role } from '@a2a-js/sdk';
import { LIMITS } from '#machines/nouns/limits';
import type { Ask, Result } from './work.ts';
import { asRecord, WorkFault } from './work.ts';

/** The metadata key under which tool calls, thoughts and errors travel; clients that do not know it lose nothing else. */
export const TRACE = 'https://agentmesh.dev/ext/trace/v1';

/** What stands under TRACE. */
export type Trace =
  | { readonly kind: 'tool'; readonly payload: Readonly<Record<string, unknown>> }
  | { readonly kind: 'reasoning'; readonly payload: { readonly text: string } }
  | {
      readonly kind: 'error';
      readonly payload: { readonly code: string; readonly message: string; readonly retryable: boolean };
    };

export const textPart = (text: string, mediaType = 'text/plain'): Part => ({
  content: { $case: 'text', value: text },
  metadata: undefined,
  filename: '',
  mediaType,
});

const dataPart = (value: unknown): Part => ({
  content: { $case: 'data', value },
  metadata: undefined,
  filename: '',
  mediaType: 'application/json',
});

/** A message of the agent within a task. */
export const agentMessage = (task: Task, text: string, trace: Trace | null = null): Message => ({
  messageId: randomUUID(),
  contextId: task.contextId,
  taskId: task.id,
  role: Role.ROLE_AGENT,
  parts: [textPart(text)],
  metadata: trace === null ? undefined : { [TRACE]: trace },
  extensions: trace === null ? [] : [TRACE],
  referenceTaskIds: [],
});

export const statusNow = (state: TaskState, message?: Message): TaskStatus => ({
  state,
  message,
  timestamp: new Date().toISOString(),
});

/** The artifacts of a result: its named texts, then the answer as text and as data. */
export const resultArtifacts = (result: Result): Artifact[] => [
  ...(result.artifacts ?? []).map(({ name, text, mime }) => ({
    artifactId: randomUUID(),
    name,
    description: '',
    parts: [textPart(text, mime)],
    metadata: undefined,
    extensions: [],
  })),
  {
    artifactId: randomUUID(),
    name: 'result',
    description: '',
    parts: [textPart(result.text), dataPart(result.data)],
    metadata: undefined,
    extensions: [],
  },
];

const partText = (part: Part): string => (part.content?.$case === 'text' ? part.content.value : '');

/** What a message asks: its texts are the prompt, its data parts carry inputs and outputs. */
export const readAsk = (message: Message): Ask => {
  const prompt = message.parts
    .map(partText)
    .filter((text) => text !== '')
    .join('\n');
  if (Buffer.byteLength(prompt) > LIMITS.promptBytes)
    throw new WorkFault('invalid_input', `the prompt is longer than ${LIMITS.promptBytes} bytes`);
  const data = message.parts
    .map((part) => (part.content?.$case === 'data' ? asRecord(part.content.value as unknown) : {}))
    .reduce((all, one) => ({ ...all, ...one }), {});
  return {
    prompt,
    inputs: asRecord(data['inputs']),
    outputs: asRecord(data['outputs']),
    key: message.messageId,
  };
};
