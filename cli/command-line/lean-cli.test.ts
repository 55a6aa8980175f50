// The parser that knows only the options a line can mean understands each line as the one that knows them all.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Cli, type CommandClass } from 'clipanion';
import fc from 'fast-check';
import { commandFrom, wholeCli } from './lean-cli.ts';
import { COMMANDS } from './table.ts';

const context = Cli.defaultContext;

/** What a parser makes of a line: the options and arguments of the command, or its words about the line. */
const outcome = (parse: () => object): unknown => {
  try {
    const { cli: _cli, context: _context, ...fields } = parse() as Record<string, unknown>;
    return fields;
  } catch (error) {
    return error instanceof Error ? error.message : error;
  }
};

/** Names of all options of a command, as clipanion knows them. */
const namesOf = (commandClass: CommandClass): readonly string[] =>
  wholeCli(commandClass)
    .definitions()
    .flatMap(({ options }) =>
      options.flatMap(({ definition }) => definition.match(/-{1,2}[a-z][a-z-]*/g) ?? []),
    );

const wordsFor = (names: readonly string[]): fc.Arbitrary<string> => {
  const long = fc.constantFrom(...names.filter((name) => name.startsWith('--')));
  const letters = [...new Set(names.filter((name) => name.length === 2).map((name) => name.charAt(1)))];
  const value = fc.oneof(
    fc.constantFrom(
      '',
      '-',
      '--',
      'calc',
      '1+1',
      'a=b',
      '-1',
      '--no',
      '--quiet',
      '--data-dirs',
      '-z',
      '--to',
      'json',
    ),
    fc.string({ maxLength: 6 }),
  );
  return fc.oneof(
    value,
    fc.constantFrom(...names),
    fc.tuple(long, value).map(([name, text]) => `${name}=${text}`),
    long.map((name) => `--no-${name.slice(2)}`),
    fc
      .array(fc.constantFrom(...letters, 'z'), { minLength: 1, maxLength: 3 })
      .map((each) => `-${each.join('')}`),
    fc.tuple(fc.constantFrom(...letters), value).map(([letter, text]) => `-${letter}=${text}`),
  );
};

for (const [name, entry] of Object.entries(COMMANDS))
  void test(`agentmesh ${name}: the same options, arguments and complaints`, async () => {
    const commandClass = await entry.load();
    const path = name.split(' ');
    fc.assert(
      fc.property(fc.array(wordsFor(namesOf(commandClass)), { maxLength: 5 }), (rest) => {
        assert.deepEqual(
          outcome(() => commandFrom(commandClass, path, rest, context)),
          outcome(() => wholeCli(commandClass).process([...path, ...rest], context)),
        );
      }),
      { numRuns: 150 },
    );
  });

void test('a line that lacks a needed option is refused though the option is not on it', async () => {
  const commandClass = await COMMANDS['run']?.load();
  assert.ok(commandClass !== undefined);
  assert.throws(() => commandFrom(commandClass, ['run'], ['1+1'], context), /Command not found|required/i);
});
