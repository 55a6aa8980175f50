// From a command line to its command and its exit code. Only the one command's file is loaded.
import type { BaseContext, Cli, Command } from 'clipanion';
import { EXIT } from '#machines/nouns/error-codes';
import { problemJson, problemOf, problemText, UsageProblem } from '../render/problem.ts';
import { styleFor, type Style } from '../render/style.ts';
import { Detached } from './detached.ts';
import { commandFrom, wholeCli } from './lean-cli.ts';
import { nearest } from './nearest.ts';
import { longName, synopsis, VALUES } from './synopsis.ts';
import { COMMANDS, GROUPS, commandOf } from './table.ts';

/** What a command reads and writes. Touched only where it is needed: a stream of a process is made by the first touch. */
export interface Streams extends BaseContext {
  readonly stdin: NodeJS.ReadStream;
  readonly stdout: NodeJS.WriteStream;
  readonly stderr: NodeJS.WriteStream;
  readonly env: Readonly<Record<string, string | undefined>>;
}

/** Exit code of a process that was told to end by Ctrl-C (128 + SIGINT). */
const INTERRUPTED = 130;
const TAKES_VALUE = new Set(['--data-dir', '--daemon-url', '--host', '--port', '-o', '--output', '--color']);

/** Options before the command words move behind them: `agentmesh --data-dir X status`. */
const wordsFirst = (argv: readonly string[]): readonly string[] => {
  const leading: string[] = [];
  let at = 0;
  for (let option = argv[at]; option?.startsWith('-') === true && option !== '--'; option = argv[at]) {
    const value = argv[at + 1];
    const pair = TAKES_VALUE.has(option) && value !== undefined;
    leading.push(option, ...(pair ? [value] : []));
    at += pair ? 2 : 1;
  }
  const rest = argv.slice(at);
  const found = commandOf(rest);
  if (found === null || leading.length === 0) return argv;
  return [...rest.slice(0, found.words), ...leading, ...rest.slice(found.words)];
};

/** Whether errors are to be JSON; read from the raw line, because it may be the line that is wrong. */
const wantsJson = (argv: readonly string[]): boolean =>
  argv.some(
    (word, at) =>
      /^(?:--output=|-o=?)jsonl?$/.test(word) ||
      ((word === '-o' || word === '--output') && /^jsonl?$/.test(argv[at + 1] ?? '')) ||
      word === '--json',
  );

const colourOf = (argv: readonly string[]): 'auto' | 'always' | 'never' => {
  const at = argv.indexOf('--color');
  const given = at === -1 ? argv.find((word) => word.startsWith('--color='))?.slice(8) : argv[at + 1];
  return given === 'always' || given === 'never' ? given : 'auto';
};

const unknownCommand = (argv: readonly string[]): UsageProblem => {
  const [first = '', second] = argv;
  const known = Object.keys(COMMANDS);
  if (Object.hasOwn(GROUPS, first) && second !== undefined && !second.startsWith('-')) {
    const near = nearest(
      second,
      known.filter((name) => name.startsWith(`${first} `)).map((name) => name.slice(first.length + 1)),
    );
    return new UsageProblem(
      `There is no command "${first} ${second}"`,
      near.length === 0
        ? `agentmesh ${first} --help lists what there is.`
        : `Did you mean agentmesh ${first} ${near.join(' or ')}?`,
    );
  }
  const near = nearest(first, [...new Set(known.flatMap((name) => [name, name.split(' ')[0] ?? name]))]);
  return new UsageProblem(
    `There is no command "${first}"`,
    near.length === 0
      ? 'agentmesh --help lists what there is.'
      : `Did you mean agentmesh ${near.join(' or ')}?`,
  );
};

/** What Clipanion’s parser says, as one of our problems: what is wrong, what was meant, how the command is used. */
const syntaxProblem = (cli: Cli, name: string, typed: readonly string[], error: Error): UsageProblem => {
  const [definition] = cli.definitions();
  const needed = (definition?.options ?? [])
    .filter(({ required }) => required)
    .map((option) => longName(option.definition))
    .filter((option) => !typed.some((word) => word === option || word.startsWith(`${option}=`)));
  const options = (definition?.options ?? []).flatMap(
    (option) => option.definition.match(/-{1,2}[a-z][a-z-]*/g) ?? [],
  );
  const unknown = /(?:Unsupported|Invalid) option name \("([^"]+)"\)/.exec(error.message)?.[1];
  // Every short option is near every other: only a long one is recognized as a slip.
  const near = unknown?.startsWith('--') === true ? nearest(unknown.split('=')[0] ?? unknown, options) : [];
  const said = error.message.split('\n')[0] ?? '';
  const what =
    unknown !== undefined
      ? `agentmesh ${name} has no option ${unknown}`
      : needed.length > 0
        ? `agentmesh ${name} needs ${needed.map((option) => `${option} ${VALUES[option] ?? 'VALUE'}`).join(' and ')}`
        : /not found/.test(said)
          ? `agentmesh ${name} does not take these arguments`
          : /Not enough positional/.test(said)
            ? `agentmesh ${name} needs an argument more`
            : /Extraneous positional argument \((.*)\)/.test(said)
              ? `agentmesh ${name} has no use for ${/\((.*)\)/.exec(said)?.[1] ?? 'all these arguments'}`
              : said.replace(/\.?$/, '');
  const usage = definition === undefined ? `agentmesh ${name}` : synopsis(definition);
  return new UsageProblem(
    what,
    near.length > 0
      ? `Did you mean ${near.join(' or ')}?`
      : `Usage: ${usage}\nagentmesh ${name} --help tells more.`,
  );
};

/** Whether the words behind a command ask how it is used; behind `--` they are arguments. */
const asksForHelp = (rest: readonly string[]): boolean => {
  const end = rest.indexOf('--');
  return rest.slice(0, end === -1 ? undefined : end).some((word) => word === '-h' || word === '--help');
};

/** How wide a page of help is, and its colours. */
const pageOf = (
  argv: readonly string[],
  { stdout, env }: Streams,
): { readonly width: number; readonly style: Style } => ({
  width: stdout.columns ?? 80,
  style: styleFor(colourOf(argv), stdout.isTTY, env),
});

const runCommand = async (argv: readonly string[], streams: Streams): Promise<number> => {
  const found = commandOf(argv);
  const [first] = argv;
  if (first === '--version' || first === '-v') return runCommand(['version', ...argv.slice(1)], streams);
  if (first === '_complete') {
    const { completionLines } = await import('./completions.ts');
    for (const line of await completionLines(argv.slice(1), streams.env)) streams.stdout.write(`${line}\n`);
    return EXIT.ok;
  }
  const asksHelp = argv.length === 0 || ['help', '--help', '-h'].includes(first ?? '');
  if (asksHelp && argv.length > 1 && first === 'help')
    return runCommand([...argv.slice(1), '--help'], streams);
  const group =
    first !== undefined &&
    Object.hasOwn(GROUPS, first) &&
    (argv.length === 1 || ['-h', '--help'].includes(argv[1] ?? ''))
      ? first
      : null;
  if (asksHelp || (group !== null && (found === null || argv.length > 1))) {
    const { overview } = await import('./help.ts');
    const asked = asksHelp || argv.length > 1;
    const { width, style } = pageOf(argv, streams);
    (asked ? streams.stdout : streams.stderr).write(`${await overview(group, width, style)}\n`);
    return asked ? EXIT.ok : EXIT.usage;
  }
  if (found === null) throw unknownCommand(argv);
  const entry = COMMANDS[found.name];
  if (entry === undefined) throw unknownCommand(argv);
  const commandClass = await entry.load();
  const rest = argv.slice(found.words);
  if (asksForHelp(rest)) {
    const { commandHelp } = await import('./command-help.ts');
    const [definition] = wholeCli(commandClass).definitions();
    const { width, style } = pageOf(argv, streams);
    if (definition !== undefined) streams.stdout.write(commandHelp(definition, width, style));
    return EXIT.ok;
  }
  let command: Command;
  try {
    command = commandFrom(commandClass, found.name.split(' '), rest, streams);
  } catch (error) {
    throw error instanceof Error && 'clipanion' in error
      ? syntaxProblem(wholeCli(commandClass), found.name, rest, error)
      : error;
  }
  command.context = streams;
  return command.validateAndExecute();
};

/** Runs a command line (without node and script). Answers the exit code; everything it has to say is written. */
export const dispatch = async (given: readonly string[], streams: Streams): Promise<number> => {
  const argv = wordsFirst(given);
  try {
    return await runCommand(argv, streams);
  } catch (error) {
    const { stderr, env } = streams;
    if (error instanceof Detached) {
      stderr.write(`${error.message}; follow it with: agentmesh trace ${error.id} --follow\n`);
      return INTERRUPTED;
    }
    const problem = problemOf(error);
    const style = styleFor(colourOf(argv), stderr.isTTY, env);
    stderr.write(`${wantsJson(argv) ? problemJson(problem) : problemText(problem, style)}\n`);
    if (problem.code === 'internal' && env['AGENTMESH_DEBUG'] && error instanceof Error)
      stderr.write(`${error.stack ?? ''}\n`);
    return problem.exit;
  }
};
