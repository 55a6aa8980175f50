// The written pages as the tests of this folder read them: text, links, headings, words in backticks.
import { existsSync, globSync, readFileSync } from 'node:fs';
import { dirname, join, normalize } from 'node:path';
import { fileURLToPath } from 'node:url';
import { format, type Options } from 'prettier';

export const ROOT = fileURLToPath(new URL('../../', import.meta.url));
const PRETTIER = JSON.parse(readFileSync(join(ROOT, '.prettierrc.json'), 'utf8')) as Options;

/** Markdown of this folder and of the top level, relative to the checkout. */
export const pages = (): readonly string[] =>
  globSync(['*.md', 'docs/**/*.md', 'templates/**/*.md'], { cwd: ROOT }).sort();

export const readPage = (page: string): string => readFileSync(join(ROOT, page), 'utf8');

/** Whether a path from the top of the checkout leads to a file or folder. */
export const existsInTree = (path: string): boolean => existsSync(join(ROOT, path));

const FENCE = /^(`{3,}|~{3,})[^\n]*\n[\s\S]*?^\1[^\S\n]*$/gm;

/** A page without its code blocks: what is prose and tables. */
export const proseOf = (text: string): string => text.replace(FENCE, '');

/** What stands in backticks in the prose, in order. */
export const inBackticks = (text: string): readonly string[] =>
  [...proseOf(text).matchAll(/`([^`\n]+)`/g)].map(([, word = '']) => word);

export interface Link {
  /** From the top of the checkout, without the part after `#`; the page itself for a link within it. */
  readonly path: string;
  readonly anchor: string | null;
}

/** Links and pictures of a page that lead into the checkout. */
export const internalLinks = (page: string): readonly Link[] =>
  [...proseOf(readPage(page)).matchAll(/\]\(([^)\s]+)\)/g)]
    .map(([, target = '']) => target)
    .filter((target) => !/^[a-z][a-z0-9+.-]*:/.test(target))
    .map((target) => {
      const [file = '', anchor = null] = target.split('#');
      return { path: file === '' ? page : normalize(join(dirname(page), file)), anchor };
    });

/** The anchors of a page: its headings as GitHub names them, and names given by hand. */
export const anchorsOf = (text: string): ReadonlySet<string> => {
  const anchors = new Set<string>();
  for (const [, heading = ''] of proseOf(text).matchAll(/^#{1,6} (.+)$/gm)) {
    const slug = heading
      .toLowerCase()
      .replace(/[^\p{L}\p{N}\s_-]/gu, '')
      .trim()
      .replace(/\s/g, '-');
    let name = slug;
    for (let n = 1; anchors.has(name); n += 1) name = `${slug}-${String(n)}`;
    anchors.add(name);
  }
  for (const [, name = ''] of text.matchAll(/<a (?:id|name)="([^"]+)">/g)) anchors.add(name);
  return anchors;
};

/** Text as it may stand in a cell of a table. */
export const inCell = (text: string): string => text.replaceAll('|', '\\|').replaceAll('\n', ' ');

/** A page with `text` between `<!-- name: … -->` and `<!-- end of name -->`, in place of what stood there. */
export const betweenMarks = (page: string, name: string, text: string): string => {
  const marked = new RegExp(`(<!-- ${name}:[^\\n]*-->\\n)[\\s\\S]*?(<!-- end of ${name} -->)`);
  if (!marked.test(page)) throw new Error(`the page has no place for ${name}`);
  return page.replace(marked, (_, begin: string, end: string) => `${begin}\n${text}\n\n${end}`);
};

/** Markdown as Prettier lays it out here. */
export const layOut = (text: string): Promise<string> => format(text, { ...PRETTIER, parser: 'markdown' });
