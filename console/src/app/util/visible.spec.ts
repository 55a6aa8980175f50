// What hides in a text is written out; everything that people write stays as it is.
import { visible } from './visible.ts';

describe('visible', () => {
  it('writes out what turns text round, hides in it, or controls a terminal', () => {
    expect(visible('user\u202Enimda\u202C')).toBe('user<U+202E>nimda<U+202C>');
    expect(visible('a\u200Bb\uFEFFc\u2066d\u{E0041}')).toBe('a<U+200B>b<U+FEFF>c<U+2066>d<U+E0041>');
    expect(visible('\u001B[31mred\u0000\u009B1m')).toBe('<U+001B>[31mred<U+0000><U+009B>1m');
    expect(visible('one\u2028two')).toBe('one<U+2028>two');
  });

  it('leaves the writings of the world, their joiners, tabs and lines alone', () => {
    for (const text of ['שלום עולם', 'می‌خواهم', '👩‍👩‍👧 🇨🇳', 'e\u0301', 'a\tb\r\nc', '中文', ''])
      expect(visible(text)).toBe(text);
  });
});
