// The message that a request becomes: text for people and models, data beside it, ids made from the key.
import { createHash } from 'node:crypto';
import { Role, type Part, type SendMessageRequest } from '@a2a-js/sdk';
import type { InvokeRequest } from '../adapter.ts';

/** A UUID from a key (RFC 9562, version 8: SHA-256, first 16 bytes): the same key is the same context for ever. */
export const contextIdOf = (key: string): string => {
  const bytes = createHash('sha256').update(`agentmesh:context:${key}`).digest().subarray(0, 16);
  bytes.writeUInt8((bytes.readUInt8(6) & 0x0f) | 0x80, 6);
  bytes.writeUInt8((bytes.readUInt8(8) & 0x3f) | 0x80, 8);
  return bytes.toString('hex').replace(/^(.{8})(.{4})(.{4})(.{4})(.{12})$/, '$1-$2-$3-$4-$5');
};

const part = (content: Part['content'], mediaType: string): Part => ({
  content,
  metadata: undefined,
  filename: '',
  mediaType,
});

/** The request of A2A SendMessage; `returnImmediately` for agents that are polled. */
export const toMessage = (request: InvokeRequest, returnImmediately: boolean): SendMessageRequest => ({
  tenant: '',
  metadata: undefined,
  configuration: { acceptedOutputModes: [], taskPushNotificationConfig: undefined, returnImmediately },
  message: {
    messageId: request.key,
    contextId: contextIdOf(request.key),
    taskId: '',
    role: Role.ROLE_USER,
    parts: [
      part({ $case: 'text', value: request.prompt }, 'text/plain'),
      ...(Object.keys(request.data).length === 0
        ? []
        : [part({ $case: 'data', value: request.data }, 'application/json')]),
    ],
    metadata: undefined,
    extensions: [],
    referenceTaskIds: [],
  },
});
