// Hands a message to a NanoClaw host: one routed line on data/cli.sock. Such a line evicts nobody who chats there.
import { createConnection } from 'node:net';
import type { Clock } from '../../ports.ts';
import { Fault } from './fault.ts';
import { socketFault } from './ncl.ts';
import { CHANNEL, cliSocket, SENDER } from './place.ts';

/** A host takes a line in milliseconds. */
const TAKE_MS = 5_000;
/** U+2060 WORD JOINER: not seen, not trimmed. */
const JOINER = '\u2060';

/**
 * The prompt as text: the host takes what begins with a slash for a command to itself or to the agent’s program, and
 * drops some of them without a word. Nobody sees the joiner.
 */
export const asText = (prompt: string): string => (/^\s*\//.test(prompt) ? JOINER + prompt : prompt);

/** Where a line goes: an address, the thread that opens a session where the host keeps threads, and what it is known by. */
export interface Routed {
  readonly platform: string;
  readonly thread: string;
  /** The row of the message is found again by it. */
  readonly tag: string;
}

/** The tags of what makes a conversation forget begin so. */
export const CLEARS = 'clear';

/** What the mesh itself says in a conversation is known by a tag of its own: before a task, after it, and in its middle. */
export const ownTag = (word: 'clear' | 'cleared' | 'stop', thread: string): string => `${word}:${thread}`;

/**
 * A routed line. What is said about answers is the operator’s word to the host and is never changed, so the tag stands
 * in the row of the message whatever becomes of the thread.
 */
export const routedLine = (
  text: string,
  { platform, thread, tag }: Routed,
  sender: { readonly sender?: string; readonly senderId?: string } = SENDER,
): string => {
  const address = { channelType: CHANNEL, platformId: platform };
  const to = { ...address, threadId: thread };
  return `${JSON.stringify({ text, to, reply_to: { ...address, threadId: tag }, ...sender })}\n`;
};

/**
 * Sends one line; resolves when the host’s side has it. Throws Fault agent_unreachable when nobody takes it.
 */
export const sendLine = (clock: Clock, dir: string, line: string): Promise<void> => {
  const path = cliSocket(dir);
  return new Promise((resolve, reject) => {
    const socket = createConnection(path);
    const end = (settle: () => void): void => {
      forget();
      settle();
    };
    const forget = clock.after(TAKE_MS, () => {
      end(() => {
        socket.destroy();
        reject(new Fault('agent_unreachable', `NanoClaw took nothing on ${path} in time`));
      });
    });
    socket.on('error', (error) => {
      end(() => {
        reject(socketFault(path, error));
      });
    });
    // The host answers nothing to a routed line; that our side is closed shows that all of it was written.
    socket.on('finish', () => {
      end(resolve);
      socket.resume();
    });
    socket.end(line);
  });
};
