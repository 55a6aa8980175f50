// The path of a file is the command; every command can be found, is explained, and has examples that are right.
import assert from 'node:assert/strict';
import { readdirSync } from 'node:fs';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { Cli } from 'clipanion';
import { longName, synopsis, takesValue, VALUES } from './synopsis.ts';
import { COMMANDS, commandOf } from './table.ts';

const FOLDER = fileURLToPath(new URL('../commands/', import.meta.url));

void test('the words of each command are the path of its file', async () => {
  const files = readdirSync(FOLDER, { recursive: true, encoding: 'utf8' })
    .filter((file) => file.endsWith('.ts') && !file.endsWith('.test.ts'))
    .map((file) => file.slice(0, -3).split(/[/\\]/).join(' '));
  assert.deepEqual(Object.keys(COMMANDS).sort(), files.sort());
  for (const [name, entry] of Object.entries(COMMANDS)) {
    const command = await entry.load();
    assert.deepEqual(command.paths, [name.split(' ')], name);
  }
});

void test('every command says what it does and shows how, with examples that parse', async () => {
  for (const [name, entry] of Object.entries(COMMANDS)) {
    const command = await entry.load();
    const { description = '', examples = [] } = command.usage ?? {};
    assert.ok(description.length > 10 && !description.endsWith('.'), `${name} has no description`);
    assert.ok(examples.length > 0, `${name} has no example`);
    const cli = Cli.from(command, { binaryName: 'agentmesh' });
    for (const [about, line] of examples) {
      const typed = /\$0 ([^|&<>)]*)/.exec(line)?.[1]?.trim() ?? '';
      const words = (typed.match(/(?:"[^"]*"|[^\s"])+/g) ?? []).map((word) => word.replaceAll('"', ''));
      const found = commandOf(words);
      assert.equal(found?.name, name, `${about}: ${line}`);
      cli.process([...name.split(' '), ...words.slice(found.words)], Cli.defaultContext);
    }
  }
});

void test('every option that takes a value says which, and the line of usage names every argument', async () => {
  for (const [name, entry] of Object.entries(COMMANDS)) {
    const [definition] = Cli.from(await entry.load(), { binaryName: 'agentmesh' }).definitions();
    assert.ok(definition !== undefined, name);
    for (const { definition: option } of definition.options)
      if (takesValue(option)) assert.ok(VALUES[longName(option)], `${name} ${option}`);
    assert.doesNotMatch(synopsis(definition), /#|\.\.\.|VALUE\b(?<!NAME=VALUE)/, name);
  }
});

void test('the longest words win, and an alias leads to its command', () => {
  assert.deepEqual(commandOf(['team', 'run', 'code-fix']), { name: 'team run', words: 2 });
  assert.deepEqual(commandOf(['run', 'team']), { name: 'run', words: 1 });
  assert.deepEqual(commandOf(['agents']), { name: 'agents list', words: 1 });
  assert.deepEqual(commandOf(['agents', 'get', 'x']), { name: 'agents get', words: 2 });
  assert.equal(commandOf(['team']), null);
  assert.equal(commandOf(['constructor']), null);
});
