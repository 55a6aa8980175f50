// The answer of a call: which text it is, and writing it on a terminal while it is still coming.
import type { View } from '#api/contract/view';
import type { EventV1 } from '#machines/nouns/event';
import { escapeText } from './escape.ts';
import type { Terminal } from './terminal.ts';

/** The text of a finished call: its last whole message, else its last artifact; null when it left neither. */
export const answerOf = (view: View): string | null => {
  const [call] = view.calls;
  if (call?.answer !== null && call?.answer !== undefined && call.answer !== '') return call.answer;
  const last = view.items.findLast((item) => !item.late && item.kind === 'artifact' && item.text !== '');
  return last?.text ?? view.items.findLast((item) => !item.late && item.kind === 'message')?.text ?? null;
};

export interface AnswerStream {
  take(view: View, event: EventV1): Promise<void>;
  /** Completes what was written to the whole answer. */
  end(answer: string | null): Promise<void>;
}

/** Writes pieces as they come. Escaped as a whole: a control sequence may be cut in two between pieces. */
export const answerStream = (terminal: Terminal): AnswerStream => {
  let written = '';
  const upTo = async (text: string): Promise<boolean> => {
    const safe = escapeText(text);
    if (!safe.startsWith(written)) return false;
    await terminal.out(safe.slice(written.length));
    written = safe;
    return true;
  };
  return {
    take: async (view, event) => {
      if (event.kind !== 'message' || event.metadata['delta'] !== true || event.metadata['late'] === true)
        return;
      const item = view.items.findLast((each) => each.kind === 'message');
      // The end of a piece may be the beginning of a sequence: it is held back until more is there.
      const text = (item?.text ?? '').replace(/[\u001b\u0090\u0098\u009b\u009d-\u009f\r][^\n]{0,64}$/u, '');
      await upTo(text);
    },
    end: async (answer) => {
      if (answer !== null && !(await upTo(answer))) {
        await terminal.out(`${written === '' ? '' : '\n'}${escapeText(answer)}`);
        written = 'written';
      }
      if (written !== '' && !written.endsWith('\n')) await terminal.out('\n');
    },
  };
};
