// The result of each acceptance line, as a table for a terminal, and whether they suffice.
import type { Line } from './lines.ts';
import type { Verdict } from './proof.ts';

export interface Result {
  readonly line: Line;
  readonly state: 'green' | 'red' | 'not yet';
  /** What shows it, or what is wrong or missing. */
  readonly note: string;
}

/** Green only with proofs, all of them green. */
export const resultOf = (
  line: Line,
  verdicts: readonly { readonly name: string; readonly verdict: Verdict }[],
): Result => {
  if (verdicts.length === 0) return { line, state: 'not yet', note: line.how };
  const bad = verdicts.filter(({ verdict }) => !verdict.green);
  if (bad.length === 0) return { line, state: 'green', note: verdicts.map(({ name }) => name).join(', ') };
  return { line, state: 'red', note: bad.map(({ name, verdict }) => `${name}: ${verdict.why}`).join('\n') };
};

/** Whether a milestone may be called reached: something was shown, and nothing is red or not yet. */
export const isAccepted = (results: readonly Result[]): boolean =>
  results.length > 0 && results.every(({ state }) => state === 'green');

/** One block a line: state, milestone, the plan's words, and below how it is shown. */
export const tableOf = (results: readonly Result[]): string => {
  const rows = results.map(({ line, state, note }) =>
    [
      `${state.padEnd(8)} ${line.milestone}  ${line.text}`,
      ...note.split('\n').map((text) => `             ${text}`),
    ].join('\n'),
  );
  const count = (state: Result['state']): string =>
    `${String(results.filter((result) => result.state === state).length)} ${state}`;
  return [...rows, '', `${count('green')}, ${count('red')}, ${count('not yet')}`].join('\n');
};
