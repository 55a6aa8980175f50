// The messages that we send: a request as text with data beside it, and what was answered; ids are made from the key.
import { createHash } from 'node:crypto';
import { Role, type Message, type Part, type SendMessageRequest } from '@a2a-js/sdk';
import type { MeshFile } from '#machines/nouns/file';
import { AskedFactsSchema } from '#machines/nouns/origin';
import type { InvokeRequest } from '../adapter.ts';

/** A UUID from a text (RFC 9562, version 8: SHA-256, first 16 bytes): the same text is the same id for ever. */
const uuidOf = (text: string): string => {
  const bytes = createHash('sha256').update(text).digest().subarray(0, 16);
  bytes.writeUInt8((bytes.readUInt8(6) & 0x0f) | 0x80, 6);
  bytes.writeUInt8((bytes.readUInt8(8) & 0x3f) | 0x80, 8);
  return bytes.toString('hex').replace(/^(.{8})(.{4})(.{4})(.{4})(.{12})$/, '$1-$2-$3-$4-$5');
};

/** The context of a key. */
export const contextIdOf = (key: string): string => uuidOf(`agentmesh:context:${key}`);

/** The message that answers a question of the run with this key: the same answer sent twice has the same id. */
export const answerIdOf = (key: string, question: string): string =>
  uuidOf(`agentmesh:answer:${key}:${question}`);

const part = (content: Part['content'], mediaType: string): Part => ({
  content,
  metadata: undefined,
  filename: '',
  mediaType,
});

/** A part that says something. */
export const textPart = (text: string): Part => part({ $case: 'text', value: text }, 'text/plain');

/** A part for programs. */
export const dataPart = (data: unknown): Part => part({ $case: 'data', value: data }, 'application/json');

const sendable = (
  message: Pick<Message, 'messageId' | 'contextId' | 'taskId' | 'parts'>,
): SendMessageRequest => ({
  tenant: '',
  metadata: undefined,
  configuration: undefined,
  message: {
    ...message,
    role: Role.ROLE_USER,
    metadata: undefined,
    extensions: [],
    referenceTaskIds: [],
  },
});

/** A message with how it shall be taken: `returnImmediately` for agents that are polled. */
export const configured = (request: SendMessageRequest, returnImmediately: boolean): SendMessageRequest => ({
  ...request,
  configuration: { acceptedOutputModes: [], taskPushNotificationConfig: undefined, returnImmediately },
});

const filePart = ({ name = '', mime = '', url, base64 = '' }: MeshFile): Part => ({
  ...part(
    url === undefined ? { $case: 'raw', value: Buffer.from(base64, 'base64') } : { $case: 'url', value: url },
    mime,
  ),
  filename: name,
});

/** Files that came with the request behind a run are parts of their own; the rest of it stays in the data. */
const withFilesApart = (
  data: InvokeRequest['data'],
): { readonly data: InvokeRequest['data']; readonly files: readonly MeshFile[] } => {
  const asked = AskedFactsSchema.safeParse(data['asked']);
  if (!asked.success) return { data, files: [] };
  const { parts } = asked.data;
  const files = parts.flatMap((each) => ('file' in each ? [each.file] : []));
  return {
    data: { ...data, asked: { ...asked.data, parts: parts.filter((each) => !('file' in each)) } },
    files,
  };
};

/** The request as a message. */
export const toMessage = (request: InvokeRequest): SendMessageRequest => {
  const { data, files } = withFilesApart(request.data);
  return sendable({
    messageId: request.key,
    contextId: contextIdOf(request.key),
    taskId: '',
    parts: [
      textPart(request.prompt),
      ...(Object.keys(data).length === 0 ? [] : [dataPart(data)]),
      ...files.map(filePart),
    ],
  });
};

/** What was answered, as the next message of the same task. */
export const toAnswer = (
  task: { readonly taskId: string; readonly contextId: string },
  messageId: string,
  parts: readonly Part[],
): SendMessageRequest => sendable({ messageId, ...task, parts: [...parts] });
