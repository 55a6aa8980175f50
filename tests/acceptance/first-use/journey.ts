// The first hour: start, install, discover, ask, read the trace. A newcomer who meets an error does what its words say.
import type { Finished, Newcomer } from './newcomer.ts';

/** What the words of an error lead a newcomer to do. */
export interface Hint {
  /** Must be among the words; a remedy that is not said helps nobody. */
  readonly words: RegExp;
  /** Does it, and answers further words for the same command; null: it is not theirs to do now, and they know why. */
  readonly then: ((who: Newcomer) => Promise<readonly string[]> | readonly string[]) | null;
}

export type Outcome =
  | { readonly state: 'succeeded'; readonly mended: number }
  /** An error that a person can act on, but not within this hour. */
  | { readonly state: 'told'; readonly words: string }
  | { readonly state: 'failed'; readonly words: string };

export interface Journey {
  readonly hints: readonly Hint[];
  /** Something that happens between two steps. */
  readonly before?: Partial<Record<Step, (who: Newcomer) => Promise<void>>>;
  /** Other words for a step. */
  readonly words?: Partial<Record<Step, readonly string[]>>;
}

const STEPS = {
  start: ['up'],
  'install openclaw': ['openclaw', 'install', '--yes'],
  'install nanoclaw': ['nanoclaw', 'install', '--yes'],
  discover: ['discover'],
  run: ['run', '--from', 'openclaw', '--to', 'nanoclaw', '1+1'],
  trace: ['trace'],
} as const;
export type Step = keyof typeof STEPS;

const lastWords = ({ words, code, stderr, stdout }: Finished): string =>
  `agentmesh ${words.join(' ')} (exit ${String(code)}): ${(stderr.trim() || stdout.trim()).slice(-600)}`;

/** Goes on with a command until it succeeds or its words say nothing to act on. */
const insist = async (
  who: Newcomer,
  words: readonly string[],
  hints: Hint[],
): Promise<
  { readonly done: Finished; readonly mended: number } | Exclude<Outcome, { state: 'succeeded' }>
> => {
  let more: readonly string[] = [];
  for (let mended = 0; ; mended += 1) {
    const done = await who.cli(...words, ...more);
    if (done.code === 0) return { done, mended };
    const at = hints.findIndex((hint) => hint.words.test(`${done.stderr}\n${done.stdout}`));
    const [hint] = at === -1 ? [] : hints.splice(at, 1);
    if (hint === undefined) return { state: 'failed', words: lastWords(done) };
    if (hint.then === null) return { state: 'told', words: lastWords(done) };
    more = [...more, ...(await hint.then(who))];
  }
};

/** The id of the newest run, as `agentmesh runs` shows it. */
const lastRun = async (who: Newcomer): Promise<string> => {
  const { stdout } = await who.cli('runs', '-n', '1', '-o', 'json');
  const [first] = JSON.parse(stdout) as { readonly run_id?: string }[];
  return first?.run_id ?? 'none';
};

/** Goes all the way. Each hint is used once: an error that comes back is not one that helped. */
export const travel = async (who: Newcomer, journey: Journey): Promise<Outcome> => {
  const hints = [...journey.hints];
  let mended = 0;
  for (const step of Object.keys(STEPS) as Step[]) {
    await journey.before?.[step]?.(who);
    const words = [
      ...(journey.words?.[step] ?? STEPS[step]),
      ...(step === 'trace' ? [await lastRun(who)] : []),
    ];
    const result = await insist(who, words, hints);
    if ('state' in result) return result;
    mended += result.mended;
    const { stdout } = result.done;
    if (step === 'run' && stdout.trim() !== '2')
      return { state: 'failed', words: `the answer to 1+1 was ${JSON.stringify(stdout)}` };
    if (step === 'trace' && !(stdout.includes('openclaw') && stdout.includes('nanoclaw')))
      return { state: 'failed', words: `the trace does not show both agents: ${stdout.slice(0, 600)}` };
  }
  const unused = hints.length > 0 ? hints.map(({ words }) => String(words)).join(', ') : null;
  return unused === null
    ? { state: 'succeeded', mended }
    : { state: 'failed', words: `the trouble never came: nothing said ${unused}` };
};
