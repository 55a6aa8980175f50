// An adapter folder cannot exist without the contract suite, and not without its line in the list of adapters.
import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, it } from 'node:test';

const AGENTS = join(import.meta.dirname, '..', '..', 'engine', 'agents');
const folders = readdirSync(AGENTS, { withFileTypes: true })
  .filter((entry) => entry.isDirectory())
  .map(({ name }) => name);

describe('adapter folders', () => {
  it('are there', () => {
    assert.ok(folders.length >= 2, folders.join());
  });

  for (const kind of folders)
    it(`${kind}: runs the contract suite under its own name, and is listed`, () => {
      const test = readFileSync(join(AGENTS, kind, `${kind}.test.ts`), 'utf8');
      assert.match(test, /from '\.\.\/adapter\.testsuite\.ts'/);
      assert.match(test, new RegExp(`adapterContract\\(\\s*'${kind}'`));
      assert.match(readFileSync(join(AGENTS, 'adapters.ts'), 'utf8'), new RegExp(`'\\./${kind}/`));
      assert.match(readFileSync(join(AGENTS, kind, 'adapter.ts'), 'utf8'), new RegExp(`kind: '${kind}'`));
    });
});
