// Clipanion for one command line: it is told only of the options that the line can mean.
import { Cli, type BaseContext, type Command, type CommandClass } from 'clipanion';

const OURS = { binaryName: 'agentmesh', enableColors: false } as const;

/** Whether a word of a command line can mean the option `--name` or `-n`; rather yes than no. */
const canMean = (word: string, name: string): boolean => {
  if (word.startsWith('--')) return word.split('=', 1)[0] === name || word === `--no-${name.slice(2)}`;
  return word.startsWith('-') && name.length === 2 && word.includes(name.charAt(1));
};

/**
 * Clipanion makes a state machine of all options of a command, in twice the time of everything else before the command
 * runs. An option that no word can mean takes no part in it: it has its default either way.
 */
class LeanCli extends Cli {
  readonly #words: readonly string[];

  constructor(words: readonly string[]) {
    super(OURS);
    this.#words = words;
  }

  override register(commandClass: CommandClass): void {
    super.register(commandClass);
    const builder = this.registrations.get(commandClass)?.builder;
    const meant = (name: string): boolean => this.#words.some((word) => canMean(word, name));
    const kept = (builder?.options ?? []).filter(({ names, required }) => required || names.some(meant));
    builder?.options.splice(0, Infinity, ...kept);
    builder?.allOptionNames.splice(0, Infinity, ...kept.flatMap(({ names }) => names));
  }
}

/** All of a command: for its help, and for what is wrong with a line. */
export const wholeCli = (commandClass: CommandClass): Cli => Cli.from(commandClass, OURS);

/**
 * The command that a line means: `path` its words, `rest` what stands behind them.
 * @throws what Clipanion says of a line that means none
 */
export const commandFrom = (
  commandClass: CommandClass,
  path: readonly string[],
  rest: readonly string[],
  context: BaseContext,
): Command => {
  const lean = new LeanCli(rest);
  lean.register(commandClass);
  try {
    return lean.process([...path, ...rest], context);
  } catch {
    // What is wrong is said by the parser that knows every option.
    return wholeCli(commandClass).process([...path, ...rest], context);
  }
};
