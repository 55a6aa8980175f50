// What a row of messages_out says, out of whatever stands in it.
import type { OutRow } from './mail.ts';
import { CHANNEL } from './place.ts';

/** A row in terms of a run. */
export type Said =
  | {
      readonly kind: 'message';
      readonly text: string;
      readonly files: readonly string[];
      /** The runner’s word for a provider that failed. */
      readonly isFailure: boolean;
    }
  /** The text of an earlier row is replaced. */
  | { readonly kind: 'edit'; readonly id: string; readonly text: string }
  /** Worth a line in the trace, no more. */
  | { readonly kind: 'note'; readonly text: string }
  | { readonly kind: 'nothing' };

/** A name of a file in the outbox: NanoClaw itself takes base names only. */
const isFileName = (name: unknown): name is string =>
  typeof name === 'string' &&
  name !== '' &&
  name !== '.' &&
  name !== '..' &&
  name.length <= 255 &&
  !/[/\\\0]/.test(name);

const record = (value: unknown): Record<string, unknown> =>
  typeof value === 'object' && value !== null && !Array.isArray(value)
    ? (value as Record<string, unknown>)
    : {};

const parse = (content: string): unknown => {
  try {
    return JSON.parse(content) as unknown;
  } catch {
    // A container that writes plain text means that text.
    return content;
  }
};

const string = (value: unknown): string => (typeof value === 'string' ? value : '');

/** The words of a card: its title and what stands under it. */
const cardText = (content: Record<string, unknown>): string => {
  const fallback = string(content['fallbackText']);
  if (fallback !== '') return fallback;
  const card = record(content['card']);
  return [string(card['title']), string(card['description'])].filter((line) => line !== '').join('\n');
};

const questionText = (content: Record<string, unknown>): string => {
  const options = Array.isArray(content['options'])
    ? content['options'].map((option) => string(record(option)['label']) || string(option))
    : [];
  return [
    [string(content['title']), string(content['question'])].filter((line) => line !== '').join(': '),
    ...options.filter((label) => label !== '').map((label) => `- ${label}`),
  ].join('\n');
};

const NOTHING: Said = { kind: 'nothing' };

const ownSaid = (row: OutRow, parsed: unknown): Said => {
  const content = record(parsed);
  const text = typeof parsed === 'string' ? parsed : string(content['text']);
  if (content['operation'] === 'edit') return { kind: 'edit', id: string(content['messageId']), text };
  if (content['operation'] !== undefined) return NOTHING;
  const message = (words: string, isFailure = false): Said => ({
    kind: 'message',
    text: words,
    files: Array.isArray(content['files']) ? content['files'].filter(isFileName) : [],
    isFailure,
  });
  if (content['type'] === 'ask_question') return message(questionText(content));
  if (content['type'] === 'card') return message(cardText(content));
  const isFailure =
    content['failureNotice'] === true || (row.inReplyTo === null && text.startsWith('Error: '));
  return message(text, isFailure);
};

/** What a run is known by in its session. */
export interface Known {
  /** The address of the conversation. */
  readonly platform: string;
  /** The message of the run. */
  readonly messageId: string;
  /** What the row of the message is tagged with. */
  readonly thread: string;
}

/** Whether a row answers something else that was said in the same conversation. */
const isOfAnother = ({ inReplyTo, thread }: OutRow, known: Known): boolean =>
  (inReplyTo !== null && inReplyTo !== known.messageId) || (thread !== null && thread !== known.thread);

/** What a row says to the mesh. */
export const saidBy = (row: OutRow, known: Known): Said => {
  if (row.content === null) return { kind: 'note', text: 'The agent wrote something that cannot be read' };
  if (row.kind === 'system') {
    const action = string(record(parse(row.content))['action']);
    return action === '' ? NOTHING : { kind: 'note', text: `The agent asks NanoClaw for ${action}` };
  }
  if (row.channel !== CHANNEL || row.platform !== known.platform)
    return { kind: 'note', text: `The agent wrote to ${row.channel ?? 'somebody'}` };
  if (isOfAnother(row, known)) return NOTHING;
  if (row.isForLater) return { kind: 'note', text: 'The agent left a message for later' };
  return ownSaid(row, parse(row.content));
};
