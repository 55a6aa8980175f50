// What the agent in a fake container does with a prompt: the words of the contract, and some of its own.
// The runner gives it the hands of a real one: messages by tool, messages in the final text, tools, files.
import { setTimeout as sleep } from 'node:timers/promises';

/** What a turn may do while it lasts. */
export interface Hands {
  /** send_message: a message while the turn goes on. */
  send(text: string): void;
  /** A tool is in flight until `work` is over. */
  tool(name: string, work: () => Promise<void>): Promise<void>;
  /** send_file: puts a file into the outbox and sends it. */
  file(name: string, bytes: string | Uint8Array, text?: string): void;
  /** A row as it is, for what only a broken or hostile container would write. */
  raw(row: Readonly<Record<string, unknown>>): void;
  /** What was said before in the same conversation. */
  readonly memory: readonly string[];
  /** Aborts when the turn is aborted or the container dies. */
  readonly signal: AbortSignal;
}

/** The final text of the turn; null: no `<message>` block in it. Thrown: the provider failed. */
export type TurnResult = { readonly answers: readonly string[] } | { readonly unwrapped: string };

const say = (...answers: string[]): TurnResult => ({ answers });

/** Does one prompt. Throws what a provider throws. */
export const turn = async (prompt: string, hands: Hands): Promise<TurnResult> => {
  const [word = ''] = prompt.split(' ', 1);
  const rest = prompt.slice(word.length + 1);
  const [head = '0'] = rest.split(' ', 1);
  const tail = rest.slice(head.length + 1);
  const wait = (ms: number): Promise<unknown> => sleep(ms, undefined, { signal: hands.signal });
  switch (word) {
    case 'echo':
      return say(rest);
    case '1+1':
      return say('2');
    case 'recall':
      return say(`before: ${hands.memory.join(', ')}`);
    case 'repeat':
      return say(tail.repeat(Number(head)));
    case 'stream':
      return say(Array.from({ length: Number(rest) }, (_, at) => `p${String(at)}`).join(' '));
    case 'tool':
      await hands.tool('Bash', async () => {
        await wait(500);
      });
      return say('used a tool');
    case 'reason':
      return say('done');
    case 'artifact':
      hands.file('result.json', '{"answer":42}');
      await wait(300);
      return say('here it is');
    case 'file':
      hands.file(head, Buffer.from(tail, 'base64'), 'look at this');
      await wait(300);
      return say('sent');
    case 'fail':
      throw new Error('the model is broken');
    case 'hang':
      hands.send('started');
      await hands.tool('Bash', async () => {
        await wait(60_000);
      });
      return say('never');
    case 'wait':
      hands.send('started');
      await wait(Number(head));
      return say(tail);
    case 'interim':
      hands.send('first');
      hands.send('second');
      await wait(Number(head));
      return say('third');
    case 'bytool':
      // The answer goes out by the tool; the turn ends a moment later with nothing to send.
      hands.send(rest);
      await wait(400);
      return { unwrapped: '<internal>done</internal>' };
    case 'silent':
      return { unwrapped: '<internal>nothing to say</internal>' };
    case 'unwrapped':
      return { unwrapped: rest };
    case 'raw':
      hands.raw(JSON.parse(rest) as Readonly<Record<string, unknown>>);
      await wait(300);
      return say('done');
    default:
      return say(`unknown word ${word}`);
  }
};
