// The short title of a timeline row in the chosen language; machine words that no catalogue knows stay as they are. Pure.
import type { TimelineItem } from '#api/contract/view';
import type { Catalogue } from '../../util/texts/catalogue.ts';
import { isStatusWord } from '../icons.ts';

const words = (word: string): string => word.replaceAll('_', ' ');

const isMove = (word: string, t: Catalogue): word is keyof Catalogue['moves'] => Object.hasOwn(t.moves, word);

const isApprovalWord = (word: string, t: Catalogue): word is keyof Catalogue['approval']['words'] =>
  Object.hasOwn(t.approval.words, word);

/** `Working`, `fixer`, `read_file`, `modify → test`. */
export const itemTitle = (item: TimelineItem, t: Catalogue): string => {
  switch (item.kind) {
    case 'status':
      if (item.transition !== null) return isMove(item.word, t) ? t.moves[item.word] : words(item.word);
      if (isApprovalWord(item.word, t)) return t.approval.words[item.word];
      if (item.word === 'submitted') return t.status.queued;
      return isStatusWord(item.word) ? t.status[item.word] : words(item.word);
    case 'tool':
      return item.title;
    case 'artifact':
      return item.title === 'artifact' ? t.kinds.artifact : item.title;
    case 'message':
      return item.word === 'agent' || item.word === 'message' ? t.kinds.message : words(item.word);
    case 'reasoning':
      return t.kinds.reasoning;
    case 'error':
      return item.title;
  }
};
