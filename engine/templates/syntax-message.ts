// What the YAML parser says about a broken text, in the words of somebody who writes a team.
import type { YAMLError } from 'yaml';

const WORDS: readonly (readonly [RegExp, string])[] = [
  [/^Flow map/, 'a `{` before this is not closed with `}`'],
  [/^Flow sequence/, 'a `[` before this is not closed with `]`'],
  [
    /^Sequence item without|items must start at the same column/,
    'wrong indentation: keys and items that belong together begin in the same column',
  ],
  [/^Nested mappings are not allowed/, 'a second `: ` on one line; put a text that holds a colon in quotes'],
  [/^Tabs are not allowed/, 'a tab; indent with blanks'],
  [/^Implicit map keys need to be followed/, 'a `:` is missing behind the key'],
  [/^Implicit keys need to be on a single line/, 'neither a `key: value` nor part of the line above'],
  [/^Missing closing/, 'a quote before this is not closed'],
  [/^Plain value cannot start/, 'a text cannot begin with this character; put it in quotes'],
];

/** One plain sentence; the parser’s own where it is plain enough. */
export const syntaxMessage = ({ message }: YAMLError): string =>
  WORDS.find(([says]) => says.test(message))?.[1] ?? message.replace(/ at line \d+[\s\S]*$/, '');
