// Who asks: decided by the door alone. No header, field or parameter of a request can say anything about it.
import type { IncomingMessage } from 'node:http';
import { loopbackCaller, socketCaller, type Caller } from '#engine/index';
import type { Door } from './door.ts';

/** What a program says of itself goes into the audit as text: printable and short. */
const agentText = (request: IncomingMessage): string =>
  (request.headers['user-agent'] ?? '').replace(/[^\x20-\x7e]/g, '?').slice(0, 200);

/** The caller of a request that came through a door. */
export const authenticate = (door: Pick<Door, 'kind'>, request: IncomingMessage): Caller =>
  door.kind === 'socket'
    ? socketCaller(`uid:${String(process.getuid?.() ?? 'unknown')}`)
    : loopbackCaller(agentText(request));
