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

/** A routed line: the message of a thread to one address. */
export const routedLine = (text: string, platform: string, thread: string): string =>
  `${JSON.stringify({ text, to: { channelType: CHANNEL, platformId: platform, threadId: thread }, ...SENDER })}\n`;

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
