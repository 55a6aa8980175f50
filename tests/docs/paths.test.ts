// What the pages point at exists: paths in backticks, internal links, and the anchors behind them.
import assert from 'node:assert/strict';
import { readdirSync } from 'node:fs';
import { describe, it } from 'node:test';
import { anchorsOf, existsInTree, inBackticks, internalLinks, pages, readPage, ROOT } from './pages.ts';

/** Pages that are maps of the tree. */
const MAPS = ['ARCHITECTURE.md', 'CONTRIBUTING.md', 'README.md', 'SECURITY.md', 'docs/acceptance.md'];
/** Dated pages are never edited; what they name may have moved since. */
const DATED = 'docs/adr/';
/** Made by commands of ours, so they are there only afterwards. */
const MADE = /^(node_modules|dist|tests\/artifacts)(\/|$)/;
/** Folders of a data folder, which are not in the tree. */
const IN_DATA_FOLDER = ['agent-keys/', 'artifacts/', 'programs/', 'templates/'];
/** Rooms inside console/src/app, named as people say them there. */
const CONSOLE_ROOMS = ['pages/', 'data/', 'ui/', 'util/', 'shell/'];

const roots = new Set(readdirSync(ROOT));

/** Whether a word reads as a path of the tree: it begins with something at the top, and is no pattern. */
const isTreePath = (word: string): boolean => {
  if (/[\s<>*{}…$=:]/.test(word) || MADE.test(word)) return false;
  const [first = ''] = word.split('/');
  return word.includes('/') && roots.has(first);
};

/** Whether a word looks like a path of ours although nothing at the top is called so. */
const isLostPath = (word: string): boolean =>
  /^[\w.-]+(\/[\w.-]+)*\/?$/.test(word) &&
  word.includes('/') &&
  !roots.has(word.split('/')[0] ?? '') &&
  !IN_DATA_FOLDER.includes(word) &&
  !CONSOLE_ROOMS.includes(word);

describe('pages of the checkout', () => {
  for (const page of pages().filter((each) => !each.startsWith(DATED)))
    it(`${page}: every path in backticks exists`, () => {
      const words = inBackticks(readPage(page));
      const missing = words.filter((word) => isTreePath(word) && !existsInTree(word));
      assert.deepEqual(missing, []);
      if (!MAPS.includes(page)) return;
      assert.deepEqual(
        words.filter(isLostPath),
        [],
        'looks like a path, and nothing at the top of the tree is called so',
      );
      assert.ok(words.filter(isTreePath).length > 3, 'the page names paths');
    });

  for (const page of pages())
    it(`${page}: every internal link leads somewhere`, () => {
      const broken = internalLinks(page).filter(
        ({ path, anchor }) =>
          !existsInTree(path) ||
          (anchor !== null && path.endsWith('.md') && !anchorsOf(readPage(path)).has(anchor)),
      );
      assert.deepEqual(broken, []);
    });

  it('ARCHITECTURE.md names nine stops, each with a path in front', () => {
    const stops = [...readPage('ARCHITECTURE.md').matchAll(/^(\d)\. \*\*`([^`]+)`\*\*/gm)];
    assert.deepEqual(
      stops.map(([, number]) => Number(number)),
      [1, 2, 3, 4, 5, 6, 7, 8, 9],
    );
    for (const [, , path = ''] of stops) assert.ok(existsInTree(path), path);
  });
});
