// The admin door of a NanoClaw host, data/ncl.sock: one JSON line asks, one answers, and the connection ends.
import { createConnection } from 'node:net';
import { z } from 'zod';
import type { Clock } from '../../ports.ts';
import { Fault, systemCode } from './fault.ts';
import { nclSocket } from './place.ts';

/** A host answers in milliseconds; one that does not in this time is not well. */
const ANSWER_MS = 5_000;
/** A list of ten thousand sessions is 3 MiB. */
const ANSWER_BYTES = 8 * 1024 * 1024;

const AnswerSchema = z.union([
  z.object({ ok: z.literal(true), data: z.unknown() }),
  z.object({ ok: z.literal(false), error: z.object({ code: z.string(), message: z.string() }) }),
]);

/** An admin command and what goes with it, as it travels. */
export interface Command {
  readonly command: string;
  readonly args: Readonly<Record<string, string | number>>;
}

/** Whom to ask, and until when. */
export interface Asking {
  readonly clock: Clock;
  readonly dir: string;
  readonly signal?: AbortSignal;
}

/** NanoClaw understood the command and did not do it. */
export class Refused extends Fault {
  readonly reason: string;

  constructor(command: string, code: string, message: string) {
    super(
      code === 'unknown-command' ? 'invalid_agent_response' : 'agent_failed',
      code === 'unknown-command'
        ? `This NanoClaw has no command ${command}`
        : `NanoClaw did not do ${command}: ${message}`,
    );
    this.reason = message;
  }
}

/** A socket that cannot be used, in words. */
export const socketFault = (path: string, error: unknown): Fault => {
  const code = systemCode(error);
  const what =
    code === 'EACCES' || code === 'EPERM'
      ? `${path} may not be opened by this user: NanoClaw’s sockets belong to the user that runs it`
      : code === 'ENOENT'
        ? `NanoClaw does not run: ${path} is not there`
        : `NanoClaw does not run: nobody listens on ${path}`;
  return new Fault('agent_unreachable', what, { cause: error });
};

const exchange = ({ clock, dir, signal }: Asking, line: string): Promise<string> => {
  const path = nclSocket(dir);
  return new Promise((resolve, reject) => {
    const socket = createConnection(path);
    const parts: Buffer[] = [];
    let size = 0;
    const end = (settle: () => void): void => {
      forget();
      signal?.removeEventListener('abort', onAbort);
      socket.destroy();
      settle();
    };
    const fail = (fault: Fault): void => {
      end(() => {
        reject(fault);
      });
    };
    const onAbort = (): void => {
      fail(new Fault('agent_unreachable', 'NanoClaw did not answer in time'));
    };
    const forget = clock.after(ANSWER_MS, onAbort);
    signal?.addEventListener('abort', onAbort, { once: true });
    socket.on('connect', () => socket.write(line));
    socket.on('data', (bytes) => {
      parts.push(bytes);
      size += bytes.length;
      if (size > ANSWER_BYTES) {
        fail(new Fault('invalid_agent_response', 'NanoClaw answered more than can be read'));
      } else if (bytes.includes(10)) {
        end(() => {
          resolve(Buffer.concat(parts).toString('utf8').split('\n', 1)[0] ?? '');
        });
      }
    });
    socket.on('error', (error) => {
      fail(socketFault(path, error));
    });
    socket.on('close', () => {
      fail(new Fault('agent_unreachable', 'NanoClaw closed the connection without an answer'));
    });
    if (signal?.aborted === true) onAbort();
  });
};

/**
 * Sends one admin command and answers its data.
 * Throws Fault: agent_unreachable when nobody answers, invalid_agent_response when the answer is none, Refused when the
 * host did not do it.
 */
export const ask = async (asking: Asking, { command, args }: Command): Promise<unknown> => {
  const line = await exchange(asking, `${JSON.stringify({ id: 'agentmesh', command, args })}\n`);
  let answer: unknown;
  try {
    answer = JSON.parse(line);
  } catch (error) {
    throw new Fault('invalid_agent_response', 'What answers on data/ncl.sock is not NanoClaw', {
      cause: error,
    });
  }
  const parsed = AnswerSchema.safeParse(answer);
  if (!parsed.success)
    throw new Fault('invalid_agent_response', 'What answers on data/ncl.sock is not NanoClaw');
  if (parsed.data.ok) return parsed.data.data;
  const { code, message } = parsed.data.error;
  throw new Refused(command, code, message);
};
