// The templates that ship and every example of docs/teams.md are what the checker takes them for.
import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import { after, describe, it } from 'node:test';
import { fileURLToPath } from 'node:url';
import { resolveInputs } from './inputs.ts';
import { createTemplates } from './load.ts';

const root = new URL('../../', import.meta.url);
const read = (path: string): string => readFileSync(new URL(path, root), 'utf8');
const templates = createTemplates({
  dirs: [{ dir: fileURLToPath(new URL('templates', root)), origin: 'shipped' }],
});
after(() => templates.close());

const docs = read('docs/teams.md');
const blocks = [...docs.matchAll(/^```yaml( \w+)?\n([\s\S]*?)^```/gm)].map((match) => ({
  kind: match[1]?.trim() ?? '',
  text: match[2] ?? '',
  line: docs.slice(0, match.index).split('\n').length,
}));

/** The head that a block of steps alone needs to be a template. */
const withHead = (steps: string): string =>
  `apiVersion: agentmesh/v1\nkind: Team\nname: example\nroles: { reader: { skill: read }, tester: { skill: test } }\n${steps}`;

/** The names of all properties that a JSON Schema declares. */
const keysIn = (node: unknown): Set<string> => {
  if (typeof node !== 'object' || node === null) return new Set();
  const own =
    'properties' in node && typeof node.properties === 'object' ? Object.keys(node.properties ?? {}) : [];
  return new Set([...own, ...Object.values(node).flatMap((inner) => [...keysIn(inner)])]);
};

describe('docs/teams.md', () => {
  assert.ok(blocks.length >= 4);
  for (const { kind, text, line } of blocks)
    it(`line ${line}: a ${kind} example`, async () => {
      assert.match(kind, /^(?:team|steps|later)$/, 'each block says what it is');
      const { problems } = await templates.check(kind === 'steps' ? withHead(text) : text);
      const errors = problems.filter(({ severity }) => severity === 'error');
      if (kind !== 'later') assert.deepEqual(errors, []);
      else {
        assert.ok(errors.length >= 8);
        assert.deepEqual([...new Set(errors.map(({ code }) => code))], ['not_supported_yet']);
      }
    });

  it('names every key of the language', () => {
    const keys = keysIn(JSON.parse(read('templates/team.schema.json')));
    assert.ok(keys.size > 40);
    assert.deepEqual(
      [...keys].filter((key) => !new RegExp(`\\b${key}\\b`).test(docs)),
      [],
    );
  });
});

describe('templates that ship', () => {
  const names = readdirSync(new URL('templates', root), { withFileTypes: true })
    .filter((entry) => entry.isDirectory())
    .map(({ name }) => name);

  for (const name of names)
    it(`${name} runs today, is readable by editors and takes its sample input`, async () => {
      const { template, check, text } = await templates.pin({ name });
      assert.equal(template.name, name);
      assert.deepEqual(check.problems, []);
      assert.equal(text.split('\n')[0], '# yaml-language-server: $schema=../team.schema.json');
      const sample = JSON.parse(read(`templates/${name}/input.example.json`)) as Record<string, unknown>;
      assert.ok(Object.keys(resolveInputs(template.inputs, sample)).length > 0);
      assert.match(read(`templates/${name}/README.md`), new RegExp(`^# ${name}\n`));
    });

  it('are all listed, without faults', async () => {
    const list = await templates.list();
    assert.deepEqual(
      list.map(({ name }) => name),
      [...names].sort(),
    );
    assert.ok(list.every(({ problems, steps }) => problems === 0 && steps.length === 4));
  });
});
