// Every command that a page names exists: of agentmesh, of agentmeshd, of npm; and the examples of the README are valid.
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import { COMMANDS, commandOf, GROUPS } from '#cli/command-line/table';
import { createTemplates } from '#engine/templates/load';
import { parseBootstrap } from '#engine/discovery/bootstrap';
import { existsInTree, pages, readPage, ROOT } from './pages.ts';

/** Words of a command line, up to the first option, value or sign. */
const plainWords = (text: string): string[] => {
  const words = text.trim().split(/\s+/);
  const end = words.findIndex((word) => !/^[a-z]+$/.test(word));
  return end === -1 ? words : words.slice(0, end);
};

/** What stands in code on a page: blocks and backticks. */
const codeOf = (text: string): readonly string[] => [
  ...[...text.matchAll(/^```\w*\n([\s\S]*?)^```$/gm)].flatMap(([, block = '']) => block.split('\n')),
  ...[...text.matchAll(/`([^`\n]+)`/g)].map(([, word = '']) => word),
];

/** Command lines of a program on a page, without its own name. */
const linesOf = (page: string, program: string): readonly string[] =>
  codeOf(readPage(page)).flatMap((code) => {
    const [, rest] = new RegExp(`^(?:npx )?${program} (.+)$`).exec(code.trim()) ?? [];
    return rest === undefined ? [] : [rest];
  });

const manifest = JSON.parse(readFileSync(join(ROOT, 'package.json'), 'utf8')) as {
  readonly scripts: Readonly<Record<string, string>>;
};
const daemonSource = readFileSync(join(ROOT, 'cli/agentmeshd.ts'), 'utf8');

describe('commands on the pages', () => {
  it('of agentmesh are in the table of commands', () => {
    for (const page of pages())
      for (const line of linesOf(page, 'agentmesh')) {
        const words = plainWords(line);
        const [first = ''] = words;
        if (words.length === 0 || first in GROUPS) continue;
        assert.notEqual(commandOf(words), null, `${page}: agentmesh ${line}`);
      }
  });

  it('of agentmeshd exist', () => {
    for (const page of pages())
      for (const line of linesOf(page, 'agentmeshd')) {
        const [first = ''] = plainWords(line);
        assert.ok(daemonSource.includes(`paths = [['${first}']]`), `${page}: agentmeshd ${line}`);
      }
  });

  it('of npm are scripts of package.json', () => {
    for (const page of pages())
      for (const line of linesOf(page, 'npm run')) {
        const script = line.split(/\s+/).find((word) => !word.startsWith('-')) ?? '';
        assert.ok(script in manifest.scripts, `${page}: npm run ${line}`);
      }
  });

  it('of node name files that exist', () => {
    for (const page of pages())
      for (const line of linesOf(page, 'node')) {
        const file = line.split(/\s+/).find((word) => /^[\w.-]+(\/[\w.-]+)*\.ts$/.test(word));
        if (file !== undefined) assert.ok(existsInTree(file), `${page}: node ${line}`);
      }
  });

  it('of the README cover the first steps', () => {
    const named = linesOf('README.md', 'agentmesh').map((line) => commandOf(plainWords(line))?.name);
    for (const step of [
      'up',
      'agents add',
      'discover',
      'run',
      'trace',
      'team run',
      'runs get',
      'verify',
      'down',
    ]) {
      assert.ok(step in COMMANDS);
      assert.ok(named.includes(step), step);
    }
  });
});

describe('examples of the README', () => {
  const block = (language: string): string =>
    new RegExp(`^\`\`\`${language}\\n([\\s\\S]*?)^\`\`\`$`, 'm').exec(readPage('README.md'))?.[1] ?? '';

  it('its team can run', async () => {
    const templates = createTemplates({ dirs: [] });
    try {
      const { ok, problems } = await templates.check(block('yaml'));
      assert.deepEqual([ok, problems], [true, []]);
    } finally {
      await templates.close();
    }
  });

  it('its bootstrap file is one', () => {
    const parsed = parseBootstrap(block('json'));
    assert.ok('entries' in parsed);
    assert.deepEqual([parsed.entries.length, parsed.problems], [2, []]);
  });
});
