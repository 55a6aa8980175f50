// How a command is typed, on one line: its words, the options it has of its own, its arguments.
import type { Definition } from 'clipanion';

/** Options that every command has. */
export const SHARED: ReadonlySet<string> = new Set([
  '--data-dir',
  '--daemon-url',
  '--host',
  '--port',
  '--output',
  '--color',
  '--quiet',
]);

/** What the value of an option is. A test asks for each option of each command. */
export const VALUES: Readonly<Record<string, string>> = {
  '--after-seq': 'SEQ',
  '--agent': 'NAME',
  '--agents': 'FILE',
  '--answer': 'TEXT',
  '--api-key-file': 'FILE',
  '--api-key-header': 'NAME',
  '--at-once': 'N',
  '--bootstrap': 'FILE',
  '--color': 'WHEN',
  '--cwd': 'FOLDER',
  '--daemon-url': 'URL',
  '--data-dir': 'FOLDER',
  '--description': 'TEXT',
  '--dir': 'FOLDER',
  '--discovery': 'SOURCES',
  '--from': 'NAME',
  '--group': 'FOLDERS',
  '--header-file': 'FILE',
  '--host': 'HOST',
  '--input': 'NAME=VALUE',
  '--inputs': 'FILE',
  '--kind': 'KIND',
  '--limit': 'N',
  '--log-level': 'LEVEL',
  '--mesh-key-file': 'FILE',
  '--name': 'NAME',
  '--output': 'FORMAT',
  '--port': 'PORT',
  '--queue': 'URL',
  '--reason': 'TEXT',
  '--redis': 'URL',
  '--run-id': 'ID',
  '--serves': 'LIST',
  '--setting': 'KEY=VALUE',
  '--since': 'TIME',
  '--skill': 'SKILL',
  '--status': 'STATE',
  '--synchronous': 'MODE',
  '--tail': 'N',
  '--task-id': 'ID',
  '--team-run-id': 'ID',
  '--timeout': 'TIME',
  '--to': 'NAME',
  '--token-env': 'VARIABLE',
  '--token-file': 'FILE',
  '--until': 'TIME',
  '--wait': 'TIME',
};

/** Arguments that the parser only knows as “any number of words”. */
const OPEN_ENDED: Readonly<Record<string, string>> = {
  'agentmesh agents add':
    '<URL> | --name <NAME> --command <PROGRAM> [ARGUMENT …] | --kind <KIND> --dir <FOLDER>',
  'agentmesh events append': '< RECORDS',
};

/** Switches that are on unless they are turned off. */
const ON: Readonly<Record<string, string>> = { '--stream': '--no-stream' };

/** More options of its own than this, and the line says [options]. */
const MOST_OPTIONS = 5;

/** `-f,--follow` -> `--follow`; `-o,--output #0` -> `--output`. */
export const longName = (definition: string): string =>
  definition.split(' ')[0]?.split(',').at(-1) ?? definition;

/** Whether the option takes a value. */
export const takesValue = (definition: string): boolean => definition.includes('#');

/** `-o,--output #0` as people write it: `-o, --output FORMAT`. */
export const writtenOption = (definition: string): string =>
  definition.replace(/,/g, ', ').replace(/ #\d+/g, ` ${VALUES[longName(definition)] ?? 'VALUE'}`);

/** `agentmesh run --to NAME [--timeout TIME] <PROMPT>` */
export const synopsis = ({ path, usage, options }: Definition, shared = SHARED): string => {
  const own = options.filter(({ definition }) => !shared.has(longName(definition)));
  const typed = ({ definition }: (typeof own)[number]): string =>
    takesValue(definition)
      ? `${longName(definition)} ${VALUES[longName(definition)] ?? 'VALUE'}`
      : (ON[longName(definition)] ?? longName(definition));
  const needed = own.filter(({ required }) => required).map(typed);
  const others = own.filter(({ required }) => !required).map((option) => `[${typed(option)}]`);
  const rest = OPEN_ENDED[path] ?? usage.slice(path.length).trim();
  const free = others.length > MOST_OPTIONS ? ['[options]'] : others;
  return [path, ...needed, ...free, rest].filter((part) => part !== '').join(' ');
};
